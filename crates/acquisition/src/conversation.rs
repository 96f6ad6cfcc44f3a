//! A query as a conversation: rows are asked for, answers are told, and what is asked next may depend on them.
//!
//! Most strategies ask once. DIRECT and GALAXY ask again and again within one budget; what they know between two asks is
//! plain data that can be written down and read back. No strategy sees a label that was not told: neither before the
//! query, with the labelled set, nor through [`Conversation::tell`].

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::direct::{self, Direct};
use crate::galaxy::{self, Galaxy, GalaxyMode};
use crate::told::Told;
use crate::{Answer, Ask, Error, Predictions, Selection};

/// A query between its first ask and its last answer. It is plain data: between two asks it can be written down and read
/// back.
///
/// ```
/// use ndarray::array;
/// use rand::SeedableRng;
/// use tailward_acquisition::{Answer, Arrays, GalaxyMode, Strategy};
///
/// let p = array![[0.9_f32, 0.1], [0.6, 0.4], [0.3, 0.7], [0.2, 0.8]];
/// let arrays = Arrays { probabilities: Some(p.into()), ..Arrays::default() };
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
/// let mut conversation = Strategy::Galaxy { mode: GalaxyMode::Graph }.begin(&arrays, 3, &mut rng)?;
/// while let Some(ask) = conversation.ask() {
///     for pick in ask.picks {
///         // Here somebody looks at the sample, and says what it is, or skips it.
///         let answer = if pick.row == 2 { Answer::None } else { Answer::Label(0) };
///         conversation.tell(pick.row, answer)?;
///     }
/// }
/// assert!(conversation.is_complete());
/// assert_eq!(conversation.selection().picks.len(), 3);
/// # Ok::<(), tailward_acquisition::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    budget: usize,
    classes: usize,
    told: Told,
    /// What was asked for, ask by ask.
    asks: Vec<Ask>,
    /// Rows of the last ask that have no answer, rising.
    waiting: Vec<usize>,
    course: Course,
}

/// What decides on the next ask.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Course {
    /// Everything is asked for at once.
    Once(Box<Selection>),
    Direct(Box<Direct>),
    Galaxy(Box<Galaxy>),
}

impl Conversation {
    /// A conversation of one ask.
    pub(crate) fn once(rows: usize, classes: usize, selection: Selection) -> Self {
        let budget = selection.picks.len();
        Self::new(budget, classes, Told::new(rows, &[]), Course::Once(Box::new(selection)))
    }

    /// Begins DIRECT.
    ///
    /// # Shapes
    ///
    /// See [`Predictions`].
    ///
    /// # Errors
    ///
    /// Those of [`direct::Parameters::validate`]; the budget exceeds the number of unlabelled rows; probabilities are none;
    /// the arrays do not belong together; a label is out of range.
    pub fn direct(
        predictions: &Predictions<'_>,
        parameters: direct::Parameters,
        budget: usize,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, Error> {
        let (told, direct) = direct::begin(predictions, parameters, budget, rng)?;
        let classes = predictions.unlabelled.ncols();
        Ok(Self::new(budget, classes, told, Course::Direct(Box::new(direct))))
    }

    /// Begins GALAXY.
    ///
    /// # Shapes
    ///
    /// See [`Predictions`].
    ///
    /// # Errors
    ///
    /// As those of [`Conversation::direct`], parameters apart.
    pub fn galaxy(
        predictions: &Predictions<'_>,
        mode: GalaxyMode,
        budget: usize,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, Error> {
        let (told, galaxy) = galaxy::begin(predictions, mode, budget, rng)?;
        let classes = predictions.unlabelled.ncols();
        Ok(Self::new(budget, classes, told, Course::Galaxy(Box::new(galaxy))))
    }

    fn new(budget: usize, classes: usize, told: Told, course: Course) -> Self {
        Self { budget, classes, told, asks: Vec::new(), waiting: Vec::new(), course }
    }

    /// The next rows to label; nothing while the last ask [waits](Self::waiting) for answers, and after the end.
    pub fn ask(&mut self) -> Option<Ask> {
        let left = self.budget - self.asked();
        if left == 0 || !self.waiting.is_empty() {
            return None;
        }
        let ask = match &mut self.course {
            Course::Once(selection) => Ask { picks: selection.picks.clone(), phase: None },
            Course::Direct(direct) => direct.next(&self.told, left),
            Course::Galaxy(galaxy) => galaxy.next(&self.told),
        };
        assert!(!ask.picks.is_empty() && ask.picks.len() <= left, "an ask of {} rows", ask.picks.len());
        for pick in &ask.picks {
            self.told.ask(pick.row);
        }
        self.waiting = ask.picks.iter().map(|pick| pick.row).collect();
        self.waiting.sort_unstable();
        self.asks.push(ask.clone());
        Some(ask)
    }

    /// Takes the answer for a row of the last ask; answers come in any order.
    ///
    /// # Errors
    ///
    /// [`Error::AnswerUnexpected`] if the row does not wait for an answer (it was not asked for, or has one), and
    /// [`Error::AnswerOutOfRange`] if there is no such class. Nothing changes then.
    pub fn tell(&mut self, row: usize, answer: Answer) -> Result<(), Error> {
        let place = self.waiting.binary_search(&row).ok().ok_or(Error::AnswerUnexpected { row })?;
        if let Answer::Label(label) = answer {
            if label as usize >= self.classes {
                return Err(Error::AnswerOutOfRange { row, label, classes: self.classes });
            }
            self.told.tell(row, label);
        }
        self.waiting.remove(place);
        if let Course::Galaxy(galaxy) = &mut self.course {
            galaxy.tell(row, answer);
        }
        Ok(())
    }

    /// Rows of the last ask that have no answer yet, rising.
    pub fn waiting(&self) -> &[usize] {
        &self.waiting
    }

    /// Whether the budget has been asked for and every ask answered.
    pub fn is_complete(&self) -> bool {
        self.waiting.is_empty() && self.asked() == self.budget
    }

    /// What was asked for so far, ask by ask.
    pub fn asks(&self) -> &[Ask] {
        &self.asks
    }

    /// What was asked for so far, in order, with the strategy's account of it.
    pub fn selection(&self) -> Selection {
        match &self.course {
            Course::Once(selection) => (**selection).clone(),
            Course::Direct(_) | Course::Galaxy(_) => {
                Selection::of(self.asks.iter().flat_map(|ask| ask.picks.clone()).collect())
            }
        }
    }

    /// What a conversation that asks once chose; `None` for one that asks again.
    pub fn into_once(self) -> Option<Selection> {
        match self.course {
            Course::Once(selection) => Some(*selection),
            Course::Direct(_) | Course::Galaxy(_) => None,
        }
    }

    fn asked(&self) -> usize {
        self.told.rows() - self.told.free()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pick;

    /// States of queries lie in files for weeks: a form that changes leaves them unreadable.
    #[test]
    fn the_written_form_stays() {
        let mut conversation = Conversation::once(2, 3, Selection::of(vec![Pick { row: 1, score: 0.5 }]));
        let written = |conversation: &Conversation| serde_json::to_string(conversation).unwrap();
        let course = r#""course":{"Once":{"picks":[{"row":1,"score":0.5}],"balance":null,"cover":null}}}"#;
        assert_eq!(
            written(&conversation),
            format!(
                r#"{{"budget":1,"classes":3,"told":{{"rows":2,"labels":[null,null],"asked":[false,false],"free":2}},"asks":[],"waiting":[],{course}"#
            )
        );
        conversation.ask().unwrap();
        assert_eq!(
            written(&conversation),
            format!(
                r#"{{"budget":1,"classes":3,"told":{{"rows":2,"labels":[null,null],"asked":[false,true],"free":1}},"asks":[{{"picks":[{{"row":1,"score":0.5}}],"phase":null}}],"waiting":[1],{course}"#
            )
        );
    }
}

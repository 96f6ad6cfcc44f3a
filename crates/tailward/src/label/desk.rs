//! What happens to the project while people label: one thing at a time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tailward_datasets::SampleId;
use tailward_engine::project::{self, Asked, AskedImage, Described, Round, fit, stranded, suspects};
use tailward_labelling::ledger::{Event, Standing, Told};
use tailward_labelling::page::{
    self, ClassLine, How, Press, Question, Said, Sharing, State, class_lines, history,
};
use tailward_labelling::project::{Project, Saying};
use tailward_labelling::table::Mark;

use crate::Error;
use crate::ask::described;

/// How long an image is an annotator's own after their page was told of it.
const LENT: Duration = Duration::from_secs(60);

/// How many images a page looks at beforehand.
const AHEAD: usize = 8;

/// The longest list of what was said or is to be settled.
const LONGEST: usize = 500;

/// The most images of a grid.
const TILES: usize = 40;

/// A project at work.
pub(super) struct Desk {
    project: Project,
    annotators: Vec<String>,
    overlap: f64,
    batch: Option<usize>,
    round: Option<Round>,
    /// The images of the round, in their order.
    images: Vec<AskedImage>,
    described: Option<Described>,
    lent: BTreeMap<SampleId, (String, Instant)>,
    account: Vec<String>,
    problem: Option<String>,
}

/// Why something that a page wants cannot be done.
#[derive(Debug)]
pub(super) enum Fault {
    /// It cannot be done at all: a sentence for whoever sits before the page.
    Refused(String),
    /// It could not be done now: the disk is full, say.
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Fault {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<tailward_labelling::Error> for Fault {
    /// What contradicts the ledger will do so again, however often it is sent.
    fn from(error: tailward_labelling::Error) -> Self {
        match error {
            tailward_labelling::Error::Ledger { .. } => Self::Refused(error.to_string()),
            error => Self::Failed(error.into()),
        }
    }
}

impl Desk {
    /// The desk of a project: its open round, or else a new one.
    pub(super) fn open(
        project: Project,
        annotators: Vec<String>,
        overlap: f64,
        batch: Option<usize>,
    ) -> anyhow::Result<Self> {
        let mut desk = Self {
            project,
            annotators,
            overlap,
            batch,
            round: None,
            images: Vec::new(),
            described: None,
            lent: BTreeMap::new(),
            account: Vec::new(),
            problem: None,
        };
        // A key that cannot be one is said before anybody begins.
        desk.classes()?;
        desk.round = Round::open(&desk.project)?;
        desk.go_on()?;
        if desk.waiting() == 0 {
            desk.ask()?;
        }
        Ok(desk)
    }

    /// Asks for more: the next sub-batch of the open round, or a new round. Where there is no more to ask for, the page says why.
    pub(super) fn ask(&mut self) -> anyhow::Result<()> {
        if self.waiting() > 0 {
            return Ok(());
        }
        match self.begin() {
            Ok(asked) => {
                self.account = asked.account;
                self.problem = None;
                self.round = Round::open(&self.project)?;
                self.go_on()
            }
            Err(error) => match error.downcast_ref() {
                Some(tailward_engine::Error::NothingToAsk { .. }) => {
                    self.problem = Some(error.to_string());
                    Ok(())
                }
                _ => Err(error),
            },
        }
    }

    /// What waits, or a new round.
    fn begin(&mut self) -> anyhow::Result<Asked> {
        if let Some(asked) = project::waiting(&mut self.project)? {
            return Ok(asked);
        }
        if self.project.settings.features.learn() {
            // A new round has a new network.
            self.described = None;
        }
        let described = self.take_described()?;
        let asked = project::begin(&mut self.project, &described, self.batch);
        self.described = Some(described);
        Ok(asked?)
    }

    /// Tells the strategy what was answered, and takes up what it asks for.
    fn go_on(&mut self) -> anyhow::Result<()> {
        match &mut self.round {
            Some(round) => {
                round.go_on(&mut self.project)?;
                self.images = round.images(&self.project);
            }
            None => self.images = stranded(&self.project),
        }
        Ok(())
    }

    /// Where the work stands for one annotator.
    pub(super) fn state(&mut self, annotator: &str) -> Result<State, Fault> {
        self.lent.retain(|_, (_, since)| since.elapsed() < LENT);
        let lent = self.lent.iter().map(|(&sample, (who, _))| (sample, who.clone())).collect();
        let sharing = Sharing { annotators: &self.annotators, overlap: self.overlap, lent: &lent };
        let samples: Vec<SampleId> = self.images.iter().map(|image| image.sample).collect();
        let queue = page::queue(&self.project, &samples, sharing, annotator);
        let waiting = page::open(&self.project, &samples, sharing);
        let now = Instant::now();
        self.lent.retain(|_, (who, _)| who != annotator);
        self.lent.extend(queue.iter().take(AHEAD).map(|&sample| (sample, (annotator.to_owned(), now))));
        Ok(State {
            project: self.project.name(),
            annotator: annotator.to_owned(),
            round: self.round.as_ref().map_or(0, Round::number),
            classes: self.classes()?,
            queue,
            waiting,
            asked: samples.len(),
            disputed: self.project.disputed().len(),
            spent: self.project.asked().count(),
            budget: self.project.settings.budget,
            account: self.account.clone(),
            problem: self.problem.clone(),
        })
    }

    /// The classes with how many images were given each.
    fn classes(&self) -> anyhow::Result<Vec<ClassLine>> {
        let audited = self.project.ledger.audited();
        let labelled = self.project.ledger.labelled(usize::MAX);
        let counts = self.project.classes.count(labelled.iter().chain(&audited).map(|(_, label)| *label));
        Ok(class_lines(&self.project, &counts).map_err(Error::from)?)
    }

    /// Takes what somebody said: all of it is on the disk when this returns, or nothing.
    pub(super) fn say(&mut self, annotator: &str, presses: &[Press]) -> Result<State, Fault> {
        let mut told = Vec::new();
        for &Press { sample, mark, how } in presses {
            self.check(sample, mark)?;
            // Once somebody has settled it, another word of anybody is a new settlement: else it would be without effect.
            if how == How::Resolve || self.project.ledger.settled(sample).is_some() {
                told.extend(self.settling(sample, mark, annotator)?);
                continue;
            }
            if how == How::Grid && self.project.is_audit(sample) {
                return Err(Fault::Refused(format!("image {sample} is labelled alone")));
            }
            let saying = Saying { sample, mark, annotator, how: Some(how.name()), corrects: true };
            let refused = |reason: String| Fault::Refused(format!("image {sample} {reason}"));
            let (_, events) = self.project.events(saying).map_err(refused)?;
            told.extend(events);
        }
        self.project.ledger.tell(&told)?;
        self.go_on_when_answered()?;
        self.state(annotator)
    }

    /// What a press that settles comes to; nothing where it is known already, for a page may send it twice.
    fn settling<'a>(
        &self,
        sample: SampleId,
        mark: Mark,
        annotator: &'a str,
    ) -> Result<Option<Told<'a>>, Fault> {
        let Mark::Label(label) = mark else {
            return Err(Fault::Refused("choose a class to settle it, or leave it as it is".to_owned()));
        };
        if self.project.ledger.settled(sample) == Some(label) {
            return Ok(None);
        }
        if self.project.is_audit(sample) || self.project.ledger.opinions().all(|(other, _)| other != sample) {
            let words = format!(
                "image {sample} cannot be settled: nobody gave it a label that others could differ from"
            );
            return Err(Fault::Refused(words));
        }
        let how = Some(How::Resolve.name());
        Ok(Some(Told {
            event: Event::Settled,
            sample,
            label: Some(label),
            annotator,
            how,
            cost: 0.0,
            note: None,
        }))
    }

    /// Takes back the last thing that somebody said of an image, if it is still what it was: a page may send this twice.
    pub(super) fn undo(&mut self, annotator: &str, said: Said) -> Result<State, Fault> {
        let standing = self.project.ledger.last_word(said.sample, annotator);
        let is_same = standing
            .is_some_and(|(event, label)| label == said.label && (label.is_some() || event == said.event));
        if is_same {
            let sample = said.sample;
            let event = Event::Undone;
            let told = Told { event, sample, label: None, annotator, how: None, cost: 0.0, note: None };
            self.project.ledger.tell(&[told])?;
        }
        self.state(annotator)
    }

    /// Adds a class.
    pub(super) fn add_class(&mut self, annotator: &str, name: &str) -> Result<State, Fault> {
        // A page that lost the answer sends the same again.
        if self.project.classes.find(name).is_none() {
            match self.project.classes.add(&[name.to_owned()]) {
                Ok(_) => {}
                Err(tailward_labelling::Error::Input { reason, .. }) => return Err(Fault::Refused(reason)),
                Err(error) => return Err(error.into()),
            }
        }
        self.state(annotator)
    }

    /// What somebody said, in its order.
    pub(super) fn history(&self, annotator: &str) -> Vec<Said> {
        history(&self.project, annotator, LONGEST)
    }

    /// The path of an image, and why it was chosen; the latter not in the audit.
    pub(super) fn why(&self, sample: SampleId) -> Result<(String, Option<String>), Fault> {
        let row = self.project.images.rows().get(sample.index());
        let row = row.ok_or_else(|| Fault::Refused(format!("there is no image {sample}")))?;
        let image = self.images.iter().find(|image| image.sample == sample);
        let round = self.round.as_ref().map_or(0, Round::number);
        let strategy = self.project.strategy_of(round);
        let why = image.and_then(|image| image.why(strategy, self.project.classes.names()));
        Ok((row.path.clone(), why))
    }

    /// The images that wait for somebody, by what the head takes them for, the largest group first. The audit is in none.
    pub(super) fn grid(&mut self, annotator: &str) -> Result<Vec<(u32, Vec<SampleId>)>, Fault> {
        let queue = self.state(annotator)?.queue;
        let by_sample: BTreeMap<SampleId, &AskedImage> =
            self.images.iter().map(|image| (image.sample, image)).collect();
        let mut groups: BTreeMap<u32, Vec<SampleId>> = BTreeMap::new();
        for sample in queue {
            let image = by_sample.get(&sample).filter(|image| !image.is_audit);
            if let Some((class, _)) = image.and_then(|image| image.predicted) {
                groups.entry(class).or_default().push(sample);
            }
        }
        let mut groups: Vec<(u32, Vec<SampleId>)> = groups
            .into_iter()
            .flat_map(|(class, samples)| {
                samples.chunks(TILES).map(|chunk| (class, chunk.to_vec())).collect::<Vec<_>>()
            })
            .collect();
        groups.sort_by_key(|(class, samples)| (std::cmp::Reverse(samples.len()), *class));
        Ok(groups)
    }

    /// What there is to settle: images whose answers differ, then labels that are probably wrong.
    pub(super) fn questions(&mut self) -> anyhow::Result<Vec<Question>> {
        let opinions: BTreeMap<SampleId, Vec<(String, u32)>> = self
            .project
            .ledger
            .opinions()
            .map(|(sample, opinions)| {
                let mut opinions: Vec<(String, u32)> =
                    opinions.into_iter().map(|(who, label)| (who.to_owned(), label)).collect();
                opinions.sort();
                (sample, opinions)
            })
            .collect();
        let given = |sample: SampleId| opinions.get(&sample).cloned().unwrap_or_default();
        let disputed = self.project.disputed();
        let question = |&sample: &SampleId| Question {
            sample,
            given: given(sample),
            suggested: None,
            is_disputed: true,
        };
        let mut questions: Vec<Question> = disputed.iter().map(question).collect();
        let described = self.take_described()?;
        if let Some(fit) = fit(&self.project, &described) {
            let found = suspects(&self.project, &fit).into_iter();
            let question = |suspect: project::Suspect| Question {
                sample: suspect.sample,
                given: vec![("label".to_owned(), suspect.label)],
                suggested: Some(suspect.suggested),
                is_disputed: false,
            };
            let is_agreed = |suspect: &project::Suspect| !disputed.contains(&suspect.sample);
            questions.extend(found.filter(is_agreed).map(question));
        }
        self.described = Some(described);
        questions.truncate(LONGEST);
        Ok(questions)
    }

    /// The images by their features, to be put back.
    fn take_described(&mut self) -> anyhow::Result<Described> {
        self.described.take().map_or_else(|| described(&self.project), Ok)
    }

    /// A strategy that asks in sub-batches goes on as soon as everything has an answer.
    fn go_on_when_answered(&mut self) -> anyhow::Result<()> {
        if self.waiting() == 0 { self.go_on() } else { Ok(()) }
    }

    /// Images of the round of which nobody has said anything.
    fn waiting(&self) -> usize {
        let waits =
            |image: &&AskedImage| self.project.ledger.standing(image.sample) == Some(Standing::Waiting);
        self.images.iter().filter(waits).count()
    }

    /// Whether something can be said of an image by a press.
    fn check(&self, sample: SampleId, mark: Mark) -> Result<(), Fault> {
        match mark {
            Mark::Label(label) if label as usize >= self.project.classes.names().len() => Err(
                Fault::Refused(format!("image {sample} cannot be of class {label}: there is no such class")),
            ),
            _ => Ok(()),
        }
    }
}

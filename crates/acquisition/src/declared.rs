//! A pool that gives a strategy what it has declared, and nothing else.

use crate::{Embeddings, Error, Input, Matrix, Needs, Pool, Strategy};

/// A pool, seen by a strategy. What [`Strategy::needs`] leaves out is refused by name: a pool prepares what is declared,
/// and may not be able to give anything else.
pub(crate) struct Declared<'a, P> {
    pool: &'a mut P,
    strategy: &'a Strategy,
    needs: Needs,
}

impl<'a, P> Declared<'a, P> {
    pub(crate) fn new(pool: &'a mut P, strategy: &'a Strategy) -> Self {
        Self { pool, strategy, needs: strategy.needs() }
    }

    fn check(&self, declared: bool, input: Input) -> Result<(), Error> {
        if declared { Ok(()) } else { Err(Error::Undeclared { strategy: self.strategy.name(), input }) }
    }
}

impl<'a, P: Pool<'a>> Pool<'a> for Declared<'_, P> {
    type Error = P::Error;

    fn probabilities(&mut self) -> Result<Matrix<'a>, P::Error> {
        self.check(self.needs.probabilities, Input::Probabilities)?;
        self.pool.probabilities()
    }

    fn logits(&mut self) -> Result<Matrix<'a>, P::Error> {
        self.check(self.needs.logits, Input::Logits)?;
        self.pool.logits()
    }

    fn head(&mut self) -> Result<Matrix<'a>, P::Error> {
        self.check(self.needs.head, Input::Head)?;
        self.pool.head()
    }

    fn labelled_probabilities(&mut self) -> Result<Matrix<'a>, P::Error> {
        self.check(self.needs.labelled_probabilities, Input::LabelledProbabilities)?;
        self.pool.labelled_probabilities()
    }

    fn unlabelled_embeddings(&mut self) -> Result<Matrix<'a>, P::Error> {
        self.check(self.needs.embeddings, Input::Embeddings)?;
        self.pool.unlabelled_embeddings()
    }

    fn embeddings(&mut self) -> Result<Embeddings<'a>, P::Error> {
        self.check(self.needs.embeddings, Input::Embeddings)?;
        self.check(self.needs.labelled_embeddings, Input::LabelledEmbeddings)?;
        self.pool.embeddings()
    }

    fn dropout_pass(&mut self, pass: usize) -> Result<Matrix<'a>, P::Error> {
        self.check(pass < self.needs.dropout_passes, Input::DropoutProbabilities)?;
        self.pool.dropout_pass(pass)
    }

    fn estimates(&mut self) -> Result<Vec<f32>, P::Error> {
        self.check(self.needs.discriminator, Input::Estimates)?;
        self.pool.estimates()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pool that would panic rather than answer, as one that has prepared nothing may.
    struct Unprepared;

    impl Pool<'static> for Unprepared {
        type Error = Error;

        fn probabilities(&mut self) -> Result<Matrix<'static>, Error> {
            unreachable!("was not declared")
        }

        fn logits(&mut self) -> Result<Matrix<'static>, Error> {
            unreachable!("was not declared")
        }

        fn head(&mut self) -> Result<Matrix<'static>, Error> {
            unreachable!("was not declared")
        }

        fn labelled_probabilities(&mut self) -> Result<Matrix<'static>, Error> {
            unreachable!("was not declared")
        }

        fn unlabelled_embeddings(&mut self) -> Result<Matrix<'static>, Error> {
            unreachable!("was not declared")
        }

        fn embeddings(&mut self) -> Result<Embeddings<'static>, Error> {
            unreachable!("was not declared")
        }

        fn dropout_pass(&mut self, _pass: usize) -> Result<Matrix<'static>, Error> {
            unreachable!("was not declared")
        }

        fn estimates(&mut self) -> Result<Vec<f32>, Error> {
            unreachable!("was not declared")
        }
    }

    #[test]
    fn what_was_not_declared_is_an_error_that_names_strategy_and_input() {
        let random = Strategy::Random {};
        let mut pool = Unprepared;
        let mut declared = Declared::new(&mut pool, &random);
        let refused = |error: Option<Error>| error.expect("nothing was declared").to_string();
        assert_eq!(
            refused(declared.probabilities().err()),
            "give random the probabilities: it does not declare that it needs them"
        );
        let errors = [
            declared.logits().err(),
            declared.head().err(),
            declared.labelled_probabilities().err(),
            declared.unlabelled_embeddings().err(),
            declared.embeddings().err(),
            declared.dropout_pass(0).err(),
            declared.estimates().err(),
        ];
        assert!(errors.into_iter().all(|error| refused(error).starts_with("give random the ")));
    }

    #[test]
    fn more_passes_than_declared_are_refused() {
        let bald = Strategy::Bald { passes: 3, balance: None };
        let mut pool = Unprepared;
        let error = Declared::new(&mut pool, &bald).dropout_pass(3).unwrap_err();
        assert!(matches!(error, Error::Undeclared { input: Input::DropoutProbabilities, .. }), "{error}");
    }
}

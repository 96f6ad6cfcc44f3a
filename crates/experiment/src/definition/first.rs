//! What chooses as long as nothing is known of the classes.

use tailward_acquisition::{Needs, Strategy};

use super::check::{Fault, ensure};
use super::classifier::ClassifierDefinition;
use super::pool::PoolDefinition;

/// Checks that a run can begin: a network has labels to learn from, and without any somebody chooses who needs none.
pub(super) fn check(
    name: &str,
    strategy: &Strategy,
    first: Option<&Strategy>,
    classifier: ClassifierDefinition<'_>,
    pool: &PoolDefinition,
) -> Result<(), Fault> {
    let begins_with_labels = match pool {
        PoolDefinition::Drawn { initial, .. } | PoolDefinition::Uniform { initial, .. } => *initial > 0,
        PoolDefinition::IndexLists { .. } => true,
    };
    if matches!(classifier, ClassifierDefinition::Network { .. }) {
        ensure(begins_with_labels, "pool.initial", || {
            format!("is 0, and the network of `{name}` has nothing to learn from")
        })?;
        return ensure(first.is_none(), "first", || {
            format!("is given, and the network of `{name}` describes no image before it is trained")
        });
    }
    match first {
        Some(first) => {
            first.validate().map_err(|error| ("first".to_owned(), error.to_string()))?;
            ensure(needs_no_label(first), "first", || {
                format!("is `{}`, which cannot choose before there are labels", first.name())
            })
        }
        None => ensure(begins_with_labels || needs_no_label(strategy), "first", || {
            format!("is absent, the initial set is empty, and `{name}` cannot choose before there are labels")
        }),
    }
}

/// Whether a strategy looks at nothing but where images lie.
fn needs_no_label(strategy: &Strategy) -> bool {
    let Needs { embeddings, labelled_embeddings, .. } = strategy.needs();
    strategy.needs() == Needs { embeddings, labelled_embeddings, ..Needs::default() }
}

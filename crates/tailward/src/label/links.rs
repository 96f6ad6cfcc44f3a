//! The links that people come through.

use std::fmt::Write;

use tailward_labelling::project::{PeopleTable, Secret};

use super::arguments::{ALONE, Arguments};
use crate::Error;
use crate::output::say;

/// A link that works once, by its secret, and whose it is.
type Once = Option<(Secret, String)>;

/// The links to show, a line each: one that works once for whoever works alone, or one for each person named. A person who was
/// given a link before keeps it, and it cannot be shown again: only its hash is kept.
///
/// The secret stands behind `#`: browsers send that to nobody, so that it is in no log.
pub(super) fn links(
    people: &mut PeopleTable,
    arguments: &Arguments,
    base: &str,
) -> anyhow::Result<(String, Once)> {
    if arguments.annotators.is_empty() {
        let secret = Secret::new()?;
        let link = format!("{base}/#{}\n", secret.reveal());
        return Ok((link, Some((secret, ALONE.to_owned()))));
    }
    let mut lines = String::new();
    for name in &arguments.annotators {
        if arguments.new_links {
            people.revoke(name).map_err(Error::from)?;
        }
        if people.has_link(name) {
            say(format_args!("{name}: the link of before holds; --new-links makes new ones"));
            continue;
        }
        let secret = Secret::new()?;
        people.link(name, &secret).map_err(Error::from)?;
        writeln!(lines, "{name}: {base}/#{}", secret.reveal()).ok();
    }
    Ok((lines, None))
}

//! Strategies by their names, with what goes without saying: the one table of defaults, for a command line, another language,
//! or anybody who takes a strategy's name from a person.
//!
//! ```
//! use tailward_acquisition::{named, Setting, Settings, Strategy};
//!
//! let mut settings = Settings::default();
//! named::set(&mut settings, "balance.lambda", Setting::Number(2.0))?;
//! let strategy = named::strategy("entropy", settings)?;
//! assert_eq!(strategy.name(), "entropy-cb");
//! # Ok::<(), tailward_acquisition::named::Fault>(())
//! ```

use serde::Deserialize;

use crate::settings::{Misplaced, Setting, Settings};
use crate::{Error, Strategy};

/// What a name stands for.
struct Entry {
    name: &'static str,
    /// What the name says: the kind, where it has another name, and what belongs to it.
    says: &'static [(&'static str, &'static str)],
    /// What goes without saying.
    defaults: &'static [(&'static str, &'static str)],
    /// What has no default, with a usual value.
    required: &'static [(&'static str, Usual)],
}

/// A usual value.
#[derive(Clone, Copy)]
enum Usual {
    Whole(i64),
    Number(f64),
}

impl Usual {
    fn setting(self) -> Setting {
        match self {
            Self::Whole(value) => Setting::Whole(value),
            Self::Number(value) => Setting::Number(value),
        }
    }
}

const fn plain(name: &'static str) -> Entry {
    Entry { name, says: &[], defaults: &[], required: &[] }
}

const fn with(name: &'static str, required: &'static [(&'static str, Usual)]) -> Entry {
    Entry { name, says: &[], defaults: &[], required }
}

const fn pseudo_label(name: &'static str, says: &'static [(&'static str, &'static str)]) -> Entry {
    Entry { name, says, defaults: &[], required: &[] }
}

/// The strategies by their names. Of those that have no default, 1000, 500 and 1.25 are those of GALAXY's code for
/// Cluster-Margin; the ones of SIMILAR and BAIT are their authors'; a share of 0.0001 is what Sener and Savarese leave
/// uncovered; TypiClust's numbers are its authors', too.
const ENTRIES: [Entry; 22] = [
    plain("random"),
    plain("entropy"),
    plain("margin"),
    plain("least-confidence"),
    plain("k-center-greedy"),
    with("coreset", &[("outlier_fraction", Usual::Number(0.0001)), ("tolerance", Usual::Number(0.001))]),
    with("typiclust", &[("neighbours", Usual::Whole(20)), ("max_clusters", Usual::Whole(500))]),
    plain("bald"),
    with("batch-bald", &[("configurations", Usual::Whole(10_000))]),
    plain("vaal"),
    plain("most-likely-positive"),
    plain("base"),
    plain("badge"),
    with(
        "cluster-margin",
        &[
            ("sample", Usual::Whole(1000)),
            ("clusters", Usual::Whole(500)),
            ("candidates", Usual::Number(1.25)),
        ],
    ),
    with("similar", &[("eta", Usual::Number(1.0))]),
    with("bait", &[("regularisation", Usual::Number(1.0)), ("memory_limit_mib", Usual::Whole(8192))]),
    Entry { defaults: &[("mode", "paper")], ..with("direct", &[("parallel", Usual::Whole(1))]) },
    Entry { defaults: &[("mode", "graph")], ..plain("galaxy") },
    pseudo_label("entropy-pseudo-label", &[("kind", "pseudo-label"), ("order", "entropy")]),
    pseudo_label("random-pseudo-label", &[("kind", "pseudo-label"), ("order", "random")]),
    pseudo_label("k-center-greedy-pseudo-label", &[("kind", "pseudo-label"), ("order", "k-center")]),
    pseudo_label(
        "k-center-greedy-pseudo-label-per-class",
        &[("kind", "pseudo-label"), ("order", "k-center-per-class")],
    ),
];

/// Why no strategy could be had by its name. Every message reads after "failed to …".
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// There is no strategy of this name.
    #[error("find a strategy of the name `{name}`; there are {}", names().collect::<Vec<_>>().join(", "))]
    NoName {
        /// The name.
        name: String,
    },

    /// This cannot be the name of a parameter.
    #[error("set `{key}`: it is no key of a strategy's parameter")]
    NoKey {
        /// What was given as a key.
        key: String,
    },

    /// A key leads into a parameter that has a plain value.
    #[error("set `{key}`: `{part}` has another value already")]
    NoTable {
        /// The key.
        key: String,
        /// The part of it that has a value.
        part: String,
    },

    /// A parameter has its value, or the strategy's name says it.
    #[error("set `{key}`: it is given twice, or the strategy's name says it")]
    Twice {
        /// The parameter.
        key: String,
    },

    /// Parameters without a default are missing.
    #[error("use {strategy}: it has no default for {}", assignments(missing))]
    NoDefault {
        /// The strategy's name.
        strategy: String,
        /// All that are missing, with usual values.
        missing: Vec<(&'static str, Setting)>,
    },

    /// The strategy has no such parameter.
    #[error("use {strategy}: it has no parameter `{key}` there; {}", listed(known))]
    Unknown {
        /// The strategy's name.
        strategy: String,
        /// What was given.
        key: String,
        /// What there is in its place.
        known: Vec<String>,
    },

    /// A parameter of a table is missing.
    #[error("use {strategy}: it needs `{key}`")]
    Needed {
        /// The strategy's name.
        strategy: String,
        /// What is missing.
        key: String,
    },

    /// A value is of the wrong kind.
    #[error("use {strategy}: a parameter has a wrong value: {message}")]
    Wrong {
        /// The strategy's name.
        strategy: String,
        /// What is wrong.
        message: String,
    },

    /// A value is out of its range. What is wrong is part of the message and therefore not a source.
    #[error("use {strategy}: cannot {fault}")]
    OutOfRange {
        /// The strategy's name.
        strategy: String,
        /// What is wrong with it.
        fault: Box<Error>,
    },
}

/// All names.
pub fn names() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(|entry| entry.name)
}

/// The parameters that a strategy has no default for, with usual values; none where there is no such name.
pub fn required(name: &str) -> Vec<(&'static str, Setting)> {
    let required = find(name).map_or(&[][..], |entry| entry.required);
    required.iter().map(|(key, usual)| (*key, usual.setting())).collect()
}

/// Whether the strategy of this name looks at passes with dropout. It is told how many there are by `passes`.
pub fn needs_passes(name: &str) -> bool {
    name == "bald" || name == "batch-bald"
}

/// Gives a parameter a value, by a dotted key such as `balance.solver`.
///
/// # Errors
///
/// [`Fault::NoKey`], [`Fault::NoTable`] and [`Fault::Twice`].
pub fn set(settings: &mut Settings, key: &str, value: Setting) -> Result<(), Fault> {
    let owned = || key.to_owned();
    if key.split('.').next_back() == Some("kind") {
        return Err(Fault::NoKey { key: owned() });
    }
    settings.place(key, value).map_err(|misplaced| match misplaced {
        Misplaced::NoKey => Fault::NoKey { key: owned() },
        Misplaced::NoTable(part) => Fault::NoTable { key: owned(), part },
        Misplaced::Twice => Fault::Twice { key: owned() },
    })
}

/// The strategy of a name. Where classes are balanced, `balance.solver` is `auto` and `balance.scale` is `absolute` if nothing
/// else is said; DIRECT is that of the `paper`, and GALAXY that of the `graph`.
///
/// # Errors
///
/// [`Fault`]: there is no such name, or a parameter is missing, is none of the strategy's, or is out of its range.
pub fn strategy(name: &str, mut settings: Settings) -> Result<Strategy, Fault> {
    let entry = find(name).ok_or_else(|| Fault::NoName { name: name.to_owned() })?;
    for (key, word) in entry.says {
        if settings.contains(key) {
            return Err(Fault::Twice { key: (*key).to_owned() });
        }
        settings.put(key, Setting::Text((*word).to_owned()));
    }
    for (key, word) in entry.defaults {
        settings.put_if_absent(key, Setting::Text((*word).to_owned()));
    }
    if let Some(Setting::Table(balance)) = settings.get_mut("balance") {
        let (key, usual) = if name == "k-center-greedy" { ("scale", "absolute") } else { ("solver", "auto") };
        balance.put_if_absent(key, Setting::Text(usual.to_owned()));
    }
    let missing: Vec<(&str, Setting)> =
        required(name).into_iter().filter(|(key, _)| !settings.contains(key)).collect();
    if !missing.is_empty() {
        return Err(Fault::NoDefault { strategy: name.to_owned(), missing });
    }
    settings.put_if_absent("kind", Setting::Text(name.to_owned()));
    read(name, settings)
}

/// A strategy in the form in which it is written down: its kind, and every parameter by its name.
///
/// # Errors
///
/// [`Fault`]: as [`strategy`]; nothing goes without saying here.
pub fn written(settings: Settings) -> Result<Strategy, Fault> {
    let Some(Setting::Text(kind)) = settings.get("kind") else {
        return Err(Fault::Needed { strategy: "a strategy".to_owned(), key: "kind".to_owned() });
    };
    read(&kind.clone(), settings)
}

/// A strategy of each name, with usual parameters.
pub fn examples() -> impl Iterator<Item = (&'static str, Strategy)> {
    names().map(|name| {
        let passes = needs_passes(name).then_some(("passes", Setting::Whole(2)));
        let all = required(name).into_iter().chain(passes);
        let settings = all.map(|(key, value)| (key.to_owned(), value)).collect();
        let strategy = strategy(name, settings);
        (name, strategy.unwrap_or_else(|fault| panic!("the example of {name} is none: {fault}")))
    })
}

fn find(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name == name)
}

fn read(name: &str, settings: Settings) -> Result<Strategy, Fault> {
    let strategy =
        Strategy::deserialize(Setting::Table(settings)).map_err(|error| refusal(name, &error.to_string()))?;
    match strategy.validate() {
        Ok(()) => Ok(strategy),
        Err(fault) => Err(Fault::OutOfRange { strategy: name.to_owned(), fault: Box::new(fault) }),
    }
}

/// What serde says of settings that are no strategy, taken apart.
fn refusal(name: &str, message: &str) -> Fault {
    let strategy = name.to_owned();
    let mut words = message.split('`').skip(1).step_by(2).map(str::to_owned);
    match (message.split_once(" field "), words.next()) {
        (Some(("unknown", _)), Some(key)) => Fault::Unknown { strategy, key, known: words.collect() },
        (Some(("missing", _)), Some(key)) => Fault::Needed { strategy, key },
        _ => Fault::Wrong { strategy, message: message.to_owned() },
    }
}

fn assignments(missing: &[(&str, Setting)]) -> String {
    let keys: Vec<&str> = missing.iter().map(|(key, _)| *key).collect();
    let examples: Vec<String> = missing.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    format!("{}; for example {}", keys.join(" and "), examples.join(", "))
}

fn listed(known: &[String]) -> String {
    if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every kind that the enum has can be asked for by a name.
    #[test]
    fn no_strategy_is_forgotten() {
        let settings = Settings::from_iter([("kind".to_owned(), Setting::Text("?".to_owned()))]);
        let error = Strategy::deserialize(Setting::Table(settings)).unwrap_err().to_string();
        let kinds: Vec<&str> = error.split('`').skip(1).step_by(2).filter(|kind| *kind != "?").collect();
        assert!(kinds.len() >= 18, "{error}");
        let found: Vec<(&str, Strategy)> = examples().collect();
        for (name, strategy) in &found {
            assert_eq!(&strategy.name(), name);
        }
        for kind in kinds {
            let named = found.iter().any(|(_, strategy)| {
                serde_json::to_value(strategy).unwrap()["kind"] == serde_json::Value::String(kind.to_owned())
            });
            assert!(named, "{kind} has no name");
        }
    }

    fn fault(name: &str, settings: &[(&str, Setting)]) -> String {
        let mut all = Settings::default();
        for (key, value) in settings {
            if let Err(fault) = set(&mut all, key, value.clone()) {
                return fault.to_string();
            }
        }
        strategy(name, all).unwrap_err().to_string()
    }

    #[test]
    fn what_does_not_go_is_said_with_what_does() {
        let text = |word: &str| Setting::Text(word.to_owned());
        let number = Setting::Number(1.0);
        for (name, settings, expected) in [
            ("entropies", vec![], "find a strategy of the name `entropies`; there are random, entropy, "),
            (
                "coreset",
                vec![],
                "use coreset: it has no default for outlier_fraction and tolerance; for example ",
            ),
            ("coreset", vec![], "outlier_fraction = 0.0001, tolerance = 0.001"),
            ("direct", vec![], "use direct: it has no default for parallel; for example parallel = 1"),
            (
                "entropy",
                vec![("decimals", Setting::Whole(2))],
                "no parameter `decimals` there; it has balance",
            ),
            ("random", vec![("balance.lambda", number.clone())], "no parameter `balance` there; it has none"),
            ("entropy", vec![("balance.solver", text("exact"))], "use entropy: it needs `lambda`"),
            (
                "entropy",
                vec![("balance.lambda", Setting::Number(-1.0))],
                "use entropy: cannot use lambda = -1",
            ),
            ("entropy", vec![("balance.lambda", text("much"))], "wrong value: expected a number or \"auto\""),
            (
                "entropy",
                vec![("balance", number.clone()), ("balance.solver", text("auto"))],
                "`balance` has ",
            ),
            ("entropy", vec![("decimals", number.clone()), ("decimals", number.clone())], "is given twice"),
            ("entropy", vec![("kind", text("random"))], "set `kind`: it is no key"),
            ("random-pseudo-label", vec![("order", text("entropy"))], "set `order`: it is given twice, or"),
            ("galaxy", vec![("mode", text("paper"))], "unknown variant `paper`, expected one of `graph`"),
            ("direct", vec![("parallel", Setting::List(vec![number]))], "invalid type: sequence"),
        ] {
            let fault = fault(name, &settings);
            assert!(fault.contains(expected), "{name}: {fault}");
        }
    }

    #[test]
    fn the_written_form_has_every_parameter() {
        let text = |word: &str| Setting::Text(word.to_owned());
        let settings = |pairs: &[(&str, Setting)]| {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect::<Settings>()
        };
        let galaxy = settings(&[("kind", text("galaxy")), ("mode", text("labelbench"))]);
        assert_eq!(written(galaxy).unwrap().name(), "galaxy");
        let error = written(settings(&[("kind", text("galaxy"))])).unwrap_err().to_string();
        assert_eq!(error, "use galaxy: it needs `mode`");
        let error = written(Settings::default()).unwrap_err().to_string();
        assert_eq!(error, "use a strategy: it needs `kind`");
    }
}

//! From the command line's options to a strategy: its parameters are those of [`Strategy`], by the same names.

use clap::Args;
use clap::builder::PossibleValuesParser;
use tailward_acquisition::named::{self, Fault, needs_passes};
use tailward_acquisition::{Setting, Settings, Strategy};
use toml::{Table, Value};

use crate::Error;

/// The strategy and its parameters.
#[derive(Args, Debug)]
pub(super) struct Options {
    /// How samples are chosen.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(named::names()))]
    strategy: String,
    /// Balance the classes (CBAL, Eq. 8 and Algorithm 2) with this weight λ; `auto` finds it by the paper's rule.
    #[arg(long, value_name = "LAMBDA|auto", allow_negative_numbers = true)]
    balance: Option<String>,
    /// direct: labels that can be told at the same time.
    #[arg(long, value_name = "LABELS")]
    parallel: Option<usize>,
    /// direct and galaxy: which form; `paper` for direct and `graph` for galaxy by default.
    #[arg(long)]
    mode: Option<String>,
    /// most-likely-positive and similar: the class that is not looked for; by default the last.
    #[arg(long, value_name = "CLASS")]
    negative: Option<usize>,
    /// Any other parameter of the strategy, as in a definition's TOML: `--set decimals=2`, `--set balance.solver=exact`,
    /// `--set mode.labelbench.min_budget_per_class=60`. May be given again and again.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// Options of earlier versions, and what to write in their place.
pub(crate) const GONE: [(&str, &str); 15] = [
    ("--solver", "--set balance.solver=exact"),
    ("--one-hot", "--set balance.prediction=one-hot"),
    ("--lambda-scale", "--set balance.scale=per-class"),
    ("--decimals", "--set decimals=2"),
    ("--outlier-fraction", "--set outlier_fraction=0.0001"),
    ("--tolerance", "--set tolerance=0.001"),
    ("--configurations", "--set configurations=10000"),
    ("--of-logits", "--set of=logits"),
    ("--sample", "--set sample=1000"),
    ("--clusters", "--set clusters=500"),
    ("--competing", "--set candidates=1.25"),
    ("--eta", "--set eta=1"),
    ("--regularisation", "--set regularisation=1"),
    ("--memory-limit-mib", "--set memory_limit_mib=8192"),
    ("--min-budget-per-class", "--set mode.labelbench.min_budget_per_class=60"),
];

impl Options {
    /// The strategy that is meant; `passes` is how many passes with dropout there are.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`]: a parameter is missing, is none of the strategy's, or is out of its range.
    pub(super) fn strategy(&self, passes: usize) -> Result<Strategy, Error> {
        let name = self.strategy.as_str();
        let mut settings = Settings::default();
        let mut set = |key: &str, value: Setting, option: &str| {
            named::set(&mut settings, key, value).map_err(|fault| Error::Usage(misplaced(&fault, option)))
        };
        let parallel = self.parallel.map(|parallel| Setting::Whole(parallel as i64));
        let negative = self.negative.map(|negative| Setting::Whole(negative as i64));
        let mode = self.mode.clone().map(Setting::Text);
        for (key, value) in [("parallel", parallel), ("negative", negative), ("mode", mode)] {
            if let Some(value) = value {
                set(key, value, &format!("--{key}"))?;
            }
        }
        if let Some(lambda) = &self.balance {
            set("balance.lambda", parse_lambda(lambda)?, "--balance")?;
        }
        for pair in &self.set {
            let (key, value) = pair.split_once('=').ok_or_else(|| {
                Error::Usage(format!("--set {pair} is not of the form KEY=VALUE, such as --set decimals=2"))
            })?;
            let key = key.trim();
            if key == "passes" && needs_passes(name) {
                let words = "the number of passes is that of the array of --dropout-probabilities";
                return Err(Error::Usage(format!("--set {pair}: {words}; leave it out")));
            }
            set(key, parse_value(value.trim()), &format!("--set {key}"))?;
        }
        if needs_passes(name) {
            // Without any pass, the array is missing, which is said when the arrays are looked at.
            let passes = if passes == 0 { 2 } else { passes };
            set("passes", Setting::Whole(passes as i64), "--dropout-probabilities")?;
        }
        named::strategy(name, settings).map_err(|fault| Error::Usage(refusal(name, &fault)))
    }

    /// The name of the strategy, as it was given.
    pub(super) fn name(&self) -> &str {
        &self.strategy
    }
}

/// The strategies that need no network, and so can choose for a person's project.
pub(crate) fn names_without_network() -> impl Iterator<Item = &'static str> {
    named::names().filter(|name| !needs_passes(name) && *name != "vaal")
}

/// A strategy by its name, with what the options of the same names in `tailward query` say.
///
/// # Errors
///
/// [`Error::Usage`]: a parameter is missing, is none of the strategy's, or is out of its range.
pub(crate) fn named(
    name: &str,
    balance: Option<&str>,
    parallel: Option<usize>,
    set: &[String],
) -> Result<Strategy, Error> {
    let options = Options {
        strategy: name.to_owned(),
        balance: balance.map(str::to_owned),
        parallel,
        mode: None,
        negative: None,
        set: set.to_vec(),
    };
    options.strategy(0)
}

/// A strategy of each name with usual parameters, for what `--help` says of it, and the options that have no default.
pub(super) fn examples() -> impl Iterator<Item = (&'static str, Strategy, Vec<String>)> {
    named::examples().map(|(name, strategy)| {
        let required = named::required(name);
        (name, strategy, required.iter().map(|(key, value)| option(key, value)).collect())
    })
}

/// How a parameter is given: by its own option, where it has one.
fn option(key: &str, value: &Setting) -> String {
    if key == "parallel" { format!("--parallel {value}") } else { format!("--set {key}={value}") }
}

fn parse_lambda(text: &str) -> Result<Setting, Error> {
    match text.parse::<f64>() {
        Ok(lambda) => Ok(Setting::Number(lambda)),
        Err(_) if text == "auto" => Ok(Setting::Text(text.to_owned())),
        Err(_) => Err(Error::Usage(format!("--balance {text}: expected a number, or `auto`"))),
    }
}

/// A value of TOML; a word without quotation marks is a string.
fn parse_value(text: &str) -> Setting {
    let parsed = format!("value = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("value"));
    parsed.map_or_else(|| Setting::Text(text.to_owned()), setting)
}

fn setting(value: Value) -> Setting {
    match value {
        Value::Boolean(value) => Setting::Flag(value),
        Value::Integer(value) => Setting::Whole(value),
        Value::Float(value) => Setting::Number(value),
        Value::String(value) => Setting::Text(value),
        Value::Datetime(value) => Setting::Text(value.to_string()),
        Value::Array(values) => Setting::List(values.into_iter().map(setting).collect()),
        Value::Table(table) => {
            Setting::Table(table.into_iter().map(|(key, value)| (key, setting(value))).collect())
        }
    }
}

/// Why an option's value found no place.
fn misplaced(fault: &Fault, option: &str) -> String {
    match fault {
        Fault::NoKey { key } => format!("{option}: `{key}` is no key of a strategy's parameter"),
        Fault::NoTable { part, .. } => {
            format!("{option} contradicts the value that `{part}` has by another option")
        }
        Fault::Twice { .. } => format!("{option} is given twice, or once more under another name"),
        other => format!("{option}: cannot {other}"),
    }
}

/// Why the options are no strategy, in the words of the command line.
fn refusal(name: &str, fault: &Fault) -> String {
    match fault {
        // All that is missing is named at once, with usual values.
        Fault::NoDefault { missing, .. } => {
            let keys: Vec<&str> = missing.iter().map(|(key, _)| *key).collect();
            let options: Vec<String> = missing.iter().map(|(key, value)| option(key, value)).collect();
            format!(
                "the strategy {name} has no default for {}; for example {}",
                keys.join(" and "),
                options.join(" ")
            )
        }
        Fault::Unknown { key, known, .. } => {
            // One that every run has and nobody sets.
            let keys: Vec<&str> = known.iter().map(String::as_str).filter(|key| *key != "passes").collect();
            let known = if keys.is_empty() {
                "it has none".to_owned()
            } else {
                format!("it has {}", keys.join(", "))
            };
            let option = match key.as_str() {
                "balance" | "parallel" | "mode" | "negative" => format!("--{key}"),
                _ => format!("--set {key}"),
            };
            format!(
                "{option} does not go with the strategy {name}, which has no parameter `{key}` there; {known}"
            )
        }
        Fault::Needed { key, .. } => {
            let option = if key == "lambda" {
                "--balance LAMBDA|auto".to_owned()
            } else {
                format!("--set {key}=VALUE")
            };
            format!("the strategy {name} needs `{key}`: give {option}")
        }
        Fault::Wrong { message, .. } => {
            let forms = if name == "direct" {
                "; for direct's form of that name give --set mode.labelbench.min_budget_per_class=60"
            } else {
                ""
            };
            format!("a parameter of the strategy {name} has a wrong value: {message}{forms}")
        }
        Fault::OutOfRange { fault, .. } => out_of_range(name, fault),
        Fault::NoKey { key } | Fault::NoTable { key, .. } | Fault::Twice { key } => {
            misplaced(fault, &format!("--set {key}"))
        }
        Fault::NoName { .. } => format!("cannot {fault}"),
    }
}

fn out_of_range(name: &str, error: &tailward_acquisition::Error) -> String {
    use tailward_acquisition::Error;
    match error {
        Error::InvalidLambda { lambda } => {
            format!("--balance {lambda}: the weight lambda must be finite and not negative")
        }
        Error::InvalidParameter { name: parameter, value, range } => {
            format!("the strategy {name} cannot have {parameter} = {value}: it must be {range}")
        }
        other => format!("the strategy {name} cannot be used: cannot {other}"),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser, Debug)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn strategy(words: &str) -> Result<Strategy, String> {
        let line = Line::try_parse_from(std::iter::once("query").chain(words.split(' ')));
        line.map_err(|error| error.to_string())?.options.strategy(3).map_err(|error| error.to_string())
    }

    fn of(text: &str) -> Result<Strategy, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn options_are_the_parameters_of_a_definition() {
        for (words, definition) in [
            ("--strategy entropy", "kind = \"entropy\""),
            (
                "--strategy entropy --balance 2 --set balance.solver=exact --set balance.prediction=\"one-hot\"",
                "kind = \"entropy\"\nbalance = { lambda = 2.0, solver = \"exact\", prediction = \"one-hot\" }",
            ),
            (
                "--strategy k-center-greedy --balance auto --set balance.scale=per-class --set decimals=2",
                "kind = \"k-center-greedy\"\ndecimals = 2\nbalance = { lambda = \"auto\", scale = \"per-class\" }",
            ),
            ("--strategy bald", "kind = \"bald\"\npasses = 3"),
            ("--strategy least-confidence --set of=logits", "kind = \"least-confidence\"\nof = \"logits\""),
            ("--strategy direct --parallel 4", "kind = \"direct\"\nmode = \"paper\"\nparallel = 4"),
            (
                "--strategy direct --parallel 4 --set mode.labelbench.min_budget_per_class=60",
                "kind = \"direct\"\nparallel = 4\nmode = { labelbench = { min_budget_per_class = 60 } }",
            ),
            (
                "--strategy galaxy --mode labelbench-released",
                "kind = \"galaxy\"\nmode = \"labelbench-released\"",
            ),
            ("--strategy similar --negative 1 --set eta=0.5", "kind = \"similar\"\neta = 0.5\nnegative = 1"),
            ("--strategy random-pseudo-label", "kind = \"pseudo-label\"\norder = \"random\""),
        ] {
            assert_eq!(strategy(words).unwrap(), of(definition).unwrap(), "{words}");
        }
    }

    #[test]
    fn what_does_not_go_is_said_with_what_does() {
        for (words, expected) in [
            (
                "--strategy coreset",
                "has no default for outlier_fraction and tolerance; for example --set outlier",
            ),
            ("--strategy coreset --set tolerance=0.1", "has no default for outlier_fraction; for"),
            ("--strategy direct", "has no default for parallel; for example --parallel 1"),
            ("--strategy entropy --set decimals=2", "--set decimals does not go with the strategy entropy"),
            ("--strategy entropy --set decimals=2", "it has balance"),
            ("--strategy random --balance 1", "--balance does not go with the strategy random"),
            ("--strategy entropy --balance much", "--balance much: expected a number, or `auto`"),
            ("--strategy entropy --balance -1", "--balance -1: the weight lambda must be finite"),
            ("--strategy entropy --balance nan", "must be finite"),
            ("--strategy entropy --set balance.solver=exact", "needs `lambda`: give --balance LAMBDA|auto"),
            ("--strategy entropy --balance 1 --set balance.lambda=2", "given twice"),
            ("--strategy direct --parallel 0", "parallel = 0: it must be at least 1"),
            (
                "--strategy direct --parallel 1 --mode labelbench",
                "--set mode.labelbench.min_budget_per_class=60",
            ),
            ("--strategy galaxy --mode paper", "labelbench-released"),
            ("--strategy bald --set passes=3", "leave it out"),
            ("--strategy entropy --set balance", "not of the form KEY=VALUE"),
            ("--strategy entropy --set kind=random", "no key"),
            ("--strategy entropies", "'entropy'"),
        ] {
            let error = strategy(words).unwrap_err();
            assert!(error.contains(expected), "{words}: {error}");
        }
    }
}

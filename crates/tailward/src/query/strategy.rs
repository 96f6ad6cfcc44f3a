//! From the command line's options to a strategy: its parameters are those of [`Strategy`], by the same names.

use clap::Args;
use clap::builder::PossibleValuesParser;
use tailward_acquisition::Strategy;
use toml::{Table, Value};

use crate::Error;

/// The strategies by their names, the keys that stand for a name, and those that have no default, with an example: 1000, 500
/// and 1.25 are those of GALAXY's code for Cluster-Margin; the ones of SIMILAR and BAIT are their authors'; a share of 0.0001 is
/// what Sener and Savarese leave uncovered; TypiClust's numbers are its authors', too.
const STRATEGIES: [(&str, &str, &str); 22] = [
    ("random", "", ""),
    ("entropy", "", ""),
    ("margin", "", ""),
    ("least-confidence", "", ""),
    ("k-center-greedy", "", ""),
    ("coreset", "", "outlier_fraction = 0.0001\ntolerance = 0.001"),
    ("typiclust", "", "neighbours = 20\nmax_clusters = 500"),
    ("bald", "", ""),
    ("batch-bald", "", "configurations = 10000"),
    ("vaal", "", ""),
    ("most-likely-positive", "", ""),
    ("base", "", ""),
    ("badge", "", ""),
    ("cluster-margin", "", "sample = 1000\nclusters = 500\ncandidates = 1.25"),
    ("similar", "", "eta = 1.0"),
    ("bait", "", "regularisation = 1.0\nmemory_limit_mib = 8192"),
    ("direct", "mode = \"paper\"", "parallel = 1"),
    ("galaxy", "mode = \"graph\"", ""),
    ("entropy-pseudo-label", "kind = \"pseudo-label\"\norder = \"entropy\"", ""),
    ("random-pseudo-label", "kind = \"pseudo-label\"\norder = \"random\"", ""),
    ("k-center-greedy-pseudo-label", "kind = \"pseudo-label\"\norder = \"k-center\"", ""),
    ("k-center-greedy-pseudo-label-per-class", "kind = \"pseudo-label\"\norder = \"k-center-per-class\"", ""),
];

/// The strategy and its parameters.
#[derive(Args, Debug)]
pub(super) struct Options {
    /// How samples are chosen.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(STRATEGIES.map(|(name, _, _)| name)))]
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
        let mut table = base(name);
        if self.mode.is_some() {
            table.remove("mode");
        }
        let parallel = self.parallel.map(|parallel| Value::Integer(parallel as i64));
        let negative = self.negative.map(|negative| Value::Integer(negative as i64));
        let mode = self.mode.clone().map(Value::String);
        for (key, value) in [("parallel", parallel), ("negative", negative), ("mode", mode)] {
            if let Some(value) = value {
                insert(&mut table, key, value, &format!("--{key}"))?;
            }
        }
        if let Some(lambda) = &self.balance {
            insert(&mut table, "balance.lambda", parse_lambda(lambda)?, "--balance")?;
        }
        for pair in &self.set {
            let (key, value) = pair.split_once('=').ok_or_else(|| {
                Error::Usage(format!("--set {pair} is not of the form KEY=VALUE, such as --set decimals=2"))
            })?;
            let key = key.trim();
            if key.split('.').next() == Some("mode") && self.mode.is_none() {
                table.remove("mode");
            }
            if key == "passes" && needs_passes(name) {
                let words = "the number of passes is that of the array of --dropout-probabilities";
                return Err(Error::Usage(format!("--set {pair}: {words}; leave it out")));
            }
            insert(&mut table, key, parse_value(value.trim()), &format!("--set {key}"))?;
        }
        complete_balance(name, &mut table);
        if needs_passes(name) {
            // Without any pass, the array is missing, which is said when the arrays are looked at.
            let passes = if passes == 0 { 2 } else { passes };
            table.insert("passes".to_owned(), Value::Integer(passes as i64));
        }
        check_required(name, &table)?;
        let strategy: Strategy =
            Value::Table(table).try_into().map_err(|error| Error::Usage(refusal(name, &error)))?;
        strategy.validate().map_err(|error| Error::Usage(out_of_range(name, &error)))?;
        Ok(strategy)
    }

    /// The name of the strategy, as it was given.
    pub(super) fn name(&self) -> &str {
        &self.strategy
    }
}

/// The strategies that need no network, and so can choose for a person's project.
pub(crate) fn names_without_network() -> impl Iterator<Item = &'static str> {
    STRATEGIES.into_iter().map(|(name, _, _)| name).filter(|name| !needs_passes(name) && *name != "vaal")
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

/// A strategy of each name with usual parameters, for what `--help` says of it, and the keys that have no default.
pub(super) fn examples() -> Vec<(&'static str, Strategy, Vec<String>)> {
    let example = |(name, _, required): (&'static str, &str, &str)| {
        let mut table = base(name);
        let required = parse(required);
        table.extend(required.clone());
        if needs_passes(name) {
            table.insert("passes".to_owned(), Value::Integer(2));
        }
        let strategy = Value::Table(table).try_into().ok()?;
        let keys = required.iter().map(|(key, value)| option(key, value)).collect();
        Some((name, strategy, keys))
    };
    STRATEGIES.into_iter().filter_map(example).collect()
}

fn parse(text: &str) -> Table {
    text.parse().unwrap_or_else(|error| panic!("`{text}` is no TOML: {error}"))
}

fn entry(name: &str) -> (&'static str, &'static str, &'static str) {
    let found = STRATEGIES.into_iter().find(|(known, _, _)| *known == name);
    found.unwrap_or_else(|| {
        panic!("`{name}` is no strategy's name, which the parser of the options has let pass")
    })
}

fn base(name: &str) -> Table {
    let mut table = parse(entry(name).1);
    table.entry("kind").or_insert(Value::String(name.to_owned()));
    table
}

fn needs_passes(name: &str) -> bool {
    name == "bald" || name == "batch-bald"
}

/// How a parameter is given: by its own option, where it has one.
fn option(key: &str, value: &Value) -> String {
    if key == "parallel" { format!("--parallel {value}") } else { format!("--set {key}={value}") }
}

/// Puts a value where a dotted key says.
fn insert(table: &mut Table, key: &str, value: Value, option: &str) -> Result<(), Error> {
    let mut place = table;
    let mut parts: Vec<&str> = key.split('.').collect();
    let last = parts.pop().unwrap_or_default();
    if last.is_empty() || last == "kind" || parts.iter().any(|part| part.is_empty()) {
        return Err(Error::Usage(format!("{option}: `{key}` is no key of a strategy's parameter")));
    }
    for part in parts {
        let inner = place.entry(part).or_insert_with(|| Value::Table(Table::new()));
        place = inner.as_table_mut().ok_or_else(|| {
            Error::Usage(format!("{option} contradicts the value that `{part}` has by another option"))
        })?;
    }
    match place.insert(last.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(Error::Usage(format!("{option} is given twice, or once more under another name"))),
    }
}

fn parse_lambda(text: &str) -> Result<Value, Error> {
    match text.parse::<f64>() {
        Ok(lambda) => Ok(Value::Float(lambda)),
        Err(_) if text == "auto" => Ok(Value::String(text.to_owned())),
        Err(_) => Err(Error::Usage(format!("--balance {text}: expected a number, or `auto`"))),
    }
}

/// A value of TOML; a word without quotation marks is a string.
fn parse_value(text: &str) -> Value {
    let parsed = format!("value = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("value"));
    parsed.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// What goes without saying where classes are balanced: how the programme is solved, or what λ is divided by.
fn complete_balance(name: &str, table: &mut Table) {
    if let Some(balance) = table.get_mut("balance").and_then(Value::as_table_mut) {
        let (key, usual) = if name == "k-center-greedy" { ("scale", "absolute") } else { ("solver", "auto") };
        balance.entry(key).or_insert(Value::String(usual.to_owned()));
        // A whole number is a weight as well.
        if let Some(Value::Integer(lambda)) = balance.get("lambda") {
            let lambda = *lambda as f64;
            balance.insert("lambda".to_owned(), Value::Float(lambda));
        }
    }
}

/// All that is missing is named at once, with usual values.
fn check_required(name: &str, table: &Table) -> Result<(), Error> {
    let required = parse(entry(name).2);
    let missing: Vec<(&String, &Value)> =
        required.iter().filter(|(key, _)| !table.contains_key(*key)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let keys: Vec<&str> = missing.iter().map(|(key, _)| key.as_str()).collect();
    let options: Vec<String> = missing.iter().map(|(key, value)| option(key, value)).collect();
    Err(Error::Usage(format!(
        "the strategy {name} has no default for {}; for example {}",
        keys.join(" and "),
        options.join(" ")
    )))
}

/// What serde says of a table that is no strategy, as a sentence with the strategy's keys.
fn refusal(name: &str, error: &toml::de::Error) -> String {
    let message = error.message();
    let mut words = message.split('`').skip(1).step_by(2);
    match (message.split_once(" field "), words.next()) {
        (Some(("unknown", _)), Some(key)) => {
            // One that every run has and nobody sets.
            let keys: Vec<&str> = words.filter(|key| *key != "passes").collect();
            let known = if keys.is_empty() {
                "it has none".to_owned()
            } else {
                format!("it has {}", keys.join(", "))
            };
            let option = match key {
                "balance" | "parallel" | "mode" | "negative" => format!("--{key}"),
                _ => format!("--set {key}"),
            };
            format!(
                "{option} does not go with the strategy {name}, which has no parameter `{key}` there; {known}"
            )
        }
        (Some(("missing", _)), Some(key)) => {
            let option = if key == "lambda" {
                "--balance LAMBDA|auto".to_owned()
            } else {
                format!("--set {key}=VALUE")
            };
            format!("the strategy {name} needs `{key}`: give {option}")
        }
        _ => {
            let forms = if name == "direct" {
                "; for direct's form of that name give --set mode.labelbench.min_budget_per_class=60"
            } else {
                ""
            };
            format!("a parameter of the strategy {name} has a wrong value: {message}{forms}")
        }
    }
}

fn out_of_range(name: &str, error: &tailward_acquisition::Error) -> String {
    use tailward_acquisition::Error as Fault;
    match error {
        Fault::InvalidLambda { lambda } => {
            format!("--balance {lambda}: the weight lambda must be finite and not negative")
        }
        Fault::InvalidParameter { name: parameter, value, range } => {
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

    /// Every kind that the enum has can be asked for by a name.
    #[test]
    fn no_strategy_is_forgotten() {
        let error = of("kind = \"?\"").unwrap_err();
        let kinds: Vec<&str> = error.split('`').skip(1).step_by(2).filter(|kind| *kind != "?").collect();
        assert!(kinds.len() >= 18, "{error}");
        let names: Vec<String> = examples().iter().map(|(_, strategy, _)| strategy.name()).collect();
        assert_eq!(names, STRATEGIES.map(|(name, _, _)| name.to_owned()));
        for kind in kinds {
            let found = STRATEGIES.iter().any(|(name, ..)| base(name)["kind"].as_str() == Some(kind));
            assert!(found, "{kind} has no name");
        }
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

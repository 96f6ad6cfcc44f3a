//! Definitions: what is refused and where, the order of runs, and what a hash depends on.

use std::collections::BTreeSet;
use std::path::Path;

use tailward_acquisition::Strategy;
use tailward_datasets::{Grouping, LabelNoise};
use tailward_experiment::definition::{
    Adam, Block, ClassWeights, Definition, HeadDefinition, HeadFeatures, ImbalanceProfile, IncompleteBatch,
    IndexListPair, LossDefinition, ModelDefinition, Optimiser, PoolDefinition, ResNetDefinition,
    RunDefinition, Scale, Schedule, Selector, Statistics, Stem, SweepDefinition,
};
use tailward_experiment::record::{RECORD_FILE, Record};
use tailward_labelling::project::{Audit, PatchFeatures};

use crate::fixture::Shape;

fn resnet(run: &mut RunDefinition) -> &mut ResNetDefinition {
    match run.model.as_mut() {
        Some(ModelDefinition::ResNet(model)) => model,
        other => panic!("a residual network: {other:?}"),
    }
}

/// The message of a definition with `from` replaced by `to`.
fn fault(from: &str, to: &str) -> String {
    let text = Shape::default().definition_toml();
    assert!(text.contains(from), "{from} is not in the definition");
    Definition::parse(&text.replace(from, to), Path::new("definition.toml")).unwrap_err().to_string()
}

#[test]
fn a_definition_is_read_back_as_written() {
    let definition = Shape::default().definition();
    let text = toml::to_string(&definition).unwrap();
    assert_eq!(Definition::parse(&text, Path::new("d")).unwrap(), definition);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let text = Shape::default().definition_toml();
    let line = text.lines().position(|line| line.starts_with("epochs")).unwrap() + 1;
    let message = fault("epochs = 2", "epoch = 2");
    assert!(message.starts_with("definition.toml: "), "{message}");
    assert!(message.contains(&format!("line {line}")), "{message}");
    assert!(message.contains("unknown field `epoch`"), "{message}");
    for (from, to) in [
        ("budget = 1000", "budget = 1000\ncolour = 3"),
        ("lambda = 2.0", "lambda = 2.0, colour = 3"),
        ("initial = 2000", "initial = 2000, colour = 3"),
        ("warmup = 0.2", "warmup = 0.2, colour = 3"),
        ("dataset = ", "colour = 3\ndataset = "),
    ] {
        let message = fault(from, to);
        assert!(message.contains("unknown field `colour`"), "{to}: {message}");
    }
}

#[test]
fn a_missing_key_is_named() {
    assert!(fault("weight_decay = 5e-4\n", "").contains("missing field `weight_decay`"));
    let message = fault("momentum = 0.9\n", "");
    assert!(message.contains("training.momentum: is absent, and the optimiser is neither"), "{message}");
}

/// Each kind of model has its own keys, and a fault is of the kind that was meant.
#[test]
fn a_model_is_of_one_kind() {
    let fault_of = |model: &str| {
        fault("{ stem = \"cifar\", blocks = [1, 1], widths = [8, 16] }", &format!("{{ {model} }}"))
    };
    let tower = "image = 32, patch = 8, width = 16, layers = 1, heads = 2, features = 12";
    for (model, message) in [
        ("kind = \"vit\", stem = \"cifar\"".to_owned(), "missing field `head`"),
        ("kind = \"linear\", strong_views = 2".to_owned(), "model: missing field `network`"),
        (format!("kind = \"shallow\", network = {{ {tower}, depth = 3 }}"), "model: unknown field `depth`"),
        (
            "kind = \"mlp\"".to_owned(),
            "model: there is no kind `mlp`: a model is a residual network, without a kind",
        ),
        ("kind = 3".to_owned(), "model: `kind` is a integer, not a name"),
        ("width = 3".to_owned(), "model: unknown field `width`"),
        (
            format!("kind = \"shallow\", network = {{ {tower} }}").replace("patch = 8", "patch = 5"),
            "scales.quick.model.network.image: 32 pixels are no whole number of patches of 5",
        ),
        (
            format!("kind = \"linear\", strong_views = 0, network = {{ {tower} }}"),
            "scales.quick.model.strong_views: is 0",
        ),
        (
            format!("kind = \"linear\", network = {{ {tower} }}"),
            "scales.quick.training.crop_padding: is 4 beside features, which have no views",
        ),
    ] {
        let found = fault_of(&model);
        assert!(found.contains(message), "`{message}` is not in: {found}");
    }
}

#[test]
fn what_types_cannot_refuse_is_refused_by_path() {
    for (from, to, message) in [
        (
            "baseline = \"entropy\"",
            "baseline = \"entropy-cb\"",
            "strategies[2].baseline: is the strategy itself",
        ),
        (
            "strategies = [\"random\", ",
            "strategies = [\"entropy\", ",
            "scales.quick.strategies: \"entropy\" is given twice",
        ),
        ("seeds = [0, 1, 2]", "seeds = [0, 1, 1]", "scales.quick.seeds: 1 is given twice"),
        ("factors = [0.1]", "factors = [0.1, 0.10]", "scales.quick.imbalance_factors: 0.1 is given twice"),
        (
            "{ kind = \"triangular\", warmup = 0.2 }",
            "{ kind = \"milestones\", epochs = [1], factor = 0.0 }",
            "scales.quick.training.schedule.factor: 0 is not positive",
        ),
        ("baseline = \"entropy\"", "baseline = \"nothing\"", "strategies[2].baseline: `nothing` is not"),
        ("name = \"entropy\"", "name = \"random\"", "strategies[1].name: `random` is given twice"),
        ("lambda = 2.0", "lambda = -2.0", "strategies[2].query: use lambda = -2"),
        (
            "strategies = [\"random\", ",
            "strategies = [\"nothing\", ",
            "scales.quick.strategies: `nothing` is not",
        ),
        ("seeds = [0, 1, 2]", "seeds = []", "scales.quick.seeds: is empty"),
        ("factors = [0.1]", "factors = []", "scales.quick.imbalance_factors: is empty"),
        ("factors = [0.1]", "factors = [0.1, 1.5]", "scales.quick.imbalance_factors: 1.5 is not in (0, 1]"),
        ("factors = [0.1]", "factors = [nan]", "scales.quick.imbalance_factors: NaN is not in (0, 1]"),
        ("budget = 1000", "budget = 0", "scales.quick.budget: is 0"),
        ("blocks = [1, 1]", "blocks = [1]", "scales.quick.model.widths: has 2 entries for 1 stages"),
        ("blocks = [1, 1]", "blocks = [1, 0]", "scales.quick.model.blocks: holds a 0"),
        ("epochs = 2", "epochs = 0", "scales.quick.training.epochs: is 0"),
        ("batch_size = 128", "batch_size = 1", "scales.quick.training.batch_size: is 1"),
        ("learning_rate = 0.1", "learning_rate = inf", "scales.quick.training.learning_rate: inf is not"),
        ("momentum = 0.9", "momentum = 1.0", "scales.quick.training.momentum: 1 is not in [0, 1)"),
        ("momentum = 0.9", "momentum = 0.0", "scales.quick.training.nesterov: needs a momentum"),
        ("warmup = 0.2", "warmup = 1.0", "scales.quick.training.schedule.warmup: 1 is not in"),
        ("std = [0.25, ", "std = [0.0, ", "scales.quick.training.normalisation.std: holds a value"),
        ("batch_size = 512", "batch_size = 0", "scales.quick.scoring.batch_size: is 0"),
    ] {
        let found = fault(from, to);
        assert!(found.contains(message), "{to}: {found}");
    }
}

#[test]
fn index_lists_must_cover_every_factor() {
    let lists =
        r#"{ kind = "index-lists", lists = [{ imbalance_factor = 0.3, initial = "a", pool = "b" }] }"#;
    let message = fault(r#"{ kind = "drawn", initial = 2000, profile = "step" }"#, lists);
    assert!(
        message.contains("scales.quick.pool.lists: has no pair for the imbalance factor 0.1"),
        "{message}"
    );
}

#[test]
fn paired_runs_stand_together() {
    let shape = Shape {
        factors: vec![0.1, 1.0],
        seeds: 2,
        strategies: vec!["random", "entropy"],
        ..Shape::default()
    };
    let runs = shape.definition().runs(Scale::Quick, &Selector::default()).unwrap();
    let order: Vec<(f64, u64, &str)> =
        runs.iter().map(|run| (run.imbalance_factor, run.seed, run.strategy.name.as_str())).collect();
    let expected = [
        (0.1, 0, "random"),
        (0.1, 0, "entropy"),
        (0.1, 1, "random"),
        (0.1, 1, "entropy"),
        (1.0, 0, "random"),
        (1.0, 0, "entropy"),
        (1.0, 1, "random"),
        (1.0, 1, "entropy"),
    ];
    assert_eq!(order, expected);
    assert_eq!(runs[1].folder(), Path::new("made-up/quick/if-0.1/entropy/seed-0"));
    assert_eq!(runs[1].label(), "made-up/quick if 0.1 entropy seed 0");
    assert_eq!(runs[1].labelled_at(2_000, 3), 5_000);
}

#[test]
fn a_selector_narrows_and_refuses_what_is_unknown() {
    let definition = Shape::default().definition();
    let select = |selector: Selector| definition.runs(Scale::Quick, &selector);
    let further =
        select(Selector { strategies: vec!["entropy".to_owned()], seeds: vec![7], ..Selector::default() });
    let further = further.unwrap();
    assert_eq!((further.len(), further[0].seed), (1, 7));
    let unknown = select(Selector { strategies: vec!["nothing".to_owned()], ..Selector::default() });
    let message = unknown.unwrap_err().to_string();
    assert!(message.contains("no strategy `nothing` (it has: random, entropy, entropy-cb)"), "{message}");
    let unknown = select(Selector { imbalance_factors: vec![0.7], ..Selector::default() });
    assert!(unknown.unwrap_err().to_string().contains("no imbalance factor `0.7`"));
    let message = definition.scale(Scale::Paper).unwrap_err().to_string();
    assert!(message.contains("no scale `paper` (it has: quick)"), "{message}");
}

/// A change of one field.
type Change = fn(&mut RunDefinition);

#[test]
fn every_field_that_a_result_depends_on_changes_the_hash() {
    let changes: [Change; 56] = [
        |run| run.experiment.push('x'),
        |run| run.scale = Scale::Paper,
        |run| run.dataset.push('x'),
        |run| run.strategy.name.push('x'),
        |run| run.strategy.query = tailward_acquisition::Strategy::Random {}.into(),
        |run| run.imbalance_factor = 0.3,
        |run| run.seed += 1,
        |run| run.rounds += 1,
        |run| run.budget += 1,
        |run| {
            run.pool =
                PoolDefinition::Drawn { initial: 2_001, profile: ImbalanceProfile::Step, per_class_cap: None }
        },
        |run| {
            run.pool = PoolDefinition::Drawn {
                initial: 2_000,
                profile: ImbalanceProfile::LongTail,
                per_class_cap: None,
            }
        },
        |run| {
            run.pool = PoolDefinition::Drawn {
                initial: 2_000,
                profile: ImbalanceProfile::Step,
                per_class_cap: Some(9),
            }
        },
        |run| {
            run.pool = PoolDefinition::IndexLists {
                lists: vec![IndexListPair { imbalance_factor: 0.1, initial: "a".into(), pool: "b".into() }],
            }
        },
        |run| resnet(run).stem = Stem::CifarStrided,
        |run| resnet(run).stem = Stem::Imagenet,
        |run| resnet(run).block = Some(Block::Basic),
        |run| resnet(run).block = Some(Block::Bottleneck),
        |run| resnet(run).dropout = Some(0.5),
        |run| resnet(run).pretrained = Some("x".to_owned()),
        |run| run.sweep = Some(SweepDefinition { lambdas: vec![0.0, 1.0] }),
        |run| resnet(run).blocks[0] += 1,
        |run| resnet(run).widths[0] += 1,
        |run| run.training.as_mut().unwrap().epochs += 1,
        |run| run.training.as_mut().unwrap().batch_size += 1,
        |run| run.training.as_mut().unwrap().learning_rate *= 2.0,
        |run| run.training.as_mut().unwrap().schedule = Schedule::Milestones { epochs: vec![1], factor: 0.5 },
        |run| run.training.as_mut().unwrap().schedule = Schedule::Triangular { warmup: 0.3 },
        |run| run.training.as_mut().unwrap().optimiser = Optimiser::Sgd { momentum: 0.8, nesterov: true },
        |run| run.training.as_mut().unwrap().optimiser = Optimiser::Sgd { momentum: 0.9, nesterov: false },
        |run| run.training.as_mut().unwrap().weight_decay = 0.0,
        |run| {
            run.training.as_mut().unwrap().optimiser =
                Optimiser::Adam(Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8 });
        },
        |run| run.training.as_mut().unwrap().schedule = Schedule::Constant {},
        |run| run.training.as_mut().unwrap().incomplete_batch = Some(IncompleteBatch::Drop),
        |run| run.training.as_mut().unwrap().loss = Some(loss(ClassWeights::Equal, 0.1)),
        |run| run.training.as_mut().unwrap().loss = Some(loss(ClassWeights::InverseFrequency, 0.1)),
        |run| run.training.as_mut().unwrap().loss = Some(loss(ClassWeights::InverseFrequency, 0.0)),
        |run| run.scoring.statistics = Some(Statistics::Batch),
        |run| run.scoring.evaluate_pool = true,
        |run| run.grouping = Some(Grouping::FirstAndRest { classes: 2 }),
        |run| run.grouping = Some(Grouping::OneAgainstRest { class: 2 }),
        |run| run.grouping = Some(Grouping::First { classes: 2 }),
        |run| run.first = Some(Strategy::Random {}),
        |run| run.audit = Some(Audit { share: 0.1, at_least: 100 }),
        |run| {
            (run.model, run.training) = (None, None);
            run.head = Some(HeadDefinition {
                features: HeadFeatures::Patches(PatchFeatures { side: 32, centres: 400 }),
            });
        },
        |run| run.noise = Some(LabelNoise::Uniform { rate: 0.1, seed: 1 }),
        |run| run.noise = Some(LabelNoise::Uniform { rate: 0.1, seed: 2 }),
        |run| run.noise = Some(LabelNoise::PairFlip { rate: 0.1, seed: 1 }),
        |run| run.pool = PoolDefinition::Uniform { initial: 100, size: None },
        |run| run.pool = PoolDefinition::Uniform { initial: 100, size: Some(500) },
        |run| run.training.as_mut().unwrap().crop_padding += 1,
        |run| run.training.as_mut().unwrap().horizontal_flip = false,
        |run| run.training.as_mut().unwrap().normalisation.mean[0] = 0.4,
        |run| run.training.as_mut().unwrap().normalisation.std[0] = 0.4,
        |run| run.scoring.batch_size += 1,
        |run| run.scoring.augmented_pool = true,
        |_| {},
    ];
    let shape = Shape::default();
    let runs = shape.definition().runs(Scale::Quick, &Selector::default()).unwrap();
    let run = &runs[2];
    let hashes: BTreeSet<String> = changes
        .iter()
        .map(|change| {
            let mut changed = run.clone();
            change(&mut changed);
            changed.hash()
        })
        .collect();
    assert_eq!(hashes.len(), changes.len());
    assert_eq!(run.hash().len(), 64);
    let mut renamed = run.clone();
    renamed.strategy.label.push('x');
    renamed.strategy.baseline = None;
    assert_eq!(renamed.hash(), run.hash(), "what only names things in reports");
}

#[test]
fn strategies_must_get_what_they_need() {
    let text = Shape::default().definition_toml();
    let sweep = "budget = 1000\nsweep = { lambdas = [0.0, 1.0] }";
    let bald = text.replace(r#"query = { kind = "entropy" }"#, r#"query = { kind = "bald", passes = 10 }"#);
    let dropout =
        |share: &str| text.replace("widths = [8, 16]", &format!("widths = [8, 16], dropout = {share}"));
    let swept = text.replace("rounds = 4", "rounds = 0").replace("budget = 1000", sweep);
    for (text, message) in [
        (bald, "scales.quick.model.dropout: is absent, and `entropy` needs passes with dropout"),
        (dropout("1.0"), "scales.quick.model.dropout: 1 is not in (0, 1)"),
        (text.replace("budget = 1000", sweep), "scales.quick.rounds: is 4 beside a sweep"),
        (swept.clone(), "scales.quick.sweep: `random` has no class-balancing term"),
        (swept.replace("[0.0, 1.0]", "[0.0]"), "scales.quick.sweep.lambdas: has fewer than two values"),
        (swept.replace("[0.0, 1.0]", "[1.0, 1.0]"), "scales.quick.sweep.lambdas: does not rise"),
        (
            swept.replace("[0.0, 1.0]", "[-1.0, 1.0]"),
            "scales.quick.sweep.lambdas: holds a value that is negative",
        ),
    ] {
        let found = Definition::parse(&text, Path::new("d")).unwrap_err().to_string();
        assert!(found.contains(message), "{message}: {found}");
    }
}

/// A scale that replays has a list for each of its runs, and no run without one.
#[test]
fn a_replay_has_a_list_for_every_strategy_and_seed() {
    let shape = Shape { strategies: vec!["random"], seeds: 2, factors: vec![1.0], ..Shape::default() };
    let drawn = r#"kind = "drawn", initial = 2000, profile = "step""#;
    let uniform = shape.definition_toml().replace(drawn, r#"kind = "uniform", initial = 2000"#);
    let list = |seed: u64| {
        format!(
            r#"{{ strategy = "random", seed = {seed}, path = "{seed}.txt", sha256 = "{}" }}"#,
            "a".repeat(64)
        )
    };
    let with = |samples: usize, lists: &str| {
        format!("{uniform}\n[scales.quick.replay]\nsamples = {samples}\nlists = [{lists}]\n")
    };
    let both = format!("{}, {}", list(0), list(1));
    let parse = |text: &str| Definition::parse(text, Path::new("d"));
    let definition = parse(&with(10_000, &both)).unwrap();
    let runs = definition.runs(Scale::Quick, &Selector::default()).unwrap();
    let replays: Vec<_> = runs.iter().map(|run| run.replay.clone().unwrap()).collect();
    assert_eq!(
        replays.iter().map(|replay| replay.path.clone().unwrap()).collect::<Vec<_>>(),
        [Path::new("0.txt"), Path::new("1.txt")]
    );
    assert_ne!(runs[0].hash(), RunDefinition { replay: None, ..runs[0].clone() }.hash());
    let folder = tempfile::tempdir().unwrap();
    let path = runs[1].write(folder.path()).unwrap();
    assert_eq!(RunDefinition::load(&path).unwrap(), runs[1]);
    let other = definition.runs(Scale::Quick, &Selector { seeds: vec![7], ..Selector::default() });
    let error = other.unwrap_err().to_string();
    assert!(error.contains("seed") && error.contains('7') && error.contains("0, 1"), "{error}");
    for (text, message) in [
        (with(10_000, &list(0)), "scales.quick.replay.lists: has none of `random` with the seed 1"),
        (with(100, &both), "scales.quick.replay.samples: 100 is less than what"),
        (with(10_000, &format!("{both}, {}", list(1))), "lists[2].seed: 1 is given twice for `random`"),
        (with(10_000, &both.replace("aaaa", "zz")), "lists[0].sha256: `zz"),
        (with(10_000, &both.replace("random", "entropy")), "lists[0].strategy: `entropy` is not a strategy"),
    ] {
        let found = parse(&text).unwrap_err().to_string();
        assert!(found.contains(message), "{message}: {found}");
    }
}

const OVERRIDE: &str = r#"
[[scales.quick.overrides]]
strategy = "entropy-cb"
query = { kind = "entropy", balance = { lambda = 5.0, solver = "exact" } }
"#;

#[test]
fn an_override_changes_what_one_strategy_does_at_one_scale() {
    let text = Shape::default().definition_toml();
    let plain = Shape::default().definition();
    let changed = Definition::parse(&format!("{text}{OVERRIDE}"), Path::new("d")).unwrap();
    let back = Definition::parse(&toml::to_string(&changed).unwrap(), Path::new("d")).unwrap();
    assert_eq!(back, changed, "an override is read back as written");
    let runs = |definition: &Definition| definition.runs(Scale::Quick, &Selector::default()).unwrap();
    for (before, after) in runs(&plain).iter().zip(&runs(&changed)) {
        if before.strategy.name == "entropy-cb" {
            assert_eq!(
                after.strategy.query.strategy.lambda(),
                Some(tailward_acquisition::Lambda::Fixed(5.0))
            );
            assert_eq!(
                (&after.strategy.label, &after.strategy.baseline),
                (&before.strategy.label, &before.strategy.baseline)
            );
            assert_ne!(after.hash(), before.hash());
            assert_eq!(changed.strategy_at(Scale::Quick, "entropy-cb").unwrap(), after.strategy);
        } else {
            assert_eq!(after, before);
        }
    }
}

#[test]
fn an_override_keeps_to_its_strategy_and_its_scale() {
    let text = format!("{}{OVERRIDE}", Shape::default().definition_toml());
    let refused = |text: &str| Definition::parse(text, Path::new("d")).unwrap_err().to_string();
    for (from, to, message) in [
        (
            "strategy = \"entropy-cb\"",
            "strategy = \"nothing\"",
            "overrides[0].strategy: `nothing` is not a strategy of this scale",
        ),
        (
            "strategy = \"entropy-cb\"",
            "strategy = \"entropy\"",
            "overrides[0].query: is `entropy-cb`; an override changes the parameters of `entropy`, not its kind",
        ),
        ("lambda = 5.0", "lambda = -5.0", "overrides[0].query: use lambda = -5"),
        ("solver = \"exact\" } }", "solver = \"exact\" } }\nlabel = \"x\"", "unknown field `label`"),
    ] {
        assert!(text.contains(from));
        let found = refused(&text.replace(from, to));
        assert!(found.contains(message), "{to}: {found}");
    }
    let found = refused(&format!("{text}{OVERRIDE}"));
    assert!(found.contains("scales.quick.overrides[1].strategy: `entropy-cb` is given twice"), "{found}");
}

const NETWORKS: &str = r#"
[networks.small]
latent = 4
width = 4
beta = 1.0
kl = "mean"
warmup = 0
adversarial_weight = 1.0
learning_rate = 5e-4
batch_size = 16
iterations = 4
vae_steps = 2
discriminator_steps = 1
batch_statistics = true
"#;

/// A name stands for its table: the definition, its runs and their hashes are those of the text that repeats the table.
#[test]
fn networks_are_said_once_and_named() {
    let text = Shape { strategies: vec!["random", "vaal"], ..Shape::default() }.definition_toml();
    let inline = format!("networks = {{{}}}", NETWORKS.trim().lines().skip(1).collect::<Vec<_>>().join(", "));
    let query = |networks: &str| {
        let start = text.find("query = { kind = \"vaal\"").expect("a strategy with networks");
        let end = start + text[start..].find('\n').expect("a line");
        format!("{}query = {{ kind = \"vaal\", {networks} }}{}", &text[..start], &text[end..])
    };
    let parse = |text: &str| Definition::parse(text, Path::new("definition.toml"));
    let said_once = format!("{}{NETWORKS}", query("networks = \"small\""));
    let repeated = parse(&query(&inline)).unwrap();
    assert_eq!(parse(&said_once).unwrap(), repeated);
    let back = toml::to_string(&repeated).unwrap();
    assert_eq!(parse(&back).unwrap(), repeated, "what is written holds the values");

    let unknown = said_once.replace("\"small\"", "\"large\"");
    let message = parse(&unknown).unwrap_err().to_string();
    assert!(message.contains("there is no table `[networks.large]` (there are: small)"), "{message}");
    let message = parse(&format!("{text}{NETWORKS}")).unwrap_err().to_string();
    assert!(message.contains("nothing names `[networks.small]`"), "{message}");
    let out_of_range = said_once.replace("latent = 4", "latent = 0");
    let message = parse(&out_of_range).unwrap_err().to_string();
    assert!(message.contains("strategies[1].query.networks.latent: 0 is less than 1"), "{message}");
    let unknown_key = said_once.replace("warmup = 0\n", "warmup = 0\ncolour = 3\n");
    let message = parse(&unknown_key).unwrap_err().to_string();
    assert!(message.contains("unknown field `colour`"), "{message}");
}

/// Every experiment reads, at three scales, and its runs have folders and hashes of their own.
#[test]
fn committed_definitions_are_whole() {
    let experiments = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
    let names = ["cifar10", "cifar100", "lambda", "sampling-bias", "tiny-imagenet"];
    for name in names {
        let definition = Definition::load(&experiments.join(name).join("definition.toml")).unwrap();
        assert_eq!(definition.name, name);
        for scale in [Scale::Smoke, Scale::Quick, Scale::Paper] {
            let runs = definition.runs(scale, &Selector::default()).unwrap();
            let hashes: BTreeSet<String> = runs.iter().map(RunDefinition::hash).collect();
            assert_eq!(hashes.len(), runs.len(), "{name}/{scale}");
        }
    }
    for name in ["cifar10", "cifar100"] {
        let definition = Definition::load(&experiments.join(name).join("definition.toml")).unwrap();
        for (scale, sizes) in &definition.scales {
            for method in [
                "random",
                "entropy",
                "entropy-cb",
                "k-center-greedy",
                "k-center-greedy-cb",
                "vaal",
                "vaal-cb",
            ] {
                assert!(sizes.strategies.iter().any(|known| known == method), "{name}/{scale}: {method}");
            }
        }
    }
}

/// Records outlive the code: what is added to definitions must leave the hashes of what is there alone.
#[test]
fn committed_records_keep_their_hashes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/cifar100");
    let definition = Definition::load(&folder.join("definition.toml")).unwrap();
    let planned = definition.runs(Scale::Quick, &Selector::default()).unwrap();
    let records = folder.join("records/cpu-2026-11");
    let mut checked = 0;
    for strategy in ["random", "entropy", "entropy-cb"] {
        for seed in 0..3 {
            let run = planned.iter().find(|run| run.strategy.name == strategy && run.seed == seed).unwrap();
            let record = Record::load(&records.join(run.folder()).join(RECORD_FILE)).unwrap().unwrap();
            let header = &record.header;
            assert_eq!(header.definition.hash(), header.definition_hash, "{} as read back", run.label());
            assert_eq!(run.hash(), header.definition_hash, "{} as the definition has it now", run.label());
            checked += 1;
        }
    }
    assert_eq!(checked, 9);
}

#[test]
fn a_hash_survives_json() {
    let shape = Shape::default();
    for run in shape.definition().runs(Scale::Quick, &Selector::default()).unwrap() {
        let back: RunDefinition = serde_json::from_str(&serde_json::to_string(&run).unwrap()).unwrap();
        assert_eq!(back.hash(), run.hash());
    }
}

fn loss(class_weights: ClassWeights, label_smoothing: f64) -> LossDefinition {
    LossDefinition { class_weights, label_smoothing }
}

#[test]
fn adam_goes_without_a_momentum_and_a_uniform_pool_without_imbalance() {
    let adam = "adam = { beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-8 }\n";
    let uniform = r#"{ kind = "uniform", initial = 100, size = 90 }"#;
    for (from, to, message) in [
        ("nesterov = true\n", format!("nesterov = true\n{adam}"), "training.momentum: is given beside adam"),
        (
            "momentum = 0.9\nnesterov = true\n",
            adam.replace("0.999", "1.0"),
            "training.adam.beta_2: 1 is not in [0, 1)",
        ),
        (
            "crop_padding = 4\n",
            "crop_padding = 4\nloss = { class_weights = \"equal\", label_smoothing = 1.0 }\n".to_owned(),
            "training.loss.label_smoothing: 1 is not in [0, 1)",
        ),
        (
            r#"{ kind = "drawn", initial = 2000, profile = "step" }"#,
            uniform.to_owned(),
            "imbalance_factors: 0.1 is given, and a uniform pool is left as it is",
        ),
        (
            "dataset = \"synthetic\"\n",
            "dataset = \"synthetic\"\ngrouping = { kind = \"first-and-rest\", classes = 2 }\n\
             noise = { kind = \"uniform\", rate = 1.5, seed = 0 }\n"
                .to_owned(),
            "noise: ",
        ),
    ] {
        let found = fault(from, &to);
        assert!(found.contains(message), "{to}: {found}");
    }
}

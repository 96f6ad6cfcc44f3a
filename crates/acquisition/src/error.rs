//! Everything that can be wrong with what a query is given.

use crate::Input;
use crate::bait::MemoryPlan;

/// Why a query was refused.
///
/// Every message reads after "failed to …", and names the row, the column or the class where there is one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// More rows were asked for than the pool holds.
    #[error("query {budget} rows: the pool holds only {pool}")]
    BudgetAbovePool {
        /// The rows asked for.
        budget: usize,
        /// The rows there are.
        pool: usize,
    },

    /// The probabilities have rows but no columns.
    #[error("read probabilities: there are {rows} rows and no class")]
    NoClasses {
        /// The rows of the array.
        rows: usize,
    },

    /// Two arrays that describe the same thing differ in length.
    #[error("match the {what}: expected {expected}, found {found}")]
    LengthMismatch {
        /// The array that has the wrong length.
        what: &'static str,
        /// The length it should have.
        expected: usize,
        /// The length it has.
        found: usize,
    },

    /// A probability is NaN or infinite.
    #[error("read probabilities: row {row}, column {column} is {value}")]
    ProbabilityNotFinite {
        /// The row.
        row: usize,
        /// The column, that is, the class.
        column: usize,
        /// What was found there.
        value: f32,
    },

    /// A probability is below zero.
    #[error("read probabilities: row {row}, column {column} is negative ({value})")]
    ProbabilityNegative {
        /// The row.
        row: usize,
        /// The column, that is, the class.
        column: usize,
        /// What was found there.
        value: f32,
    },

    /// One pass of the network is at fault.
    #[error("read pass {pass}: {fault}")]
    Pass {
        /// The pass, counted from 0.
        pass: usize,
        /// What is wrong with it. Part of the message and therefore not a source.
        fault: Box<Error>,
    },

    /// An answer names a class that does not exist.
    #[error("take the answer for row {row}: class {label} is not one of {classes}")]
    AnswerOutOfRange {
        /// The row.
        row: usize,
        /// The class.
        label: u32,
        /// The number of classes.
        classes: usize,
    },

    /// An answer is for a row that does not wait for one.
    #[error("take the answer for row {row}: it was not asked for, or has its answer")]
    AnswerUnexpected {
        /// The row.
        row: usize,
    },

    /// An estimate of a discriminator is not a probability.
    #[error("read the discriminator's estimates: row {row} is {value}, not in [0, 1]")]
    EstimateOutOfRange {
        /// The row.
        row: usize,
        /// What was found there.
        value: f32,
    },

    /// A row of probabilities does not sum to one.
    #[error("read probabilities: row {row} sums to {sum}, not to 1")]
    ProbabilityRowSum {
        /// The row.
        row: usize,
        /// The sum of its entries.
        sum: f64,
    },

    /// The embeddings have rows but no columns.
    #[error("read {array} embeddings: there are {rows} rows and no dimension")]
    NoDimensions {
        /// Which array: `unlabelled` or `labelled`.
        array: &'static str,
        /// The rows of the array.
        rows: usize,
    },

    /// An embedding is NaN or infinite.
    #[error("read {array} embeddings: row {row}, column {column} is {value}")]
    EmbeddingNotFinite {
        /// Which array: `unlabelled` or `labelled`.
        array: &'static str,
        /// The row.
        row: usize,
        /// The column, that is, the dimension.
        column: usize,
        /// What was found there.
        value: f32,
    },

    /// A score or a cost is NaN or infinite.
    #[error("read scores: row {row} is {value}")]
    ScoreNotFinite {
        /// The row.
        row: usize,
        /// What was found there.
        value: f64,
    },

    /// A class requirement is NaN or infinite.
    #[error("read the class requirement: class {class} is {value}")]
    RequirementNotFinite {
        /// The class.
        class: usize,
        /// What was found there.
        value: f64,
    },

    /// The weight of the class-balancing term is negative, NaN or infinite.
    #[error("use lambda = {lambda}: it must be finite and not negative")]
    InvalidLambda {
        /// What was found.
        lambda: f64,
    },

    /// A strategy asks for something that it does not declare among its needs: a fault of this crate.
    #[error("give {strategy} the {input}: it does not declare that it needs them")]
    Undeclared {
        /// The strategy's short name.
        strategy: String,
        /// What it asks for.
        input: Input,
    },

    /// A strategy needs an array that was not given.
    #[error("read the {input}: they are needed, and none were given")]
    Missing {
        /// What is needed.
        input: Input,
    },

    /// Nothing says how many samples there are.
    #[error("count the samples: no array was given, and no number of rows")]
    NoRows,

    /// Something needs a general-purpose solver, and this crate was built without one (its feature `exact`).
    #[error("run {what}: the solver is left out of this build; turn on the feature `exact`")]
    WithoutSolver {
        /// What needs it.
        what: &'static str,
    },

    /// The strategy cannot be run here.
    #[error("run the strategy {strategy}: it is not supported here")]
    Unsupported {
        /// The strategy's short name.
        strategy: String,
    },

    /// A parameter of a strategy is out of its range.
    #[error("use {name} = {value}: it must be {range}")]
    InvalidParameter {
        /// The parameter.
        name: &'static str,
        /// What was found.
        value: f64,
        /// What it may be.
        range: String,
    },

    /// The programme that decides on a cover is too large for branch and bound.
    #[error(
        "choose a core-set: its programme has {size} {what}, above the limit of {limit}; use k-center-greedy, or a \
         smaller pool"
    )]
    CoresetTooLarge {
        /// What there is too much of: `rows`, `variables` or `entries`.
        what: &'static str,
        /// How much.
        size: usize,
        /// The limit.
        limit: usize,
    },

    /// The general-purpose solver failed, other than by running out of time.
    #[cfg(feature = "exact")]
    #[error("solve the {model} with good_lp")]
    Reference {
        /// Which model was given to it.
        model: &'static str,
        /// What it said.
        source: good_lp::ResolutionError,
    },

    /// The logits have rows but no columns.
    #[error("read logits: there are {rows} rows and no class")]
    NoLogits {
        /// The rows of the array.
        rows: usize,
    },

    /// A logit is NaN or infinite.
    #[error("read logits: row {row}, column {column} is {value}")]
    LogitNotFinite {
        /// The row.
        row: usize,
        /// The column, that is, the class.
        column: usize,
        /// What was found there.
        value: f32,
    },

    /// A weight of the last layer is NaN or infinite.
    #[error("read the weights of the head: class {class}, column {column} is {value}")]
    WeightNotFinite {
        /// The class, that is, the row.
        class: usize,
        /// The column, that is, the dimension.
        column: usize,
        /// What was found there.
        value: f32,
    },

    /// The labelled rows are at fault, not those of the pool.
    #[error("read the labelled rows: {fault}")]
    Labelled {
        /// What is wrong with them. Part of the message and therefore not a source.
        fault: Box<Error>,
    },

    /// A label is not a class.
    #[error("read labels: labelled row {row} is {label}, and there are {classes} classes")]
    LabelOutOfRange {
        /// The labelled row.
        row: usize,
        /// What was found there.
        label: u32,
        /// The number of classes.
        classes: usize,
    },

    /// BAIT would need more memory than it may have.
    #[error(
        "run BAIT: it needs {plan}, above the limit of {:.1} MB; use fewer classes or dimensions, or raise the limit",
        *limit_bytes as f64 / 1e6
    )]
    AboveMemoryLimit {
        /// What it needs.
        plan: MemoryPlan,
        /// What it may have.
        limit_bytes: u64,
    },

    /// The information of labelled rows and picks cannot be inverted to working accuracy.
    #[error(
        "run BAIT: the information of {labelled} labelled rows and of the picks cannot be inverted; scale the \
         embeddings down"
    )]
    NotInvertible {
        /// How many rows are labelled.
        labelled: usize,
    },
}

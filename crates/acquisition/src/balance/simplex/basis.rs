//! What enters the basis and what leaves it.

/// A step shorter than this is degenerate, and two steps closer than this tie.
pub(super) const STEP_TOLERANCE: f64 = 1e-12;

/// The simplex method stopped without an optimal basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The kernel could not be inverted.
    Singular,
    /// The pivot limit was reached.
    PivotLimit,
    /// No variable stopped the entering one, which cannot happen in exact arithmetic.
    Unbounded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    AtZero,
    AtOne,
    Basic,
}

/// What enters the basis, and in which direction (+1 up, −1 down).
#[derive(Clone, Copy)]
pub(super) struct Entering {
    pub(super) variable: Variable,
    pub(super) direction: f64,
    /// How fast the objective falls.
    pub(super) gain: f64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Variable {
    /// A column, by its place in `columns`.
    Column(usize),
    /// The slack of a class.
    Slack(usize),
}

/// What leaves the basis.
#[derive(Clone, Copy)]
pub(super) enum Leaving {
    /// The entering column goes to its other bound.
    Flip,
    /// A place in the kernel, and the bound it goes to.
    Column(usize, State),
    /// The slack of a class, which goes to 0.
    Slack(usize),
}

impl Entering {
    /// The place of the column, or the class of the slack.
    pub(super) fn index(&self) -> usize {
        match self.variable {
            Variable::Column(index) | Variable::Slack(index) => index,
        }
    }
}

//! The blind sample of a run that accuracy is measured on, as a person's project has it.

use tailward_labelling::project::Audit;

use super::check::{Fault, ensure};

/// How many samples an audit has of a budget in all, and how many of them each query asks for: a share of the budget, or a number
/// that is a quarter of it at most; in each query as much of it as the audit is of the whole, rounded up, as long as there are any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AuditPlan {
    size: usize,
    each: usize,
}

impl AuditPlan {
    /// The plan for so many queries of a budget.
    pub(super) fn new(audit: Audit, queries: usize, budget: usize) -> Self {
        let whole = queries * budget;
        let size = audit.size(whole);
        Self { size, each: (budget * size).div_ceil(whole.max(1)) }
    }

    /// How many samples it has.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// How many of them are labelled after so many queries.
    pub(super) fn after(&self, queries: usize) -> usize {
        (queries * self.each).min(self.size)
    }
}

/// Checks that an audit leaves something to the strategy.
pub(super) fn check(audit: Audit, sweeps: bool) -> Result<(), Fault> {
    ensure((0.0..1.0).contains(&audit.share), "audit.share", || {
        format!("{} is not from 0 to below 1, and the rest is for the strategy", audit.share)
    })?;
    ensure(!sweeps, "audit", || "is given beside a sweep, which has nothing labelled".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audit_is_asked_for_evenly_until_it_is_whole() {
        let plan = AuditPlan::new(Audit { share: 0.1, at_least: 100 }, 10, 100);
        assert_eq!((plan.size(), plan.after(0), plan.after(1), plan.after(10)), (100, 0, 10, 100));
        // A quarter of the budget at most for the number, and as a person's project: 25 of 100 labels.
        let plan = AuditPlan::new(Audit { share: 0.1, at_least: 100 }, 5, 20);
        assert_eq!((plan.size(), plan.after(1), plan.after(5)), (25, 5, 25));
        let plan = AuditPlan::new(Audit { share: 0.15, at_least: 0 }, 3, 10);
        assert_eq!((plan.size(), plan.after(1), plan.after(2), plan.after(3)), (5, 2, 4, 5));
        assert_eq!(AuditPlan::new(Audit { share: 0.0, at_least: 100 }, 5, 20).size(), 0);
    }
}

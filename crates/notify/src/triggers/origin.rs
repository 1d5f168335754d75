//! The distance of a trigger from the first one in its chain, which no step of a run has made.
//!
//! It is stored in the trigger's source, and limited. Without a limit, a workflow that triggers
//! itself would go on for ever, and with two recipients it would double each time.

use campanile_base::bounds::{RECIPIENTS_OF_STEP, TRIGGER_DEPTH, TRIGGER_REACH};
use serde_json::{Value, json};

/// The distance of a trigger from the first one (`depth`), and the product of the numbers of
/// recipients along the chain (`reach`). `reach` is the number of runs that the chain comes to if
/// every run triggers as many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    depth: u64,
    reach: u64,
}

impl Origin {
    /// Reads the origin from the source of a run's trigger.
    pub(crate) fn of(source: &Value) -> Self {
        // Only triggers of steps have these fields. Other triggers are the first of a chain.
        let number = |name: &str, otherwise: u64| source.get(name).and_then(Value::as_u64).unwrap_or(otherwise);
        Self { depth: number("depth", 0), reach: number("reach", 1) }
    }

    /// The origin of a trigger that a step of the run makes, for so many recipients.
    ///
    /// # Errors
    /// A sentence, if a limit is exceeded.
    pub(crate) fn next(self, recipients: usize) -> Result<Self, String> {
        if recipients > RECIPIENTS_OF_STEP {
            return Err(format!("a step sets a workflow off for {RECIPIENTS_OF_STEP} recipients at most"));
        }
        let next = Self { depth: self.depth + 1, ..self.times(recipients) };
        if next.depth > TRIGGER_DEPTH {
            return Err(format!("workflows set each other off {TRIGGER_DEPTH} times in a row at most"));
        }
        if next.reach > TRIGGER_REACH {
            return Err(format!("workflows that set each other off come to {TRIGGER_REACH} runs at most"));
        }
        Ok(next)
    }

    /// The same origin, once the number of recipients is known.
    pub(crate) fn times(self, recipients: usize) -> Self {
        let recipients = u64::try_from(recipients).unwrap_or(u64::MAX).max(1);
        Self { reach: self.reach.saturating_mul(recipients), ..self }
    }

    /// Writes the origin as a trigger's source.
    pub(crate) fn source(self) -> Value {
        json!({ "type": "workflow_step", "depth": self.depth, "reach": self.reach })
    }

    /// True if a step has made the trigger.
    pub(crate) fn is_of_step(self) -> bool {
        self.depth > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends_after(recipients: usize) -> (usize, String) {
        let mut origin = Origin::of(&json!({ "type": "api" }));
        for times in 0.. {
            match origin.next(recipients) {
                Ok(next) => origin = Origin::of(&next.source()),
                Err(why) => return (times, why),
            }
        }
        unreachable!("it ends")
    }

    #[test]
    fn a_workflow_that_sets_itself_off_ends_after_ten_times() {
        let (times, why) = ends_after(1);
        assert!(times == 10 && why.contains("10 times"), "{times}: {why}");
        assert_eq!(ends_after(2).0, 10);
    }

    #[test]
    fn one_that_reaches_many_each_time_ends_before() {
        let (times, why) = ends_after(1_000);
        assert!(times == 1 && why.contains("10000 runs"), "{times}: {why}");
        assert!(ends_after(1_001).1.contains("1000 recipients"));
        assert!(Origin::of(&json!({ "depth": 1, "reach": 100 })).times(250).next(1).is_err());
    }
}

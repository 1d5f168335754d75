//! How far a trigger is from the one that nobody's run has set off.
//!
//! Kept in the trigger's source. A workflow that sets itself off would go on for ever, and with two recipients double each time.

use campanile_base::bounds::{RECIPIENTS_OF_STEP, TRIGGER_DEPTH, TRIGGER_REACH};
use serde_json::{Value, json};

/// How far a trigger is from the first, and how many runs the first has come to if each step has set off as many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    depth: u64,
    reach: u64,
}

impl Origin {
    /// Out of the source of a run's trigger.
    pub(crate) fn of(source: &Value) -> Self {
        // A run knows its trigger's source, or what was written of it.
        let number = |name: &str, otherwise: u64| source.get(name).and_then(Value::as_u64).unwrap_or(otherwise);
        Self { depth: number("depth", 0), reach: number("reach", 1) }
    }

    /// That of a trigger for so many recipients, which a step of the run sets off.
    ///
    /// # Errors
    /// A sentence, where that is too far.
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

    /// The same, once it is known that there are so many recipients.
    pub(crate) fn times(self, recipients: usize) -> Self {
        let recipients = u64::try_from(recipients).unwrap_or(u64::MAX).max(1);
        Self { reach: self.reach.saturating_mul(recipients), ..self }
    }

    /// As the trigger's source.
    pub(crate) fn source(self) -> Value {
        json!({ "type": "workflow_step", "depth": self.depth, "reach": self.reach })
    }

    /// Whether a step has set the trigger off.
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

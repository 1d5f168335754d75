//! The budget of one rendering: steps, bytes, depth and time.
//!
//! Rendering is synchronous, so the budget belongs to the thread. Templates rendered within another
//! (a partial, a translation, a filter) share its budget. Steps are counted, so a template fails at
//! the same place each time. The clock is read rarely: it catches what the counts miss.
//!
//! A run of a workflow renders many templates. [`begin_run`] gives the thread one budget for all of
//! them, until the guard is dropped.

use std::cell::Cell;
use std::io::{self, Write};
use std::time::Instant;

use campanile_base::bounds::{
    RENDER_BYTES, RENDER_DEPTH, RENDER_KEPT_BYTES, RENDER_STEPS, RENDER_TIME, RENDER_VALUE_BYTES, RUN_STEPS, RUN_TIME,
};
use liquid_core::ValueView;
use liquid_core::error::{Error, Result};

/// The number of bytes that count as one step.
const BYTES_A_STEP: usize = 1024;
/// The number of steps between two readings of the clock.
const CLOCK_STEPS: u64 = 512;

thread_local! {
    static BUDGET: Budget = const { Budget::new() };
}

/// A bound that was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exceeded {
    /// A template takes more steps than it may.
    Steps,
    /// The output is too large.
    Output,
    /// A value is too large.
    Value,
    /// The values that `assign` and `capture` keep are too large together.
    Kept,
    /// Partials or translations are nested too deep.
    Depth,
    /// It takes too long.
    Time,
    /// All templates and conditions of a run together take more steps than they may.
    RunSteps,
    /// All templates and conditions of a run together take too long.
    RunTime,
}

impl Exceeded {
    /// The bound, as a sentence.
    pub fn text(self) -> String {
        match self {
            Self::Steps => format!("the template takes more than {RENDER_STEPS} steps"),
            Self::Output => format!("the template renders to more than {RENDER_BYTES} bytes"),
            Self::Value => format!("a value in the template is larger than {RENDER_VALUE_BYTES} bytes"),
            Self::Kept => format!("the template assigns more than {RENDER_KEPT_BYTES} bytes"),
            Self::Depth => format!("partials or translations lie more than {RENDER_DEPTH} deep in each other"),
            Self::Time => format!("the template takes longer than {RENDER_TIME:?}"),
            Self::RunSteps => format!("the run's templates take more than {RUN_STEPS} steps"),
            Self::RunTime => format!("the run's templates take longer than {RUN_TIME:?}"),
        }
    }

    fn error(self) -> Error {
        Error::with_msg(self.text())
    }
}

struct Budget {
    renderings: Cell<usize>,
    steps: Cell<u64>,
    output: Cell<usize>,
    kept: Cell<usize>,
    depth: Cell<usize>,
    began: Cell<Option<Instant>>,
    exceeded: Cell<Option<Exceeded>>,
    /// The steps of the run's earlier templates, and the start of the run.
    run: Cell<Option<(u64, Instant)>>,
}

impl Budget {
    const fn new() -> Self {
        Self {
            renderings: Cell::new(0),
            steps: Cell::new(0),
            output: Cell::new(0),
            kept: Cell::new(0),
            depth: Cell::new(0),
            began: Cell::new(None),
            exceeded: Cell::new(None),
            run: Cell::new(None),
        }
    }

    fn enter(&self) {
        if self.renderings.get() == 0 {
            self.steps.set(0);
            self.output.set(0);
            self.kept.set(0);
            self.depth.set(0);
            self.began.set(None);
            self.exceeded.set(None);
        }
        self.renderings.set(self.renderings.get() + 1);
    }

    fn leave(&self) {
        self.renderings.set(self.renderings.get().saturating_sub(1));
        if self.renderings.get() == 0 {
            let steps = self.steps.get();
            self.run.set(self.run.get().map(|(before, began)| (before.saturating_add(steps), began)));
        }
    }

    fn exceed(&self, bound: Exceeded) {
        if self.exceeded.get().is_none() {
            self.exceeded.set(Some(bound));
        }
    }

    fn spend(&self, steps: u64) {
        let before = self.steps.get();
        let after = before.saturating_add(steps);
        self.steps.set(after);
        if after > RENDER_STEPS {
            self.exceed(Exceeded::Steps);
        }
        if before / CLOCK_STEPS != after / CLOCK_STEPS {
            self.look_at_clock();
        }
    }

    fn look_at_clock(&self) {
        let now = Instant::now();
        match self.began.get() {
            None => self.began.set(Some(now)),
            Some(began) if now.duration_since(began) > RENDER_TIME => self.exceed(Exceeded::Time),
            Some(_) => {}
        }
    }
}

/// A rendering on this thread. It ends on drop.
pub(super) struct Rendering(());

impl Rendering {
    /// Begins a rendering. Within another it shares that one's budget.
    pub(super) fn begin() -> Self {
        BUDGET.with(Budget::enter);
        Self(())
    }
}

impl Drop for Rendering {
    fn drop(&mut self) {
        BUDGET.with(Budget::leave);
    }
}

/// The rendering of a partial or a translation. It ends on drop.
pub(super) struct Inner(());

impl Inner {
    pub(super) fn begin() -> Result<Self> {
        BUDGET.with(|budget| {
            if budget.depth.get() >= RENDER_DEPTH {
                budget.exceed(Exceeded::Depth);
            } else {
                budget.depth.set(budget.depth.get() + 1);
            }
        });
        check()?;
        Ok(Self(()))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        BUDGET.with(|budget| budget.depth.set(budget.depth.get().saturating_sub(1)));
    }
}

/// The bound that this rendering has exceeded, if any.
pub(super) fn exceeded() -> Option<Exceeded> {
    BUDGET.with(|budget| budget.exceeded.get())
}

/// Fails if a bound was exceeded.
pub(super) fn check() -> Result<()> {
    exceeded().map_or(Ok(()), |bound| Err(bound.error()))
}

/// Counts steps where no error can be returned. The next [`check`] fails instead.
pub(super) fn count(steps: u64) {
    BUDGET.with(|budget| budget.spend(steps));
}

/// Counts steps, and fails if a bound was exceeded.
pub(super) fn spend(steps: u64) -> Result<()> {
    count(steps);
    check()
}

/// The steps that a number of bytes counts for.
pub(super) fn steps_of(bytes: usize) -> u64 {
    (bytes / BYTES_A_STEP) as u64
}

/// Counts the bytes that a variable keeps.
pub(super) fn keep(bytes: usize) {
    BUDGET.with(|budget| {
        budget.kept.set(budget.kept.get().saturating_add(bytes));
        if budget.kept.get() > RENDER_KEPT_BYTES {
            budget.exceed(Exceeded::Kept);
        }
    });
}

/// Counts the steps to read a value, and fails if it is too large.
pub(super) fn measure(bytes: usize) -> Result<()> {
    if bytes > RENDER_VALUE_BYTES {
        BUDGET.with(|budget| budget.exceed(Exceeded::Value));
    }
    spend(steps_of(bytes))
}

/// The approximate size of a value, in bytes.
pub(super) fn size_of(value: &dyn ValueView) -> usize {
    const ITEM: usize = 16;
    if let Some(scalar) = value.as_scalar() {
        return match scalar.type_name() {
            "string" => scalar.to_kstr().len() + ITEM,
            _ => ITEM,
        };
    }
    if let Some(list) = value.as_array() {
        return ITEM + list.values().map(size_of).sum::<usize>();
    }
    let object = value.as_object().map(|object| object.iter().map(|(name, value)| name.len() + size_of(value)).sum());
    ITEM + object.unwrap_or(0)
}

/// The bounded output of a rendering.
pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
    /// The bound in bytes, and the error beyond it.
    most: (usize, Exceeded),
}

impl Output {
    /// The output of a whole template.
    pub(super) fn of_template() -> Self {
        Self { bytes: Vec::new(), most: (RENDER_BYTES, Exceeded::Output) }
    }

    /// The output of a block within a template.
    pub(super) fn of_block() -> Self {
        Self { bytes: Vec::new(), most: (RENDER_VALUE_BYTES, Exceeded::Value) }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (most, bound) = self.most;
        if self.bytes.len() + bytes.len() > most {
            BUDGET.with(|budget| budget.exceed(bound));
            return Err(io::Error::other(bound.text()));
        }
        count(steps_of(bytes.len()));
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The budget of all templates and conditions of one run on this thread. It ends on drop.
#[must_use = "it ends when it is dropped"]
pub struct RunBudget(());

/// Begins one shared budget for the templates and conditions of one run.
pub fn begin_run() -> RunBudget {
    BUDGET.with(|budget| budget.run.set(Some((0, Instant::now()))));
    RunBudget(())
}

impl Drop for RunBudget {
    fn drop(&mut self) {
        BUDGET.with(|budget| budget.run.set(None));
    }
}

/// The bound that the run's templates together have exceeded, if any.
pub fn run_exceeded() -> Option<Exceeded> {
    let (steps, began) = BUDGET.with(|budget| budget.run.get())?;
    if steps > RUN_STEPS {
        return Some(Exceeded::RunSteps);
    }
    (began.elapsed() > RUN_TIME).then_some(Exceeded::RunTime)
}

/// Counts work of a run outside of renderings, in bytes.
pub fn count_for_run(bytes: usize) {
    let more = steps_of(bytes);
    BUDGET.with(|budget| budget.run.set(budget.run.get().map(|(steps, began)| (steps.saturating_add(more), began))));
}

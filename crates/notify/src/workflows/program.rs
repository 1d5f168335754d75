//! A workflow made ready to be run: its steps in one line, branches as jumps, templates parsed.
//!
//! Where a run is, is a place in that line: so it fits in its row, and versions do not change.

use std::sync::Arc;

use super::definition::{Cohort, Definition, Kind, Send, Step, Way};
use super::schema::Schema;
use super::texts::Content;
use crate::conditions::Group;

/// What templates call the addresses of a recipient's own pages.
pub(crate) const ADDRESSES: [&str; 2] = ["manage_preferences_url", "commercial_unsubscribe_url"];

/// A version of a workflow, ready to be run.
#[derive(Debug)]
pub struct Program {
    /// The version's id.
    pub version: String,
    /// The workflow's key.
    pub key: String,
    /// Its document.
    pub definition: Definition,
    /// What it does.
    pub ops: Vec<Op>,
    /// What a trigger's data must look like.
    pub schema: Option<Schema>,
    /// Whether it says where its recipients change their preferences, or unsubscribe.
    pub says_addresses: bool,
    /// Whether it waits for events.
    pub waits: bool,
}

/// One thing to do.
#[derive(Debug)]
pub enum Op {
    /// A step; with what it says, where it sends something.
    Step(Arc<Step>, Option<Arc<Content>>),
    /// Goes to the first place whose conditions hold.
    Branch(Arc<Step>, Vec<Fork>),
    /// Goes to one of the places by lot.
    Cohort(Arc<Step>, Vec<(f64, usize)>),
    /// Goes on elsewhere.
    Jump(usize),
    /// The run ends here.
    End,
}

/// A place to go on at.
#[derive(Debug)]
pub struct Fork {
    /// When.
    pub conditions: Option<Group>,
    /// What people call it.
    pub name: String,
    /// Where.
    pub to: usize,
}

impl Program {
    /// Makes a version ready. Its templates and its schema are read when they are used first.
    pub fn new(version: String, key: String, mut definition: Definition) -> Self {
        let text = serde_json::to_string(&definition.steps).unwrap_or_default();
        let says_addresses = ADDRESSES.iter().any(|name| text.contains(name));
        let mut ops = Vec::new();
        compile(std::mem::take(&mut definition.steps), &mut ops);
        ops.push(Op::End);
        let schema = definition.trigger_data_json_schema.clone().map(Schema::new);
        let waits =
            ops.iter().any(|op| matches!(op, Op::Step(step, _) if matches!(step.kind, Kind::WaitForEvent { .. })));
        Self { version, key, definition, ops, schema, says_addresses, waits }
    }
}

impl Program {
    /// The steps that gather, and whether they do so by a key.
    pub fn batches(&self) -> impl Iterator<Item = (&str, bool)> {
        self.ops.iter().filter_map(|op| match op {
            Op::Step(step, _) => match &step.kind {
                Kind::Batch { settings } => Some((step.reference.as_str(), settings.batch_key.is_some())),
                _ => None,
            },
            _ => None,
        })
    }
}

fn compile(steps: Vec<Step>, ops: &mut Vec<Op>) {
    for mut step in steps {
        match &mut step.kind {
            Kind::Branch { branches } => {
                let ways = std::mem::take(branches);
                compile_branch(Arc::new(step), ways, ops);
            }
            Kind::RandomCohort { cohort_branches, .. } => {
                let cohorts = std::mem::take(cohort_branches);
                compile_cohorts(Arc::new(step), cohorts, ops);
            }
            Kind::Channel(send) => {
                let content = Arc::new(content_of(send));
                ops.push(Op::Step(Arc::new(step), Some(content)));
            }
            _ => ops.push(Op::Step(Arc::new(step), None)),
        }
    }
}

fn content_of(send: &Send) -> Content {
    Content::new(send.channel_type, &send.template)
}

fn compile_branch(step: Arc<Step>, ways: Vec<Way>, ops: &mut Vec<Op>) {
    let at = ops.len();
    ops.push(Op::End);
    let (mut forks, mut ends) = (Vec::new(), Vec::new());
    for Way { name, conditions, terminates, steps } in ways {
        forks.push(Fork { conditions, name, to: ops.len() });
        compile(steps, ops);
        ends.extend((!terminates).then_some(ops.len()));
        ops.push(Op::End);
    }
    // Where no way is open, the run goes on behind them.
    forks.push(Fork { conditions: None, name: String::new(), to: ops.len() });
    join(ends, ops);
    ops[at] = Op::Branch(step, forks);
}

fn compile_cohorts(step: Arc<Step>, cohorts: Vec<Cohort>, ops: &mut Vec<Op>) {
    let at = ops.len();
    ops.push(Op::End);
    let (mut lots, mut ends) = (Vec::new(), Vec::new());
    for Cohort { percentage, terminates, steps, .. } in cohorts {
        let percent = percentage.as_f64().or_else(|| percentage.as_str()?.trim().parse().ok()).unwrap_or(0.0);
        lots.push((percent, ops.len()));
        compile(steps, ops);
        ends.extend((!terminates).then_some(ops.len()));
        ops.push(Op::End);
    }
    join(ends, ops);
    ops[at] = Op::Cohort(step, lots);
}

/// Lets the ends of ways go on behind all of them.
fn join(ends: Vec<usize>, ops: &mut [Op]) {
    let behind = ops.len();
    ends.into_iter().for_each(|end| ops[end] = Op::Jump(behind));
}

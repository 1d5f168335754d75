//! A compiled workflow: its steps as one flat list, branches as jumps, templates ready to be
//! parsed.
//!
//! The position of a run is an index into that list. So it fits into the run's row. It stays valid,
//! because a version of a workflow never changes.

use std::sync::Arc;

use super::definition::{Branch, Cohort, Definition, Kind, Send, Step};
use super::schema::Schema;
use crate::conditions::Group;
use crate::content::Content;

/// The variables of templates for the addresses of a recipient's own pages.
pub const ADDRESSES: [&str; 2] = ["manage_preferences_url", "commercial_unsubscribe_url"];

/// A compiled version of a workflow.
#[derive(Debug)]
pub struct Program {
    /// The version's id.
    pub version: String,
    /// The workflow's key.
    pub key: String,
    /// Its document.
    pub definition: Definition,
    /// The instructions.
    pub ops: Vec<Op>,
    /// The schema of a trigger's data.
    pub schema: Option<Schema>,
    /// True if a template uses one of [`ADDRESSES`].
    pub says_addresses: bool,
    /// True if it has a step that waits for an event.
    pub waits: bool,
}

/// One instruction.
#[derive(Debug)]
pub enum Op {
    /// Takes a step. A step that sends has its content beside it.
    Step(Arc<Step>, Option<Arc<Content>>),
    /// Jumps to the first target whose conditions hold.
    Branch(Arc<Step>, Vec<Fork>),
    /// Jumps to one of the targets, chosen at random by their percentages.
    Cohort(Arc<Step>, Vec<(f64, usize)>),
    /// Jumps.
    Jump(usize),
    /// Ends the run.
    End,
}

/// A target of a branch.
#[derive(Debug)]
pub struct Fork {
    /// The conditions; without any it is always taken.
    pub conditions: Option<Group>,
    /// A name for people to read.
    pub name: String,
    /// The index of the next instruction.
    pub to: usize,
}

impl Program {
    /// Compiles a version. Templates and the schema are parsed later, at their first use.
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
    /// The batch steps: their references, and true for those with a key.
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

fn compile_branch(step: Arc<Step>, ways: Vec<Branch>, ops: &mut Vec<Op>) {
    let at = ops.len();
    ops.push(Op::End);
    let (mut forks, mut ends) = (Vec::new(), Vec::new());
    for Branch { name, conditions, terminates, steps } in ways {
        forks.push(Fork { conditions, name, to: ops.len() });
        compile(steps, ops);
        ends.extend((!terminates).then_some(ops.len()));
        ops.push(Op::End);
    }
    // If no branch is open, the run continues behind all of them.
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

/// Turns the ends of branches into jumps behind all branches.
fn join(ends: Vec<usize>, ops: &mut [Op]) {
    let behind = ops.len();
    ends.into_iter().for_each(|end| ops[end] = Op::Jump(behind));
}

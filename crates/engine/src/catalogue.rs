//! The registered jobs and workflows, for lookup when a run is created or executed.

use std::collections::HashMap;
use std::sync::Arc;

use crate::registry::{Registered, Registry};
use crate::workflow::Workflow;

/// All kinds of jobs and all workflows.
#[derive(Default)]
pub(crate) struct Catalogue {
    pub(crate) jobs: HashMap<&'static str, Registered>,
    versions: HashMap<(&'static str, i64), Arc<Workflow>>,
    latest: HashMap<&'static str, Arc<Workflow>>,
    triggered: HashMap<String, Vec<Arc<Workflow>>>,
}

impl Catalogue {
    pub(crate) fn new(registry: Registry) -> Self {
        let mut catalogue = Self { jobs: registry.kinds, ..Self::default() };
        for workflow in registry.workflows {
            catalogue.versions.insert((workflow.name, workflow.version), workflow.clone());
            let latest = catalogue.latest.entry(workflow.name).or_insert_with(|| workflow.clone());
            if workflow.version > latest.version {
                *latest = workflow;
            }
        }
        for workflow in catalogue.latest.values() {
            for trigger in &workflow.options.triggers {
                let triggered = catalogue.triggered.entry(trigger.event.clone()).or_default();
                // Two triggers on one event start one run.
                if !triggered.iter().any(|known| known.name == workflow.name) {
                    triggered.push(workflow.clone());
                }
            }
        }
        catalogue.triggered.values_mut().for_each(|workflows| workflows.sort_by_key(|workflow| workflow.name));
        catalogue
    }

    /// The version of a workflow that new runs use.
    pub(crate) fn latest(&self, name: &str) -> Option<&Arc<Workflow>> {
        self.latest.get(name)
    }

    /// The version of a workflow that a stored run continues with.
    pub(crate) fn version(&self, name: &str, version: i64) -> Option<&Arc<Workflow>> {
        // The map's keys are `&'static str`; a registered name supplies one.
        let (name, _) = self.latest.get_key_value(name)?;
        self.versions.get(&(*name, version))
    }

    /// The workflows that an event of this name triggers.
    pub(crate) fn triggered_by(&self, event: &str) -> &[Arc<Workflow>] {
        self.triggered.get(event).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn is_triggered_by(&self, event: &str) -> bool {
        self.triggered.contains_key(event)
    }

    pub(crate) fn workflows(&self) -> impl Iterator<Item = &Arc<Workflow>> {
        self.latest.values()
    }
}

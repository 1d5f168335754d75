//! Observations that people and programs tell themselves: remembered and announced like those of
//! connected tools, in one transaction.

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Actor, Caller, Permission, Workspace, people};
use campanile_base::source_event::EventActor;
use campanile_base::{Error, Result};
use campanile_memory::documents::API_SOURCE;
use campanile_memory::observations::{self, MANUAL_SOURCE, ObservationInput};
use campanile_memory::{Observation, RememberOutcome, remember};
use serde_json::json;

use crate::{App, pipeline};

impl App {
    /// Remembers an observation that a member or a program tells. Returns it, and true if it is new; one that is
    /// known by its identity is left as it is.
    ///
    /// # Errors
    /// `Forbidden`; `InvalidField` for a field out of bounds.
    pub async fn create_observation(
        &self,
        caller: &Caller,
        workspace: &Workspace,
        input: ObservationInput,
    ) -> Result<(Observation, bool)> {
        caller.must(Permission::Configure)?;
        let (app, caller, workspace) = (self.clone(), caller.clone(), workspace.clone());
        let told = self.db.write(move |tx| {
            Box::pin(async move {
                let (source, teller) = match &caller.actor {
                    Actor::Person(id) => {
                        let person = people::member(tx, &workspace.organisation_id, id).await?;
                        let (id, name) = (id.to_string(), person.name);
                        (MANUAL_SOURCE, Some(EventActor { id, name, email: Some(person.email), avatar_url: None }))
                    }
                    _ => (API_SOURCE, None),
                };
                let event = input.read(source, teller, app.clock.now())?;
                let events = [event];
                let remembered =
                    remember(tx, &app.memory, &workspace.organisation_id, &workspace.id, &events).await?.pop();
                let Some(observation) = remembered.and_then(RememberOutcome::into_new) else {
                    let known = observations::by_source_id(tx, &workspace.id, &events[0].source_id).await?;
                    return Ok((known.ok_or_else(|| Error::internal("what is known has a row"))?, false));
                };
                pipeline::captured(tx, &app, &workspace, vec![(*observation).clone()]).await?;
                let about = json!({ "title": observation.title, "type": observation.event_type });
                let (clock, id) = (&app.clock, observation.id.as_str());
                activity::record(tx, clock, &caller, Action::ObservationCreated, id, about).await?;
                Ok((*observation, true))
            })
        });
        told.await
    }
}

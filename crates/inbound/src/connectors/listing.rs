//! The workflow that learns what an account has, page by page.
//!
//! A page is a step: a crash goes on at the page. Resources that a complete list did not have become
//! inactive. A list that ends early takes nothing away. Disconnecting the account cancels it.

use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Timestamp};
use campanile_db::Tx;
use campanile_engine::flow::{CancelOn, Singleton};
use campanile_engine::{Ctx, Failure, NewEvent, Registry, Workflow};
use serde::{Deserialize, Serialize};

use super::Connectors;
use crate::connections::resources::queries as resources;
use crate::connections::{Connection, ConnectionId, Resource, find};
use crate::remote::{ListedResource, ResourcePage, Trouble};

const LIST: &str = "inbound.list-resources";
/// The event that asks for a list.
const WANTED: &str = "connection.resources-wanted";
/// The most pages of one account.
const PAGES: usize = 400;

/// The data of the event.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct ListRequest {
    connection: String,
}

pub(super) fn register(registry: &mut Registry, connectors: &Connectors) {
    let within = connectors.clone();
    let workflow = Workflow::new(LIST, 1, move |ctx: Ctx, request: ListRequest| {
        let connectors = within.clone();
        async move { list(ctx, connectors, ConnectionId::from(request.connection)).await }
    });
    let one_at_a_time = Singleton::skip().key("event.data.connection");
    let until_closing = CancelOn::event("connection.closing").same("data.connection");
    let workflow = workflow.on_event(WANTED).singleton(one_at_a_time).cancel_on(until_closing);
    registry.workflow(workflow.finish_timeout(Duration::from_secs(1_800)));
}

/// Asks for the resources of a connection to be listed.
pub(super) async fn request(tx: &mut Tx, connectors: &Connectors, connection: &Connection) -> Result<()> {
    let wanted = ListRequest { connection: connection.id.to_string() };
    let event = NewEvent::new(WANTED, connection.organisation_id.as_str(), &wanted);
    connectors.engine.send(tx, event).await?;
    Ok(())
}

async fn list(ctx: Ctx, connectors: Connectors, id: ConnectionId) -> Result<usize, Failure> {
    let organisation = OrganisationId::from(ctx.tenant().to_owned());
    let (began, mut after, mut number) = (ctx.now(), None::<String>, 0);
    loop {
        let of = (connectors.clone(), organisation.clone(), id.clone(), after.clone());
        let page = ctx.step(&format!("page {number}"), move || {
            let (connectors, organisation, id, after) = of.clone();
            async move { connectors.list_page(&organisation, &id, after.as_deref(), began).await }
        });
        let next: Option<String> = page.await?;
        number += 1;
        match next {
            None => break,
            Some(_) if number == PAGES => return Err(Failure::permanent("the account has too many resources")),
            Some(_) if next == after => return Err(Failure::permanent("the provider's pages lead in a circle")),
            Some(_) => after = next,
        }
    }
    let complete = ctx.transaction("complete", move |tx| {
        Box::pin(async move { Ok(resources::retire(tx, (&organisation, &id), began).await?) })
    });
    complete.await?;
    Ok(number)
}

impl Connectors {
    /// Lists and stores a page. Returns the cursor of the next one.
    async fn list_page(
        &self,
        organisation: &OrganisationId,
        id: &ConnectionId,
        after: Option<&str>,
        began: Timestamp,
    ) -> Result<Option<String>, Failure> {
        let (of, wanted) = (organisation.clone(), id.clone());
        let found = self.db.read(move |tx| Box::pin(async move { find(tx, &of, &wanted).await })).await;
        let connection: Connection = match found {
            Err(Error::NotFound(_)) => return Err(Failure::permanent("the connection does not exist any more")),
            found => found?,
        };
        if !connection.status.is_usable() {
            return Err(Failure::permanent("the connection is disconnected"));
        }
        // What a delivery tells while the provider answers is newer than the answer.
        let asked_at = self.clock.now().max(began);
        let asked = self.page_of(&connection, after).await;
        let ResourcePage { resources, next } = asked.map_err(|trouble| self.failure_of(trouble))?;
        self.store_page(&connection, resources, asked_at).await?;
        Ok(next)
    }

    pub(super) async fn page_of(&self, connection: &Connection, after: Option<&str>) -> Result<ResourcePage, Trouble> {
        let remote = self.remote_of(connection.provider)?;
        let access = self.access(connection).await?;
        let (page, limits) = match remote.resources(&access.api, after, self.clock.now()).await {
            Err(Trouble::Unauthorised) => {
                let access = self.access_after_refusal(connection, access.generation).await?;
                (remote.resources(&access.api, after, self.clock.now()).await?, access.api.limits())
            }
            page => (page?, access.api.limits()),
        };
        self.note_success(connection, None, limits).await?;
        Ok(page)
    }

    pub(super) async fn store_page(
        &self,
        connection: &Connection,
        listed: Vec<ListedResource>,
        asked_at: Timestamp,
    ) -> campanile_base::Result<()> {
        let (organisation, id) = (connection.organisation_id.clone(), connection.id.clone());
        let rows: Vec<Resource> = listed.into_iter().map(|listed| row(listed, asked_at)).collect();
        let stored = self.db.write(move |tx| {
            Box::pin(async move {
                for resource in &rows {
                    resources::put(tx, (&organisation, &id), resource).await?;
                }
                Ok::<_, campanile_db::Error>(())
            })
        });
        Ok(stored.await?)
    }

    /// The failure of a step for trouble. A limit is waited for; what cannot pass is not tried again.
    pub(super) fn failure_of(&self, trouble: Trouble) -> Failure {
        match trouble {
            Trouble::Ours(error) => error.into(),
            Trouble::Limited { until } => {
                Failure::retry_after("the provider wants fewer calls", until.since(self.clock.now()))
            }
            Trouble::Network(_) | Trouble::Provider(_) => Failure::new(trouble.to_string()),
            other => Failure::permanent(other.to_string()),
        }
    }
}

pub(super) fn row(listed: ListedResource, now: Timestamp) -> Resource {
    let ListedResource { kind, id, name, url, is_private, is_archived } = listed;
    Resource {
        kind: kind.to_owned(),
        provider_id: id,
        name,
        url,
        is_private,
        is_archived,
        status: "active".to_owned(),
        listed_at: now,
    }
}

//! Keeps linked sources true by themselves.
//!
//! * `reconcile`: once a day, a source is compared with its tool. It finds what webhooks have missed.
//! * `poll`: a tool that sends no webhooks is asked for its news every few minutes.
//! * `changes`: what a webhook names without its content is fetched, and edited documents are read again.
//! * `permissions`: what a tool does not let us read is told by name.
//!
//! One workflow looks every minute for the sources whose turn has come. Each source has its own job or
//! run then, so that a slow tool holds up no other.

mod changes;
mod permissions;
mod poll;
mod reconcile;

use std::time::Duration;

use campanile_accounts::{Caller, OrganisationId};
use campanile_base::Result;
use campanile_engine::flow::{Cron, Singleton};
use campanile_engine::{Backoff, Ctx, Failure, Registry, Workflow};

use super::Connectors;
use crate::sources::{self, Source, SourceId};
use crate::upkeep::next_reconcile;
use crate::upkeep::queries::{self, DueSource};

pub use permissions::ConnectionView;

/// The workflow that looks for sources whose turn has come.
const UPKEEP: &str = "inbound.upkeep";
/// Every minute; every second if polls are to be more frequent than that.
const EVERY_MINUTE: &str = "* * * * *";
const EVERY_SECOND: &str = "* * * * * *";
/// The sources that are begun at a time. The others follow with the next look.
const TOGETHER: i64 = 500;
/// The time after a webhook for which its source is not polled.
const HEARD: Duration = Duration::from_secs(24 * 3_600);

/// The settings of the upkeep.
#[derive(Debug, Clone, Copy)]
pub(super) struct UpkeepSettings {
    /// The time between two polls of a source; `None` for none.
    pub(super) poll: Option<Duration>,
    /// True if sources are reconciled every day.
    pub(super) reconciles: bool,
}

pub(super) fn register(registry: &mut Registry, connectors: &Connectors) {
    reconcile::register(registry, connectors);
    poll::register(registry, connectors);
    changes::register(registry, connectors);
    let within = connectors.clone();
    let workflow = Workflow::new(UPKEEP, 1, move |_: Ctx, _: serde_json::Value| {
        let connectors = within.clone();
        async move { look(&connectors).await.map_err(Failure::from) }
    });
    let is_frequent = connectors.upkeep.poll.is_some_and(|every| every < Duration::from_secs(60));
    let schedule = Cron::parse(if is_frequent { EVERY_SECOND } else { EVERY_MINUTE }).expect("a constant schedule");
    let backoff = Backoff::Exponential { first: Duration::from_secs(5), most: Duration::from_secs(60) };
    registry.workflow(workflow.on_cron(schedule).singleton(Singleton::skip()).attempts(2).backoff(backoff));
}

/// Begins what is due.
async fn look(connectors: &Connectors) -> Result<()> {
    if connectors.upkeep.reconciles {
        connectors.plan_reconciles().await?;
        connectors.begin_due_reconciles().await?;
    }
    if connectors.upkeep.poll.is_some() {
        connectors.enqueue_due_polls().await?;
    }
    Ok(())
}

impl Connectors {
    /// Plans the reconciles of sources that were linked by an earlier version.
    async fn plan_reconciles(&self) -> Result<()> {
        let now = self.clock.now();
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    for DueSource { organisation, source } in queries::unplanned(tx, TOGETHER).await? {
                        let next = next_reconcile(source.as_str(), now);
                        queries::plan_reconcile(tx, (&organisation, &source), next).await?;
                    }
                    Ok::<_, campanile_db::Error>(())
                })
            })
            .await?;
        Ok(())
    }

    /// The linked source with this id, and its connection. `None` if one of them is gone, or is not used.
    async fn in_use(&self, organisation: &OrganisationId, id: &SourceId) -> Result<Option<SourceInUse>> {
        let (of, id) = (organisation.clone(), id.clone());
        self.db.read(move |tx| Box::pin(async move { SourceInUse::find(tx, &of, &id).await })).await
    }
}

/// A linked source whose connection is used.
#[derive(Debug, Clone)]
struct SourceInUse {
    source: Source,
    resource: sources::LinkedResource,
    connection: crate::connections::Connection,
}

impl SourceInUse {
    async fn find(tx: &mut campanile_db::Tx, organisation: &OrganisationId, id: &SourceId) -> Result<Option<Self>> {
        let Some(source) = sources::find_any(tx, organisation, id).await? else { return Ok(None) };
        let Some(resource) = source.resource.clone() else { return Ok(None) };
        let connection = crate::connections::find(tx, organisation, &resource.connection_id).await?;
        Ok(connection.status.is_usable().then_some(Self { source, resource, connection }))
    }

    fn by(&self) -> Caller {
        Caller::system(self.source.organisation_id.clone())
    }
}

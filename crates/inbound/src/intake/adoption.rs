//! The workflow by which strays go their way once their account is connected, in the order of their
//! arrival. A crash goes on at the stray that is left: a delivery is stored once for each source.

use campanile_accounts::OrganisationId;
use campanile_engine::flow::Limit;
use campanile_engine::{Ctx, Failure, Registry, Workflow};
use serde::Deserialize;

use super::Intake;
use crate::connections::{ConnectionId, find};
use crate::strays::{Stray, queries};

const ADOPT: &str = "inbound.adopt-strays";
/// The event of a connection that is connected, for the first time or again.
const CONNECTED: &str = "connection.connected";
/// The strays of one step.
const TOGETHER: usize = 50;
/// The most steps: there are at most a thousand strays of an account.
const STEPS: usize = 40;

#[derive(Debug, Clone, Deserialize)]
struct ConnectedEvent {
    connection: String,
}

impl Intake {
    /// Registers the workflow.
    pub fn register(&self, registry: &mut Registry) {
        let within = self.clone();
        let workflow = Workflow::new(ADOPT, 1, move |ctx: Ctx, connected: ConnectedEvent| {
            let intake = within.clone();
            async move { adopt_all(ctx, intake, ConnectionId::from(connected.connection)).await }
        });
        let one_at_a_time = Limit::of(1).key("event.data.connection");
        registry.workflow(workflow.on_event(CONNECTED).limit(one_at_a_time).attempts(5));
    }
}

async fn adopt_all(ctx: Ctx, intake: Intake, id: ConnectionId) -> Result<usize, Failure> {
    let organisation = OrganisationId::from(ctx.tenant().to_owned());
    let mut all = 0;
    for number in 0..STEPS {
        let of = (intake.clone(), organisation.clone(), id.clone());
        let adopted = ctx.step(&format!("adopt {number}"), move || {
            let (intake, organisation, id) = of.clone();
            async move { intake.adopt_some(&organisation, &id).await }
        });
        let adopted: usize = adopted.await?;
        all += adopted;
        if adopted < TOGETHER {
            break;
        }
    }
    Ok(all)
}

impl Intake {
    /// Lets some strays of a connection go their way. Returns how many there were.
    async fn adopt_some(&self, organisation: &OrganisationId, id: &ConnectionId) -> campanile_base::Result<usize> {
        for number in 0..TOGETHER {
            let Some(stray) = self.oldest_stray(organisation, id).await? else { return Ok(number) };
            self.adopt(stray).await.map_err(campanile_base::Error::internal)?;
        }
        Ok(TOGETHER)
    }

    async fn oldest_stray(
        &self,
        organisation: &OrganisationId,
        id: &ConnectionId,
    ) -> campanile_base::Result<Option<Stray>> {
        let (organisation, id) = (organisation.clone(), id.clone());
        self.db
            .read(move |tx| {
                Box::pin(async move {
                    let connection = find(tx, &organisation, &id).await?;
                    let Some(app) = connection.app_id.filter(|_| connection.status.is_open()) else { return Ok(None) };
                    let owner = (app != crate::apps::OF_SERVER).then_some(&organisation);
                    let (provider, account) = (connection.provider, &connection.account_id);
                    Ok(queries::oldest(tx, (&app, owner), provider, account).await?)
                })
            })
            .await
    }
}

//! Operational webhooks: sends the notices about an organisation's endpoints and messages.
//!
//! They are ordinary messages, sent to the endpoints of the organisation's operational application
//! ([`applications::operational`](crate::applications::operational)). Their own deliveries cause no
//! further notices.

use campanile_accounts::OrganisationId;
use campanile_base::Result;
use campanile_db::Tx;
use campanile_engine::{Backoff, JobOptions, Outcome, Registry};
use serde_json::json;
use std::time::Duration;

use crate::Webhooks;
use crate::messages::{self, NewMessage};
use crate::model::applications::queries;
use crate::notice::{NOTICE, Notice};

pub use crate::notice::TYPES;

/// Registers the job. Notices of one organisation are sent in order.
pub(crate) fn register(registry: &mut Registry, webhooks: &Webhooks) {
    let options = JobOptions {
        max_attempts: 20,
        per_key: 1,
        backoff: Backoff::Exponential { first: Duration::from_secs(1), most: Duration::from_secs(300) },
        ..JobOptions::default()
    };
    let within = webhooks.clone();
    registry.register(NOTICE, options, move |attempt| {
        let webhooks = within.clone();
        async move {
            let notice: Notice = attempt.job.args()?;
            let organisation = OrganisationId::from(attempt.job.tenant.to_string());
            Ok(Outcome::done()
                .with(move |tx| Box::pin(async move { send(tx, &webhooks, &organisation, notice).await })))
        }
    });
}

async fn send(tx: &mut Tx, webhooks: &Webhooks, organisation: &OrganisationId, notice: Notice) -> Result<()> {
    let Some(operational) = queries::operational(tx, organisation).await? else { return Ok(()) };
    let payload = json!({ "type": notice.name, "data": notice.data }).to_string();
    let new = NewMessage { event_type: notice.name, payload: payload.into(), ..NewMessage::default() };
    messages::send(tx, webhooks, &operational, new).await.map(drop)
}

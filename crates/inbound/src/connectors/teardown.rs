//! Disconnects an account.
//!
//! 1. The gate, in the transaction of the request: the status is *closing*. From here on nothing uses
//!    the connection, and the event `connection.closing` ends what works with it.
//! 2. The tokens are ended at the provider, if it lets us. This is tried a few times within
//!    fifteen seconds, and never holds up the rest. If it fails, the log says what is left behind.
//! 3. The tokens and the resources are erased, the linked sources are removed, and the status is *closed*,
//!    in one transaction. What the sources told stays, unless the person wished otherwise.
//! 4. If they did, the data of each source is deleted in batches: its deliveries, what those told, and its
//!    documents. The application does this, since the memory keeps them.
//!
//! Each step is kept by the engine, so a crash goes on where it was. There is no way to get stuck: a
//! provider that hangs costs fifteen seconds.

use std::time::Duration;

use campanile_accounts::{Caller, OrganisationId, Permission};
use campanile_base::{Error, Result};
use campanile_db::Tx;
use campanile_engine::flow::Limit;
use campanile_engine::{Ctx, Failure, Registry, Workflow};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::Connectors;
use super::new_connection::author;
use crate::connections::resources::queries as resources;
use crate::connections::tokens::queries as tokens;
use crate::connections::{
    Change, Connection, ConnectionId, ConnectionKind, LogEvent, Status, Trigger, change_status, find, note, queries,
};
use crate::remote::{Revocation, Trouble};
use crate::sources::Documents;
use crate::{routing, sources};

const TEARDOWN: &str = "inbound.disconnect";
/// The event that starts it: the event of the status.
const CLOSING: &str = "connection.closing";
/// The time for ending the tokens at the provider, all attempts together.
const PROVIDER_TIME: Duration = Duration::from_secs(15);
/// The attempts to do so, and the pause between them.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_secs(2);

/// The place where the owner of an account can uninstall our app.
const APP_SETTINGS: &str =
    "the app stays installed until the owner of the account uninstalls it, in GitHub under Settings, Applications";

/// The data of the event.
#[derive(Debug, Clone, Deserialize)]
struct ClosingEvent {
    connection: String,
}

/// The options for disconnecting an account.
#[derive(Debug, Clone, Copy, Default)]
pub struct DisconnectOptions {
    /// True to delete what its sources have brought.
    pub delete_data: bool,
    /// True to uninstall our app from the account, if it was connected by one.
    pub uninstall: bool,
}

/// The result of ending our tokens at the provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct TokenEnd {
    is_ended: bool,
    /// The thing that is left there, in a sentence.
    reason: Option<String>,
}

pub(super) fn register(registry: &mut Registry, connectors: &Connectors) {
    let within = connectors.clone();
    let workflow = Workflow::new(TEARDOWN, 1, move |ctx: Ctx, closing: ClosingEvent| {
        let connectors = within.clone();
        async move { tear_down(ctx, connectors, ConnectionId::from(closing.connection)).await }
    });
    let one_at_a_time = Limit::of(1).key("event.data.connection");
    registry.workflow(workflow.on_event(CLOSING).limit(one_at_a_time).attempts(5));
}

async fn tear_down(ctx: Ctx, connectors: Connectors, id: ConnectionId) -> Result<(), Failure> {
    let organisation = OrganisationId::from(ctx.tenant().to_owned());
    let of = (connectors.clone(), organisation.clone(), id.clone());
    let ended = ctx.step("end the tokens", move || {
        let (connectors, organisation, id) = of.clone();
        async move { connectors.end_tokens(&organisation, &id).await }
    });
    let ended: TokenEnd = ended.await?;
    let closed = ctx.transaction("close", move |tx| {
        Box::pin(async move { Ok(connectors.close(tx, &organisation, &id, ended).await?) })
    });
    closed.await?;
    Ok(())
}

impl Connectors {
    /// Writes into the log of a connection that the data of one of its sources was deleted.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn note_deletion(
        &self,
        tx: &mut Tx,
        organisation: &OrganisationId,
        id: &ConnectionId,
        said: &str,
    ) -> Result<()> {
        let connection = match find(tx, organisation, id).await {
            Err(Error::NotFound(_)) => return Ok(()),
            found => found?,
        };
        note(tx, &connection, self.clock.now(), LogEvent::DataDeleted, None, Some(said), Trigger::System).await
    }

    /// Begins to disconnect an account. The rest is done by the engine, within a minute; only the
    /// deletion of data may take longer.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for another organisation's connection.
    pub async fn disconnect(
        &self,
        caller: &Caller,
        id: &ConnectionId,
        options: DisconnectOptions,
    ) -> Result<Connection> {
        caller.must(Permission::Configure)?;
        let DisconnectOptions { delete_data, uninstall } = options;
        let (connectors, caller, id) = (self.clone(), caller.clone(), id.clone());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let connection = find(tx, &caller.organisation, &id).await?;
                    // Twice is as good as once.
                    if connection.status.is_open() {
                        let (_, trigger) = author(&caller);
                        let (to, event) = (Status::Closing, LogEvent::Closing);
                        let change = Change { to, event, reason: None, trigger };
                        let of = (&connectors.engine, &connectors.clock);
                        let is_ours = change_status(tx, of, &caller, &connection, change).await?;
                        if !is_ours {
                            return Err(Error::conflict("the connection has just changed; try again"));
                        }
                        queries::stop_checks(tx, &caller.organisation, &id).await?;
                        queries::set_options(tx, (&caller.organisation, &id), delete_data, uninstall).await?;
                        connectors.cancel_backfills(tx, &connection).await?;
                    }
                    find(tx, &caller.organisation, &id).await
                })
            })
            .await
    }

    /// Ends the tokens of a connection at the provider, as far as it lets us.
    async fn end_tokens(&self, organisation: &OrganisationId, id: &ConnectionId) -> Result<TokenEnd> {
        let (of, wanted) = (organisation.clone(), id.clone());
        let connection: Connection =
            self.db.read(move |tx| Box::pin(async move { find(tx, &of, &wanted).await })).await?;
        let ended = match timeout(PROVIDER_TIME, self.revoke(&connection)).await {
            Ok(ended) => ended,
            Err(_) => Err(Trouble::Network(format!("no answer within {} s", PROVIDER_TIME.as_secs()))),
        };
        Ok(match ended {
            Ok(Revocation::Done) => TokenEnd { is_ended: true, reason: None },
            Ok(Revocation::ByHand(place)) => TokenEnd { is_ended: false, reason: Some(place.to_owned()) },
            Err(Trouble::Ours(error)) => return Err(error),
            // There is nothing to end.
            Err(Trouble::Closed | Trouble::GrantEnded | Trouble::Unauthorised) => {
                TokenEnd { is_ended: true, reason: Some("the provider had ended it before".to_owned()) }
            }
            Err(trouble) => {
                let name = connection.provider.name();
                TokenEnd {
                    is_ended: false,
                    reason: Some(format!("{trouble}; remove the access in the settings of {name}")),
                }
            }
        })
    }

    async fn revoke(&self, connection: &Connection) -> Result<Revocation, Trouble> {
        if connection.kind == ConnectionKind::App {
            let (_, uninstall) = self.options_of(connection).await?;
            return match uninstall {
                true => self.uninstall(connection).await,
                false => self.end_of_installation(connection).await,
            };
        }
        let remote = self.remote_of(connection.provider)?;
        let held = self.held(&connection.organisation_id, &connection.id).await?;
        let credentials = self.opened(connection, &held)?;
        for attempt in 1.. {
            match remote.revoke(&self.client, held.kind, &credentials, self.clock.now()).await {
                Err(Trouble::Network(_) | Trouble::Provider(500..)) if attempt < ATTEMPTS => {
                    tokio::time::sleep(PAUSE).await;
                }
                ended => return ended,
            }
        }
        unreachable!("the last attempt returns")
    }

    /// The options for disconnecting it: whether data is deleted, and the app uninstalled.
    async fn options_of(&self, connection: &Connection) -> Result<(bool, bool)> {
        let (of, id) = (connection.organisation_id.clone(), connection.id.clone());
        let read = self.db.read(move |tx| Box::pin(async move { queries::disconnect_options(tx, (&of, &id)).await }));
        Ok(read.await?.unwrap_or_default())
    }

    /// Uninstalls an app from an account, as the person wished who disconnects it.
    async fn uninstall(&self, connection: &Connection) -> Result<Revocation, Trouble> {
        let (app, now) = (self.app_of(connection).await?, self.clock.now());
        let api = self.github.app_api(&self.client, &app, now)?;
        for attempt in 1.. {
            match self.github.uninstall(&api, &connection.account_id, self.clock.now()).await {
                Ok(()) | Err(Trouble::Missing) => return Ok(Revocation::Done),
                Err(Trouble::Network(_) | Trouble::Provider(500..)) if attempt < ATTEMPTS => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(trouble) => return Err(trouble),
            }
        }
        unreachable!("the last attempt returns")
    }

    /// Looks whether an app is still installed. Only the owner of the account uninstalls it: others may
    /// use the same installation.
    async fn end_of_installation(&self, connection: &Connection) -> Result<Revocation, Trouble> {
        match self.account_of_installation(connection).await {
            Err(Trouble::Missing) => Ok(Revocation::Done),
            Ok(_) | Err(Trouble::Suspended) => Ok(Revocation::ByHand(APP_SETTINGS)),
            Err(trouble) => Err(trouble),
        }
    }

    /// Erases a connection's tokens, resources and sources, and ends it.
    async fn close(
        &self,
        tx: &mut Tx,
        organisation: &OrganisationId,
        id: &ConnectionId,
        ended: TokenEnd,
    ) -> Result<()> {
        let connection = find(tx, organisation, id).await?;
        if connection.status != Status::Closing {
            return Ok(());
        }
        let now = self.clock.now();
        // The lines of one transaction would have one time and no order.
        let before = |micros| now.minus(Duration::from_micros(micros));
        let event = if ended.is_ended { LogEvent::AccessRevoked } else { LogEvent::LeftBehind };
        note(tx, &connection, before(2), event, None, ended.reason.as_deref(), Trigger::System).await?;
        let by = Caller::system(organisation.clone());
        let (delete_data, _) = queries::disconnect_options(tx, (organisation, id)).await?.unwrap_or_default();
        let data = if delete_data { Documents::DeleteWithAll } else { Documents::Keep };
        sources::delete_of_connection(tx, (&self.engine, &self.clock), &by, id, data).await?;
        tokens::erase(tx, organisation, id).await?;
        self.installation_tokens.forget(id);
        resources::forget_all(tx, organisation, id).await?;
        routing::queries::forget_unlinked(tx, organisation, id).await?;
        note(tx, &connection, before(1), LogEvent::Erased, None, None, Trigger::System).await?;
        let (to, event) = (Status::Closed, LogEvent::Closed);
        let change = Change { to, event, reason: ended.reason.filter(|_| !ended.is_ended), trigger: Trigger::System };
        self.change_status(tx, &connection, change).await?;
        Ok(())
    }
}

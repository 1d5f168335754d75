//! Stores a connection for an account, for the first time or again.

use campanile_accounts::{Actor, Caller};
use campanile_base::{Error, Result, Secret};

use super::{Connectors, health, listing};
use crate::Provider;
use crate::connections::queries::{self, NewTokens};
use crate::connections::{
    Change, Connection, ConnectionId, ConnectionKind, Credentials, Lifetime, LogEvent, Status, Trigger, change_status,
};
use crate::remote::{Account, Trouble};

/// The account, the tokens and their kind of a connection to be stored.
pub(super) struct NewConnection {
    pub(super) provider: Provider,
    pub(super) kind: ConnectionKind,
    pub(super) account: Account,
    pub(super) credentials: Credentials,
    pub(super) lifetime: Lifetime,
    pub(super) scopes: Vec<String>,
}

impl Connectors {
    /// The account behind a token.
    pub(super) async fn account_for(
        &self,
        provider: Provider,
        kind: ConnectionKind,
        access: &Secret,
    ) -> Result<Account, Trouble> {
        let remote = self.remote_of(provider)?;
        remote.account(&remote.api(&self.client, kind, access), self.clock.now()).await
    }

    /// Stores a connection, and asks for its resources.
    pub(super) async fn store_connection(&self, caller: &Caller, new: NewConnection) -> Result<Connection> {
        let (connectors, caller) = (self.clone(), caller.clone());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let now = connectors.clock.now();
                    let known = queries::by_account(tx, &caller.organisation, new.provider, &new.account.id).await?;
                    let (connected_by, trigger) = author(&caller);
                    let connection = Connection {
                        id: known.as_ref().map_or_else(|| ConnectionId::new(now), |known| known.id.clone()),
                        organisation_id: caller.organisation.clone(),
                        provider: new.provider,
                        account_id: new.account.id,
                        account_label: new.account.label,
                        kind: new.kind,
                        scopes: new.scopes,
                        status: known.as_ref().map_or(Status::Active, |known| known.status),
                        status_reason: None,
                        status_at: known.as_ref().map_or(now, |known| known.status_at),
                        connected_by,
                        last_seen_at: Some(now),
                        expires_at: new.lifetime.expires_at,
                        failures: 0,
                        limit_total: None,
                        limit_remaining: None,
                        limit_reset_at: None,
                        created_at: known.as_ref().map_or(now, |known| known.created_at),
                    };
                    let sealed = new.credentials.seal(&connectors.vault, &connection.organisation_id, &connection.id);
                    let (lifetime, check_at) = (new.lifetime, health::next_check(now));
                    let row = NewTokens { connection: &connection, sealed: &sealed, lifetime, check_at };
                    let is_stored = match known {
                        Some(_) => queries::authorise_again(tx, row).await?,
                        None => queries::insert(tx, row).await?,
                    };
                    if !is_stored {
                        return Err(Error::conflict(
                            "this account is being disconnected or connected by somebody else; try again in a minute",
                        ));
                    }
                    let (to, event) = (Status::Active, LogEvent::Connected);
                    let change = Change { to, event, reason: None, trigger };
                    let of = (&connectors.engine, &connectors.clock);
                    if !change_status(tx, of, &caller, &connection, change).await? {
                        return Err(Error::conflict("the connection has just changed; try again"));
                    }
                    listing::request(tx, &connectors, &connection).await?;
                    crate::connections::find(tx, &connection.organisation_id, &connection.id).await
                })
            })
            .await
    }
}

/// The id of the caller, and the kind of cause that they are.
pub(super) fn author(caller: &Caller) -> (String, Trigger) {
    match &caller.actor {
        Actor::Person(id) => (id.to_string(), Trigger::Person),
        Actor::Key(id) | Actor::Application(id) => (id.clone(), Trigger::Person),
        Actor::System => (String::new(), Trigger::System),
    }
}

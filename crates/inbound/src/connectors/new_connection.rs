//! Stores a connection for an account, for the first time or again.

use campanile_accounts::{Actor, Caller};
use campanile_base::{Error, Result, Secret};
use campanile_db::Tx;

use super::{Connectors, health, listing};
use crate::Provider;
use crate::connections::queries::{self, NewTokens};
use crate::connections::{
    Change, Connection, ConnectionId, ConnectionKind, Credentials, Lifetime, LogEvent, Status, Trigger, change_status,
};
use crate::remote::{Account, FieldValues, Grant, Trouble};

/// The account, the tokens and their kind of a connection to be stored.
pub(super) struct NewConnection {
    pub(super) provider: Provider,
    pub(super) kind: ConnectionKind,
    pub(super) account: Account,
    /// The app that was installed.
    pub(super) app: Option<String>,
    /// The tokens; `None` for an app.
    pub(super) credentials: Option<Credentials>,
    pub(super) lifetime: Lifetime,
    pub(super) scopes: Vec<String>,
    /// True if the owner of the account has to install our app first.
    pub(super) is_pending: bool,
    /// The account of the pending connection that this one takes the place of.
    pub(super) replaces: Option<String>,
    /// The one who asked for it, if it is not the caller.
    pub(super) connected_by: Option<String>,
}

impl NewConnection {
    /// A connection with tokens that do not expire.
    pub(super) fn with_tokens(
        provider: Provider,
        kind: ConnectionKind,
        account: Account,
        credentials: Credentials,
    ) -> Self {
        let (credentials, lifetime) = (Some(credentials), Lifetime::ENDLESS);
        let (app, scopes, is_pending, replaces, connected_by) = (None, Vec::new(), false, None, None);
        Self { provider, kind, account, app, credentials, lifetime, scopes, is_pending, replaces, connected_by }
    }
}

impl Connectors {
    /// The account that a person connects with a token and the values of its fields.
    pub(super) async fn account_of_token(
        &self,
        provider: Provider,
        token: &Secret,
        fields: &FieldValues,
    ) -> Result<Account, Trouble> {
        let remote = self.remote_of(provider)?;
        let api = remote.api(&self.client, ConnectionKind::Token, token);
        remote.account_of_token(&api, fields, self.clock.now()).await
    }

    /// The account for which a person has consented.
    pub(super) async fn account_of_grant(
        &self,
        provider: Provider,
        access: &Secret,
        grant: Grant<'_>,
    ) -> Result<Account, Trouble> {
        let remote = self.remote_of(provider)?;
        let api = remote.api(&self.client, ConnectionKind::Oauth, access);
        remote.account_of_grant(&api, grant, self.clock.now()).await
    }

    /// Stores a connection, and asks for its resources.
    pub(super) async fn store_connection(&self, caller: &Caller, new: NewConnection) -> Result<Connection> {
        let (connectors, caller) = (self.clone(), caller.clone());
        self.db.write(move |tx| Box::pin(async move { connectors.put_connection(tx, &caller, new).await })).await
    }

    /// Stores a connection within a transaction.
    pub(super) async fn put_connection(&self, tx: &mut Tx, caller: &Caller, new: NewConnection) -> Result<Connection> {
        let now = self.clock.now();
        if let Some(account) = &new.replaces {
            queries::delete_pending(tx, &caller.organisation, new.provider, account).await?;
        }
        let (status, event) = match new.is_pending {
            true => (Status::Pending, LogEvent::Requested),
            false => (Status::Active, LogEvent::Connected),
        };
        let known = queries::by_account(tx, &caller.organisation, new.provider, &new.account.id).await?;
        let (author, trigger) = author(caller);
        let connected_by = new.connected_by.unwrap_or(author);
        let connection = Connection {
            id: known.as_ref().map_or_else(|| ConnectionId::new(now), |known| known.id.clone()),
            organisation_id: caller.organisation.clone(),
            provider: new.provider,
            account_id: new.account.id,
            account_label: new.account.label,
            kind: new.kind,
            app_id: new.app,
            scopes: new.scopes,
            status: known.as_ref().map_or(status, |known| known.status),
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
        let (vault, of) = (&self.vault, (&connection.organisation_id, &connection.id));
        let sealed = new.credentials.map(|credentials| credentials.seal(vault, of.0, of.1));
        let (lifetime, check_at) = (new.lifetime, Some(health::next_check(now)).filter(|_| !new.is_pending));
        let row = NewTokens { connection: &connection, sealed: sealed.as_deref(), lifetime, check_at };
        let is_stored = match known {
            Some(_) => queries::authorise_again(tx, row).await?,
            None => queries::insert(tx, row).await?,
        };
        if !is_stored {
            return Err(Error::conflict(
                "this account is being disconnected or connected by somebody else; try again in a minute",
            ));
        }
        self.installation_tokens.forget(&connection.id);
        let change = Change { to: status, event, reason: None, trigger };
        let of = (&self.engine, &self.clock);
        if !change_status(tx, of, caller, &connection, change).await? {
            return Err(Error::conflict("the connection has just changed; try again"));
        }
        if !new.is_pending {
            listing::request(tx, self, &connection).await?;
        }
        crate::connections::find(tx, &connection.organisation_id, &connection.id).await
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

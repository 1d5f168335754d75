//! Tokens for a call, refreshed in time.
//!
//! Many providers accept a refresh token once only, and end the whole authorisation if it is used
//! twice. So one refresh is under way at a time. In a process, callers wait for a lock. Between
//! nodes, the row is claimed for a minute; the others look at it until the new tokens are there. New
//! tokens are stored before they are used, in place of exactly those that were read.
//!
//! If a refresh is refused for good, the row is read once more: somebody else may have refreshed.

use std::sync::Arc;
use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_net::oauth::{self, Tokens};
use tokio::time::Instant;

use super::Connectors;
use crate::connections::tokens::queries;
use crate::connections::{Connection, ConnectionId, ConnectionKind, Credentials, HeldTokens, Lifetime};
use crate::remote::{Api, OauthApp, Trouble};

/// The time for which a node may hold the claim of a refresh: longer than a refresh may take.
const HELD: Duration = Duration::from_secs(60);
/// The time that a caller waits for another node's refresh.
const PATIENCE: Duration = Duration::from_secs(30);
/// The pause between two looks at a row that another node refreshes.
const LOOK_AGAIN: Duration = Duration::from_millis(40);
/// The number of attempts to store new tokens, and the first pause between them.
const STORES: u32 = 6;
const STORE_AGAIN: Duration = Duration::from_millis(200);

/// A client for calls, and the number of the tokens that it uses.
pub(super) struct Access {
    pub(super) api: Api,
    pub(super) generation: i64,
}

/// A turn to refresh the tokens of this generation.
enum Turn {
    Ours(HeldTokens),
    /// Somebody else has refreshed them.
    Done(HeldTokens),
}

impl Connectors {
    /// A client for calls with the tokens of a connection. They are refreshed first if they are due.
    pub(super) async fn access(&self, connection: &Connection) -> Result<Access, Trouble> {
        if connection.kind == ConnectionKind::App {
            return self.installation_access(connection, None).await;
        }
        let (organisation, id) = (&connection.organisation_id, &connection.id);
        let held = self.held(organisation, id).await?;
        let now = self.clock.now();
        if held.lifetime.refresh_at.is_none_or(|due| due > now) {
            return self.client_of(connection, &held);
        }
        let held = match self.refresh(connection, held.generation).await {
            Ok(fresh) => fresh,
            Err(trouble @ (Trouble::GrantEnded | Trouble::Closed | Trouble::Ours(_))) => return Err(trouble),
            // The old tokens are good for a while.
            Err(_) if held.lifetime.expires_at.is_none_or(|end| end > now) => held,
            Err(trouble) => return Err(trouble),
        };
        self.client_of(connection, &held)
    }

    /// A client with other tokens than those of `refused`, which the provider did not accept.
    ///
    /// # Errors
    /// `Unauthorised` if the connection has no refresh token.
    pub(super) async fn access_after_refusal(&self, connection: &Connection, refused: i64) -> Result<Access, Trouble> {
        if connection.kind == ConnectionKind::App {
            return self.installation_access(connection, Some(refused)).await;
        }
        let held = self.refresh(connection, refused).await?;
        self.client_of(connection, &held)
    }

    /// The tokens of a connection, opened.
    pub(super) fn opened(&self, connection: &Connection, held: &HeldTokens) -> Result<Credentials, Trouble> {
        let sealed = held.sealed.as_deref().ok_or(Trouble::Closed)?;
        Ok(Credentials::open(&self.vault, &connection.organisation_id, &connection.id, sealed)?)
    }

    /// The tokens of a connection, as they are stored.
    pub(super) async fn held(&self, organisation: &OrganisationId, id: &ConnectionId) -> Result<HeldTokens, Trouble> {
        let (organisation, id) = (organisation.clone(), id.clone());
        let read = self.db.read(move |tx| Box::pin(async move { queries::find(tx, &organisation, &id).await }));
        let held: Option<HeldTokens> = read.await?;
        held.ok_or(Trouble::Closed)
    }

    fn client_of(&self, connection: &Connection, held: &HeldTokens) -> Result<Access, Trouble> {
        let credentials = self.opened(connection, held)?;
        let api = self.remote_of(connection.provider)?.api(&self.client, held.kind, &credentials.access);
        Ok(Access { api: api.of_account(&connection.account_id), generation: held.generation })
    }

    /// Refreshes the tokens of a connection, unless they are others than those of `generation` by
    /// now. Returns the tokens that are good after that.
    pub(crate) async fn refresh(&self, connection: &Connection, generation: i64) -> Result<HeldTokens, Trouble> {
        let lock = self.lock_of(&connection.id);
        let turn = lock.lock().await;
        let refreshed = self.refresh_in_turn(connection, generation).await;
        drop(turn);
        self.forget_lock(&connection.id, lock);
        refreshed
    }

    async fn refresh_in_turn(&self, connection: &Connection, generation: i64) -> Result<HeldTokens, Trouble> {
        let held = match self.turn(connection, generation).await? {
            Turn::Done(held) => return Ok(held),
            Turn::Ours(held) => held,
        };
        let refreshed = self.ask_for_tokens(connection, &held).await;
        let stored = match refreshed {
            Ok((credentials, lifetime)) => self.store(connection, &held, &credentials, lifetime).await,
            Err(trouble) => Err(trouble),
        };
        match stored {
            Ok(()) => self.held(&connection.organisation_id, &connection.id).await,
            Err(trouble) => self.after_failure(connection, generation, trouble).await,
        }
    }

    /// Waits until it is our turn to refresh, or somebody else has refreshed.
    async fn turn(&self, connection: &Connection, generation: i64) -> Result<Turn, Trouble> {
        let until = Instant::now() + PATIENCE;
        loop {
            let held = self.held(&connection.organisation_id, &connection.id).await?;
            if !held.status.is_usable() || held.sealed.is_none() {
                return Err(Trouble::Closed);
            }
            if held.generation != generation {
                return Ok(Turn::Done(held));
            }
            if self.claim(connection, generation).await? {
                return Ok(Turn::Ours(held));
            }
            if Instant::now() > until {
                return Err(Trouble::Network("another node has been refreshing the tokens for too long".to_owned()));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn claim(&self, connection: &Connection, generation: i64) -> Result<bool, Trouble> {
        let (organisation, id) = (connection.organisation_id.clone(), connection.id.clone());
        let now = self.clock.now();
        let times = (now, now.plus(HELD));
        let claimed = self
            .db
            .write(move |tx| Box::pin(async move { queries::claim(tx, &organisation, &id, generation, times).await }));
        Ok(claimed.await?)
    }

    async fn ask_for_tokens(
        &self,
        connection: &Connection,
        held: &HeldTokens,
    ) -> Result<(Credentials, Lifetime), Trouble> {
        let old = self.opened(connection, held)?;
        let app = self.remote_of(connection.provider)?.oauth();
        let (Some(refresh), Some(OauthApp { flow, client })) = (&old.refresh, app) else {
            return Err(Trouble::Unauthorised);
        };
        let fresh = oauth::refresh(&self.client, flow, client, refresh).await;
        let now = self.clock.now();
        let fresh = fresh.map_err(|error| Trouble::of_oauth(error, now))?;
        let lifetime = Lifetime::of(&fresh, now);
        let Tokens { access, refresh: next, .. } = fresh;
        Ok((Credentials { access, refresh: next.or(old.refresh), removal: old.removal }, lifetime))
    }

    /// Stores refreshed tokens. The provider accepts no others any more, so a database that is away
    /// for a moment must not lose them.
    async fn store(
        &self,
        connection: &Connection,
        held: &HeldTokens,
        credentials: &Credentials,
        lifetime: Lifetime,
    ) -> Result<(), Trouble> {
        let sealed = credentials.seal(&self.vault, &connection.organisation_id, &connection.id);
        let generation = held.generation;
        for attempt in 1.. {
            let (organisation, id, sealed) =
                (connection.organisation_id.clone(), connection.id.clone(), sealed.clone());
            let stored = self.db.write(move |tx| {
                Box::pin(async move { queries::store(tx, &organisation, &id, generation, &sealed, lifetime).await })
            });
            match stored.await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(Trouble::Closed),
                Err(error) if attempt == STORES => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(%error, connection = %connection.id, "refreshed tokens could not be stored yet");
                    tokio::time::sleep(STORE_AGAIN * 2_u32.pow(attempt)).await;
                }
            }
        }
        unreachable!("the loop returns")
    }

    /// Gives the claim back, and looks whether somebody else has refreshed meanwhile.
    async fn after_failure(
        &self,
        connection: &Connection,
        generation: i64,
        trouble: Trouble,
    ) -> Result<HeldTokens, Trouble> {
        let held = self.held(&connection.organisation_id, &connection.id).await?;
        if held.generation != generation && held.sealed.is_some() {
            return Ok(held);
        }
        let (organisation, id) = (connection.organisation_id.clone(), connection.id.clone());
        let given_up = self
            .db
            .write(move |tx| Box::pin(async move { queries::give_up(tx, &organisation, &id, generation).await }));
        given_up.await?;
        Err(trouble)
    }

    pub(super) fn lock_of(&self, id: &ConnectionId) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.refreshing.lock().expect("nobody panics while they hold it");
        locks.entry(id.clone()).or_default().clone()
    }

    /// Removes a lock that nobody else waits for.
    pub(super) fn forget_lock(&self, id: &ConnectionId, lock: Arc<tokio::sync::Mutex<()>>) {
        let mut locks = self.refreshing.lock().expect("nobody panics while they hold it");
        drop(lock);
        if locks.get(id).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(id);
        }
    }
}

//! Tokens of installations: made for an hour, kept in memory for 55 minutes, never stored.
//!
//! One is made at a time for each connection; other callers wait for it. Each node makes its own.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use campanile_base::{Secret, Timestamp};

use super::super::Connectors;
use super::super::access::Access;
use crate::connections::{Connection, ConnectionId, ConnectionKind, Limits};
use crate::github::app::MintedToken;
use crate::remote::{Account, Remote as _, Trouble};

/// The time for which a token is used, and the time before its end at which it is not used any more.
const USED_FOR: Duration = Duration::from_secs(55 * 60);
const MARGIN: Duration = Duration::from_secs(300);

/// The tokens that this process has made.
#[derive(Debug, Default)]
pub(in super::super) struct InstallationTokens(Mutex<TokenTable>);

#[derive(Debug, Default)]
struct TokenTable {
    tokens: HashMap<ConnectionId, UsedToken>,
    made: i64,
}

#[derive(Debug, Clone)]
struct UsedToken {
    token: Secret,
    good_until: Timestamp,
    /// The number of this token among those of the process.
    number: i64,
}

impl InstallationTokens {
    /// The token of a connection, unless it is the one that was refused.
    fn good(&self, id: &ConnectionId, now: Timestamp, refused: Option<i64>) -> Option<UsedToken> {
        let known = self.0.lock().expect("nobody panics while they hold it");
        let is_good = |used: &&UsedToken| used.good_until > now && Some(used.number) != refused;
        known.tokens.get(id).filter(is_good).cloned()
    }

    fn keep(&self, id: &ConnectionId, minted: MintedToken, now: Timestamp) -> UsedToken {
        let mut known = self.0.lock().expect("nobody panics while they hold it");
        known.made += 1;
        let good_until = now.plus(USED_FOR).min(minted.expires_at.minus(MARGIN));
        let used = UsedToken { token: minted.token, good_until, number: known.made };
        // Tokens of accounts that nobody reads any more go with the next one.
        known.tokens.retain(|_, used| used.good_until > now);
        known.tokens.insert(id.clone(), used.clone());
        used
    }

    /// Forgets the token of a connection.
    pub(in super::super) fn forget(&self, id: &ConnectionId) {
        self.0.lock().expect("nobody panics while they hold it").tokens.remove(id);
    }
}

impl Connectors {
    /// A client for calls as an installation, with a token that is not the `refused` one.
    pub(in super::super) async fn installation_access(
        &self,
        connection: &Connection,
        refused: Option<i64>,
    ) -> Result<Access, Trouble> {
        let held = self.held(&connection.organisation_id, &connection.id).await?;
        if !held.status.is_usable() {
            return Err(Trouble::Closed);
        }
        let good = || self.installation_tokens.good(&connection.id, self.clock.now(), refused);
        let used = match good() {
            Some(used) => used,
            None => {
                let lock = self.lock_of(&connection.id);
                let turn = lock.lock().await;
                // Somebody else may have made one meanwhile.
                let made = match good() {
                    Some(used) => Ok(used),
                    None => self.mint(connection).await,
                };
                drop(turn);
                self.forget_lock(&connection.id, lock);
                made?
            }
        };
        let api = self.github.api(&self.client, ConnectionKind::App, &used.token);
        Ok(Access { api, generation: used.number })
    }

    async fn mint(&self, connection: &Connection) -> Result<UsedToken, Trouble> {
        let (app, now) = (self.app_of(connection).await?, self.clock.now());
        let api = self.github.app_api(&self.client, &app, now)?;
        let minted = self.github.mint(&api, &connection.account_id, now).await?;
        Ok(self.installation_tokens.keep(&connection.id, minted, now))
    }

    /// The account of an installation, asked for as the app. It is the probe of its health.
    pub(in super::super) async fn account_of_installation(
        &self,
        connection: &Connection,
    ) -> Result<(Account, Limits), Trouble> {
        let (app, now) = (self.app_of(connection).await?, self.clock.now());
        let api = self.github.app_api(&self.client, &app, now)?;
        let found = self.github.installation(&api, &connection.account_id, now).await?;
        if found.is_suspended {
            return Err(Trouble::Suspended);
        }
        let account = Account { scopes: found.permissions, ..Account::new(found.id, found.account) };
        // The limits of the app itself are others than those of its installations.
        Ok((account, Limits::default()))
    }
}

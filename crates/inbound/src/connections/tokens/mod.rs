//! The tokens of a connection: one JSON, sealed for its row.

pub(crate) mod queries;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Place, Result, Secret, Timestamp, Vault};
use campanile_net::oauth::Tokens;
use serde_json::{Value, json};

use super::{ConnectionId, ConnectionKind, Status};

/// The tokens of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    /// The token that calls are made with.
    pub(crate) access: Secret,
    /// The token that makes new tokens.
    pub(crate) refresh: Option<Secret>,
    /// The path below the base of the API where our installation at the account is removed, if
    /// there is one.
    pub(crate) removal: Option<String>,
}

/// The tokens of a connection as they are stored.
#[derive(Debug, Clone)]
pub(crate) struct HeldTokens {
    /// Sealed; `None` once they are erased.
    pub(crate) sealed: Option<String>,
    /// The number of these tokens.
    pub(crate) generation: i64,
    /// The way in which the account was connected.
    pub(crate) kind: ConnectionKind,
    /// The connection's status.
    pub(crate) status: Status,
    /// The lifetime of the access token.
    pub(crate) lifetime: Lifetime,
}

/// The lifetime of an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifetime {
    /// The time at which it runs out; `None` if it does not.
    pub(crate) expires_at: Option<Timestamp>,
    /// The time from which on it is refreshed.
    pub(crate) refresh_at: Option<Timestamp>,
}

impl Lifetime {
    /// The lifetime of a token that does not run out.
    pub(crate) const ENDLESS: Self = Self { expires_at: None, refresh_at: None };

    /// The lifetime of tokens that were received at `now`. They are refreshed at half of their life:
    /// at least ten minutes before their end, unless they live for less than twenty.
    pub(crate) fn of(tokens: &Tokens, now: Timestamp) -> Self {
        let Some(life) = tokens.expires_in else { return Self::ENDLESS };
        Self { expires_at: Some(now.plus(life)), refresh_at: Some(now.plus(life / 2)) }
    }
}

fn place<'a>(organisation: &'a OrganisationId, id: &'a ConnectionId) -> Place<'a> {
    Place { organisation: organisation.as_str(), table: "connection", id: id.as_str(), column: "credentials" }
}

impl Credentials {
    /// Seals them for the row of a connection.
    pub(crate) fn seal(&self, vault: &Vault, organisation: &OrganisationId, id: &ConnectionId) -> String {
        let refresh = self.refresh.as_ref().map(Secret::expose);
        let object = json!({ "access": self.access.expose(), "refresh": refresh, "removal": self.removal });
        vault.seal_for(place(organisation, id), &Secret::new(object.to_string()))
    }

    /// Opens those of a connection.
    ///
    /// # Errors
    /// `Internal` when they were sealed with another key or for another row.
    pub(crate) fn open(vault: &Vault, organisation: &OrganisationId, id: &ConnectionId, sealed: &str) -> Result<Self> {
        let opened = vault.open_for(place(organisation, id), sealed)?;
        let object: Value = serde_json::from_str(opened.expose()).map_err(Error::internal)?;
        let word = |name: &str| object[name].as_str().map(Secret::new);
        let access = word("access").ok_or_else(|| Error::internal("the stored credentials have no token"))?;
        Ok(Self { access, refresh: word("refresh"), removal: object["removal"].as_str().map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn tokens(seconds: Option<u64>) -> Tokens {
        let expires_in = seconds.map(Duration::from_secs);
        let access = Secret::new("a");
        let (refresh, scopes, extra) = (None, Vec::new(), serde_json::Map::new());
        Tokens { access, refresh, expires_in, refresh_expires_in: None, scopes, extra }
    }

    #[test]
    fn a_token_is_refreshed_at_half_of_its_life() {
        let now = Timestamp::from_micros(0);
        let after = |seconds| Lifetime::of(&tokens(Some(seconds)), now).refresh_at.unwrap().as_micros() / 1_000_000;
        assert_eq!((after(86_400), after(60), after(0)), (43_200, 30, 0));
        assert_eq!(Lifetime::of(&tokens(None), now), Lifetime::ENDLESS);
    }

    #[test]
    fn the_credentials_of_another_row_do_not_open() {
        let vault = Vault::from_key(&Vault::new_key()).unwrap();
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        let (ours, theirs) = (OrganisationId::new(now), OrganisationId::new(now));
        let (id, other) = (ConnectionId::new(now), ConnectionId::new(now));
        let (access, refresh, removal) =
            (Secret::new("a"), Some(Secret::new("r")), Some("/installations/7".to_owned()));
        let credentials = Credentials { access, refresh, removal };
        let sealed = credentials.seal(&vault, &ours, &id);
        let opened = Credentials::open(&vault, &ours, &id, &sealed).unwrap();
        assert_eq!((opened.access.expose(), opened.refresh.unwrap().expose()), ("a", "r"));
        assert_eq!(opened.removal, credentials.removal);
        assert!(Credentials::open(&vault, &ours, &other, &sealed).is_err());
        assert!(Credentials::open(&vault, &theirs, &id, &sealed).is_err());
    }
}

//! Authorisations that were begun and are not finished.
//!
//! The state is 256 random bits that only the person's browser and the provider have; here is its
//! hash. It is bound to the person, the organisation, the workspace and the provider, read once, and
//! lives for ten minutes.

pub(crate) mod queries;

use std::time::Duration;

use campanile_accounts::{OrganisationId, PersonId, WorkspaceId};
use campanile_base::{Place, Result, Secret, Timestamp, Vault, random_token, sha256_hex};
use campanile_db::Tx;
use campanile_net::oauth::Verifier;

use crate::Provider;

/// The lifetime of a state.
const LIFE: Duration = Duration::from_secs(600);

/// The end that an authorisation leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// An account is connected.
    Connect,
    /// An app of ours is registered at the provider. Its verifier is the path of its deliveries.
    Register,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Register => "register",
        }
    }
}

/// The person who authorises a provider for an organisation. A state is good for an equal one only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authoriser {
    pub(crate) organisation: OrganisationId,
    pub(crate) person: PersonId,
    pub(crate) provider: Provider,
    pub(crate) purpose: Purpose,
}

/// A row of a state.
#[derive(Debug, Clone)]
pub(crate) struct StateRow {
    pub(super) hash: String,
    pub(super) by: Authoriser,
    pub(super) workspace: WorkspaceId,
    pub(super) verifier: String,
    pub(super) return_to: String,
    pub(super) expires_at: Timestamp,
}

/// The data of a state that was taken out.
#[derive(Debug)]
pub(crate) struct StateData {
    /// The verifier of the code.
    pub(crate) verifier: Verifier,
    /// The page of the console to go on to.
    pub(crate) return_to: String,
}

/// The reason why a state is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateRefusal {
    /// It was used before, never drawn, or has expired and was removed.
    Unknown,
    /// It was drawn for somebody else, or for another organisation or provider.
    NotTheirs,
    /// It has expired.
    Expired,
}

fn place<'a>(by: &'a Authoriser, hash: &'a str) -> Place<'a> {
    Place { organisation: by.organisation.as_str(), table: "oauth_state", id: hash, column: "verifier" }
}

/// Draws a state and stores its hash with the verifier.
pub(crate) async fn begin(
    tx: &mut Tx,
    vault: &Vault,
    by: Authoriser,
    workspace: WorkspaceId,
    verifier: &Verifier,
    return_to: String,
    now: Timestamp,
) -> Result<String> {
    let state = random_token("");
    let hash = sha256_hex(&state);
    let verifier = vault.seal_for(place(&by, &hash), &Secret::new(verifier.expose()));
    let row = StateRow { hash, by, workspace, verifier, return_to, expires_at: now.plus(LIFE) };
    queries::insert(tx, &row).await?;
    Ok(state)
}

/// Takes a state out, if it is this person's. Nobody can take out the state of somebody else.
pub(crate) async fn take(
    tx: &mut Tx,
    vault: &Vault,
    by: &Authoriser,
    state: &str,
    now: Timestamp,
) -> Result<std::result::Result<StateData, StateRefusal>> {
    let hash = sha256_hex(state);
    let Some(row) = queries::take(tx, by, &hash).await? else {
        let is_there = queries::is_there(tx, &hash).await?;
        return Ok(Err(if is_there { StateRefusal::NotTheirs } else { StateRefusal::Unknown }));
    };
    if row.expires_at <= now {
        return Ok(Err(StateRefusal::Expired));
    }
    let verifier = Verifier::kept(vault.open_for(place(by, &hash), &row.verifier)?);
    Ok(Ok(StateData { verifier, return_to: row.return_to }))
}

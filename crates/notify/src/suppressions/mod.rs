//! Suppressed addresses: no mail is sent to them, because a mail bounced for good, because the
//! reader complained, or because somebody added them by hand.
//!
//! An address is added when a provider reports a permanent bounce or a complaint, or when a mail
//! server answers that the mailbox does not exist. Bounces that may pass, such as a full mailbox,
//! change nothing.
//!
//! Each mail of the organisation is checked before it is handed over, in [`sending`](crate::sending).
//! Suppressed addresses are left out. A mail without a `to` address left is not sent, and the reason
//! is reported. Removing an address needs the permission to configure the organisation.

mod queries;

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, OrganisationId, Permission};
use campanile_base::{Clock, Error, Result, Thing, Timestamp};
use campanile_db::{Range, Tx};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// The longest address that mail knows, in bytes.
const LONGEST: usize = 254;
/// The part of a provider's explanation that is kept, in characters.
const DETAILS: usize = 500;

/// A suppressed address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Suppression {
    /// The address, in lower case.
    pub address: String,
    /// `bounced`, `complained` or `manual`.
    pub reason: String,
    /// The explanation of the provider, or of the person who added it.
    pub details: Option<String>,
    /// The message whose mail bounced or was complained about.
    pub message_id: Option<String>,
    /// The time at which it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// The reason to suppress an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A mail bounced for good.
    Bounced,
    /// The reader complained.
    Complained,
    /// A person added it.
    Manual,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::Manual => "manual",
        }
    }
}

/// An address in the form for comparison: without a name, and in lower case.
pub(crate) fn plain(address: &str) -> String {
    let address = address.rsplit_once('<').map_or(address, |(_, rest)| rest.trim_end_matches('>'));
    address.trim().to_lowercase()
}

/// Adds an address. If it is suppressed already, the first reason stays.
///
/// # Errors
/// `Forbidden`; `InvalidField` if it is no mail address.
pub async fn add(
    tx: &mut Tx,
    clock: &Clock,
    caller: &Caller,
    address: &str,
    (reason, details, message): (Reason, Option<&str>, Option<&str>),
) -> Result<Suppression> {
    caller.must(Permission::Configure)?;
    let address = plain(address);
    let is_one = address.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if !is_one || address.len() > LONGEST || address.chars().any(char::is_whitespace) {
        return Err(Error::invalid_field("address", "must be an e-mail address"));
    }
    let suppression = Suppression {
        address,
        reason: reason.as_str().to_owned(),
        details: details.map(|details| details.chars().take(DETAILS).collect()),
        message_id: message.map(str::to_owned),
        created_at: clock.now(),
    };
    let organisation = &caller.organisation;
    if queries::insert(tx, organisation, &suppression).await? > 0 {
        let about = json!({ "reason": suppression.reason, "message": suppression.message_id });
        activity::record(tx, clock, caller, Action::SuppressionCreated, &suppression.address, about).await?;
    }
    let known = queries::these(tx, organisation, std::slice::from_ref(&suppression.address)).await?;
    known.into_iter().next().ok_or(Error::NotFound(Thing::Suppression))
}

/// Removes an address.
///
/// # Errors
/// `Forbidden`; `NotFound` if it is not suppressed.
pub async fn remove(tx: &mut Tx, clock: &Clock, caller: &Caller, address: &str) -> Result<()> {
    caller.must(Permission::Configure)?;
    let address = plain(address);
    if queries::delete(tx, &caller.organisation, &address).await? == 0 {
        return Err(Error::NotFound(Thing::Suppression));
    }
    activity::record(tx, clock, caller, Action::SuppressionDeleted, &address, Value::Null).await
}

/// One page of an organisation's suppressions, ordered by address.
pub async fn list(tx: &mut Tx, organisation: &OrganisationId, range: &Range) -> Result<Vec<Suppression>> {
    Ok(queries::list(tx, organisation, range).await?)
}

/// The suppressions among these addresses.
pub(crate) async fn among(
    tx: &mut Tx,
    organisation: &OrganisationId,
    addresses: &[String],
) -> Result<Vec<Suppression>> {
    Ok(queries::these(tx, organisation, addresses).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_compared_without_its_name_and_case() {
        assert_eq!(plain("Ada <Ada@Example.com>"), "ada@example.com");
        assert_eq!(plain(" ada@example.com "), "ada@example.com");
    }
}

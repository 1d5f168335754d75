//! Addresses that no mail goes to any more, because one came back for good, because whoever reads it complained, or because somebody said so.
//!
//! A provider that tells of a bounce that will not pass, or of a complaint, puts the address here; a mail server does with an answer that
//! says that there is no such mailbox. Each mail of the organisation is looked at before it is carried: addresses that stand here are
//! left out of it, and a mail that is left without any is not sent, and says why. An address is taken off by whoever runs the
//! organisation. Bounces that may pass, such as a full mailbox, change nothing.

mod queries;

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, OrganisationId, Permission};
use campanile_base::{Clock, Error, Result, Timestamp};
use campanile_db::{Range, Tx};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// The longest address that mail knows, in bytes.
const LONGEST: usize = 254;
/// The part of what a provider said that is kept, in characters.
const DETAILS: usize = 500;

/// An address that no mail goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Suppression {
    /// The address, in lower case.
    pub address: String,
    /// `bounced`, `complained` or `manual`.
    pub reason: String,
    /// The words of the provider, or of whoever added it.
    pub details: Option<String>,
    /// The message whose mail came back or was complained of.
    pub message_id: Option<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Why an address is put here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A mail came back, and so would the next.
    Bounced,
    /// The reader has called a mail unwanted.
    Complained,
    /// Somebody said so.
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

/// An address as it is compared: without its name, and in lower case.
pub(crate) fn plain(address: &str) -> String {
    let address = address.rsplit_once('<').map_or(address, |(_, rest)| rest.trim_end_matches('>'));
    address.trim().to_lowercase()
}

/// Puts an address here. The first reason stays.
///
/// # Errors
/// `Forbidden`; `InvalidField` for what is no address.
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
    known.into_iter().next().ok_or(Error::NotFound("suppression"))
}

/// Takes an address off.
///
/// # Errors
/// `Forbidden`; `NotFound` where it does not stand here.
pub async fn remove(tx: &mut Tx, clock: &Clock, caller: &Caller, address: &str) -> Result<()> {
    caller.must(Permission::Configure)?;
    let address = plain(address);
    if queries::delete(tx, &caller.organisation, &address).await? == 0 {
        return Err(Error::NotFound("suppression"));
    }
    activity::record(tx, clock, caller, Action::SuppressionDeleted, &address, Value::Null).await
}

/// A stretch of an organisation's, by address.
///
/// # Errors
/// What the database says.
pub async fn list(tx: &mut Tx, organisation: &OrganisationId, range: &Range) -> Result<Vec<Suppression>> {
    Ok(queries::list(tx, organisation, range).await?)
}

/// Finds which of these addresses stand here.
///
/// # Errors
/// What the database says.
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

//! Subscriptions: who hears what an object hears.
//!
//! A trigger for an object goes to the object and to everybody who subscribes to it; a subscriber that is an object itself
//! brings its own along, [`DEPTH`] levels deep.

mod queries;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Timestamp, new_ksuid};
use campanile_db::{Range, Tx};
use serde_json::{Map, Value, json};

use crate::recipients::{self, Recipient, Told};
use crate::{Notify, Reference};

/// How deep subscriptions of subscriptions are followed.
pub const DEPTH: usize = 2;
/// How many can be subscribed at a time.
pub const TOGETHER: usize = 100;

/// A subscription.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// To what.
    pub object: Reference,
    /// Who.
    pub recipient: Reference,
    /// Its place in lists.
    pub place: String,
    /// What was told of it.
    pub properties: Map<String, Value>,
    /// Since when.
    pub inserted_at: Timestamp,
    /// When something was last told of it.
    pub updated_at: Timestamp,
}

/// A subscription with both ends, as the API shows it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The subscription.
    pub subscription: Subscription,
    /// To what.
    pub object: Recipient,
    /// Who.
    pub recipient: Recipient,
}

impl Shown {
    /// As the API shows it.
    pub fn view(&self) -> Value {
        json!({
            "__typename": "Subscription",
            "object": self.object.view(),
            "recipient": self.recipient.view(),
            "properties": self.subscription.properties,
            "inserted_at": self.subscription.inserted_at,
            "updated_at": self.subscription.updated_at,
        })
    }
}

/// Subscribes recipients to an object; who does already has their properties replaced.
///
/// # Errors
/// `InvalidField`.
pub async fn add(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    object: Reference,
    told: Vec<Told>,
    properties: Map<String, Value>,
) -> Result<Vec<Shown>> {
    let object = object.checked()?;
    if told.len() > TOGETHER {
        return Err(Error::invalid_field("recipients", format!("must not name more than {TOGETHER}")));
    }
    if told.iter().any(|told| told.reference == object) {
        return Err(Error::invalid_field("recipients", "an object cannot subscribe to itself"));
    }
    let now = notify.clock.now();
    let new: Vec<Subscription> = told
        .iter()
        .map(|told| Subscription {
            object: object.clone(),
            recipient: told.reference.clone(),
            place: new_ksuid(now),
            properties: properties.clone(),
            inserted_at: now,
            updated_at: now,
        })
        .collect();
    // Whom nothing was ever told of is known from now on, too.
    let mut told = told;
    for told in &mut told {
        told.properties.get_or_insert_default();
    }
    told.push(Told { properties: Some(Map::new()), ..Told::named(object) });
    recipients::identify(tx, notify, organisation, told).await?;
    queries::put(tx, organisation, &new).await?;
    shown(tx, notify, organisation, new).await
}

/// Ends subscriptions to an object; answers those that there were.
///
/// # Errors
/// What the database says.
pub async fn remove(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    object: &Reference,
    recipients: &[Reference],
) -> Result<Vec<Shown>> {
    let mut ended = Vec::new();
    for recipient in recipients {
        ended.extend(queries::one(tx, organisation, object, recipient).await?);
    }
    let ended = shown(tx, notify, organisation, ended).await?;
    queries::delete(tx, organisation, object, recipients).await?;
    Ok(ended)
}

/// Which end of a subscription a list begins at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Who subscribes to this.
    Object,
    /// What this subscribes to.
    Recipient,
}

/// A stretch of the subscriptions at one end, only those with one of `others` at the other end where some are named.
///
/// # Errors
/// What the database says.
pub async fn list(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    whose: (&Reference, End),
    others: &[Reference],
    range: &Range,
) -> Result<Vec<Shown>> {
    let found = match (whose, others) {
        ((reference, End::Object), []) => queries::of_object(tx, organisation, reference, range).await?,
        ((reference, End::Recipient), []) => queries::of_recipient(tx, organisation, reference, range).await?,
        ((reference, end), others) => {
            let mut found = Vec::new();
            for other in others {
                let (object, recipient) = if end == End::Object { (reference, other) } else { (other, reference) };
                found.extend(queries::one(tx, organisation, object, recipient).await?);
            }
            found.retain(|one| one.place > range.low && one.place < range.high);
            found.sort_by(|a, b| b.place.cmp(&a.place));
            found.truncate(usize::try_from(range.limit).unwrap_or(usize::MAX));
            found
        }
    };
    shown(tx, notify, organisation, found).await
}

/// The next subscribers to an object, by their names, after the one named last.
///
/// # Errors
/// What the database says.
pub async fn next(
    tx: &mut Tx,
    organisation: &OrganisationId,
    object: &Reference,
    after: Option<&Reference>,
    limit: i64,
) -> Result<Vec<Subscription>> {
    Ok(queries::next(tx, organisation, object, after, limit).await?)
}

async fn shown(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    found: Vec<Subscription>,
) -> Result<Vec<Shown>> {
    let names: Vec<Reference> = found.iter().flat_map(|one| [one.object.clone(), one.recipient.clone()]).collect();
    let known = recipients::these(tx, organisation, &names).await?;
    let now = notify.clock.now();
    let get = |reference: &Reference| {
        known.get(reference).cloned().unwrap_or_else(|| Recipient::unknown(reference.clone(), now))
    };
    let shown = found.into_iter().map(|subscription| Shown {
        object: get(&subscription.object),
        recipient: get(&subscription.recipient),
        subscription,
    });
    Ok(shown.collect())
}

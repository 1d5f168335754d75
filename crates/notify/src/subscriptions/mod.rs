//! Subscriptions of recipients to objects.
//!
//! A trigger for an object goes to the object and to all its subscribers. If a subscriber is an
//! object itself, its own subscribers are included, too, up to [`DEPTH`] levels.

mod queries;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Timestamp, new_ksuid};
use campanile_db::{Range, Tx};
use serde_json::{Map, Value, json};

use crate::recipients::{self, Recipient, RecipientInput};
use crate::{Notify, Reference};

/// The levels of subscriptions that are followed.
pub const DEPTH: usize = 2;
/// The most recipients in one request.
pub const TOGETHER: usize = 100;

/// A subscription.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// The object.
    pub object: Reference,
    /// The subscriber.
    pub recipient: Reference,
    /// The sort key in lists.
    pub place: String,
    /// The properties.
    pub properties: Map<String, Value>,
    /// The time of its creation.
    pub inserted_at: Timestamp,
    /// The time of its last change.
    pub updated_at: Timestamp,
}

/// A subscription with its object and its subscriber.
#[derive(Debug, Clone)]
pub struct SubscriptionView {
    /// The subscription.
    pub subscription: Subscription,
    /// The object.
    pub object: Recipient,
    /// The subscriber.
    pub recipient: Recipient,
}

impl SubscriptionView {
    /// The subscription in the shape of the API.
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

/// Subscribes recipients to an object. An existing subscription gets the new properties.
///
/// # Errors
/// `InvalidField`.
pub async fn add(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    object: Reference,
    told: Vec<RecipientInput>,
    properties: Map<String, Value>,
) -> Result<Vec<SubscriptionView>> {
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
    // Recipients and the object are stored even if they have no properties.
    let mut told = told;
    for told in &mut told {
        told.properties.get_or_insert_default();
    }
    told.push(RecipientInput { properties: Some(Map::new()), ..RecipientInput::named(object) });
    recipients::identify(tx, notify, organisation, told).await?;
    queries::put(tx, organisation, &new).await?;
    shown(tx, notify, organisation, new).await
}

/// Deletes subscriptions to an object, and returns those that existed.
pub async fn remove(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    object: &Reference,
    recipients: &[Reference],
) -> Result<Vec<SubscriptionView>> {
    let mut ended = Vec::new();
    for recipient in recipients {
        ended.extend(queries::one(tx, organisation, object, recipient).await?);
    }
    let ended = shown(tx, notify, organisation, ended).await?;
    queries::delete(tx, organisation, object, recipients).await?;
    Ok(ended)
}

/// The end of a subscription that a list is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The subscribers of an object.
    Object,
    /// The objects of a subscriber.
    Recipient,
}

/// One page of the subscriptions at one end. If `others` has references, only subscriptions with
/// one of them at the other end are listed.
pub async fn list(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    whose: (&Reference, End),
    others: &[Reference],
    range: &Range,
) -> Result<Vec<SubscriptionView>> {
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

/// The next subscribers of an object, in the order of their references, after the last one seen.
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
) -> Result<Vec<SubscriptionView>> {
    let names: Vec<Reference> = found.iter().flat_map(|one| [one.object.clone(), one.recipient.clone()]).collect();
    let known = recipients::these(tx, organisation, &names).await?;
    let now = notify.clock.now();
    let get = |reference: &Reference| {
        known.get(reference).cloned().unwrap_or_else(|| Recipient::unknown(reference.clone(), now))
    };
    let shown = found.into_iter().map(|subscription| SubscriptionView {
        object: get(&subscription.object),
        recipient: get(&subscription.recipient),
        subscription,
    });
    Ok(shown.collect())
}

//! Stores the recipients of a request: their properties, preferences and channel data.

use std::collections::HashMap;

use campanile_accounts::OrganisationId;
use campanile_base::bounds::PROPERTIES_DEPTH;
use campanile_base::{Error, Result};
use campanile_db::Tx;
use campanile_documents::conditions::is_within_depth;
use campanile_documents::merge;
use serde_json::{Map, Value};

use super::{Recipient, RecipientInput, queries, these};
use crate::reference::TENANTS;
use crate::signals::{self, Happening};
use crate::{Notify, Reference, channel_data, preferences};

/// The greatest size of one recipient's properties, as JSON, in bytes.
const MOST: usize = 256 * 1024;
/// Stores recipients, and returns them all. A recipient that is only named is returned if it is
/// stored, and left out if not.
///
/// # Errors
/// `InvalidField` if a value cannot be stored.
pub async fn identify(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    told: Vec<RecipientInput>,
) -> Result<HashMap<Reference, Recipient>> {
    let now = notify.clock.now();
    if told.iter().any(|told| told.properties.is_some()) {
        // Merging reads the properties first. The lock prevents changes in between.
        tx.lock(&format!("recipients {organisation}")).await?;
    }
    let names: Vec<Reference> = told.iter().map(|told| told.reference.clone()).collect();
    let mut known = these(tx, organisation, &names).await?;
    let mut changed: Vec<Reference> = Vec::new();
    let mut happened = Vec::new();
    for told in &told {
        let Some(properties) = &told.properties else { continue };
        let recipient =
            known.entry(told.reference.clone()).or_insert_with(|| Recipient::unknown(told.reference.clone(), now));
        let before = recipient.properties.clone();
        tell(recipient, properties);
        if recipient.properties != before {
            let (whom, properties) = (told.reference.clone(), recipient.properties.clone());
            happened.push(Happening::Recipient { whom, properties });
        } else if !recipient.place.is_empty() {
            // Programs identify the same user again and again: nothing has changed.
            continue;
        }
        recipient.updated_at = now;
        if recipient.place.is_empty() {
            recipient.place = campanile_base::new_ksuid(now);
        }
        if serde_json::to_vec(&recipient.properties).map_or(0, |json| json.len()) > MOST {
            return Err(Error::invalid_field("properties", "must not be larger than 256 kB"));
        }
        if !recipient.properties.values().all(|value| is_within_depth(value, PROPERTIES_DEPTH)) {
            let why = format!("must not lie more than {PROPERTIES_DEPTH} deep in each other");
            return Err(Error::invalid_field("properties", why));
        }
        if !changed.contains(&told.reference) {
            changed.push(told.reference.clone());
        }
    }
    let rows: Vec<&Recipient> = changed.iter().map(|reference| &known[reference]).collect();
    queries::put(tx, organisation, &rows).await?;
    signals::raise(tx, notify, organisation, happened).await?;
    for told in told {
        for (set, body) in &told.preferences {
            preferences::set(tx, notify, organisation, &told.reference, set, body, preferences::MergeStrategy::Merge)
                .await?;
        }
        for (channel, data) in told.channel_data {
            channel_data::set(tx, notify, organisation, &told.reference, &channel, data).await?;
        }
    }
    Ok(known)
}

/// Merges properties into the stored ones. A tenant's preferences are replaced if they say so.
fn tell(recipient: &mut Recipient, properties: &Map<String, Value>) {
    let mut properties = properties.clone();
    let told = properties.get_mut("settings").and_then(|settings| settings.get_mut("preference_set"));
    if recipient.reference.collection == TENANTS
        && let Some(Value::Object(told)) = told
        && preferences::MergeStrategy::said_in(told) == Some(preferences::MergeStrategy::Replace)
        && let Some(Value::Object(settings)) = recipient.properties.get_mut("settings")
    {
        settings.remove("preference_set");
    }
    merge(&mut recipient.properties, properties);
}

//! The workflows that every organisation has from the start. They can be changed like any other; a workflow that is there is left as it is.

use campanile_accounts::OrganisationId;
use campanile_base::Result;
use campanile_db::Tx;
use serde_json::{Value, json};

use crate::Notify;
use crate::resources::{self, Kind};

/// Tells the members of a workspace of a significant observation: in the feed at once, by mail together with what else comes.
pub const OBSERVATION_CAPTURED: &str = "observation-captured";

fn observation_captured() -> Value {
    json!({
        "name": "Observation captured",
        "description": "Tells members of what is significant: in the feed at once, by mail together with what else comes meanwhile.",
        "categories": ["observations"],
        "steps": [
            {
                "ref": "feed", "type": "channel", "name": "Feed", "channel_key": "in-app", "channel_type": "in_app_feed",
                "template": {
                    "markdown_body": include_str!("observation-captured/feed.liquid").trim(),
                    "action_url": "{{ url }}",
                },
            },
            {
                "ref": "digest", "type": "batch", "name": "Gather what else comes",
                "settings": { "batch_until_field_path": "data.digest" },
            },
            {
                "ref": "mail", "type": "channel", "name": "Mail", "channel_key": "email", "channel_type": "email",
                "template": {
                    "subject": include_str!("observation-captured/subject.liquid").trim(),
                    "html_body": include_str!("observation-captured/email.html.liquid"),
                    "text_body": include_str!("observation-captured/email.text.liquid"),
                },
            },
        ],
    })
}

/// Gives an organisation the workflows that everybody has, where it has them not yet.
///
/// # Errors
/// What the database says.
pub async fn seed(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId) -> Result<()> {
    for (key, document) in [(OBSERVATION_CAPTURED, observation_captured())] {
        if resources::get(tx, organisation, Kind::Workflow, key).await?.is_none() {
            super::put(tx, notify, organisation, key, &document, Some(("from the start", "Campanile"))).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

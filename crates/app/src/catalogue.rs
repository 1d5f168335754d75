//! The events that Campanile itself sends to an organisation's endpoints: their types, schemas and
//! examples.
//!
//! All share an envelope of `id`, `type`, `timestamp`, `version` and `data`. The version is a date.
//! A change of the shape gets a new version, so that receivers can tell the shapes apart.

use campanile_accounts::OrganisationId;
use campanile_base::Result;
use campanile_db::Tx;
use campanile_webhooks::Webhooks;
use campanile_webhooks::event_types::{self, EventTypeSpec, Schemas};
use serde_json::{Map, Value, json};

use crate::notification_webhooks;

/// The version of the envelope and of everything within.
pub(crate) const VERSION: &str = "2026-02-07";

/// An event: its name, its meaning, whether it is sent already, its data and an example.
struct CatalogueEntry {
    name: &'static str,
    description: &'static str,
    is_sent: bool,
    /// Field, JSON type, example.
    data: &'static [(&'static str, &'static str, &'static str)],
}

const KNOWN: [CatalogueEntry; 7] = [
    CatalogueEntry {
        name: "observation.created",
        description: "Something happened in one of the team's tools, and was remembered.",
        is_sent: true,
        data: &[
            ("observationId", "string", r#""obs_2nWcqkVQ4ZJ1cSyGCqPdcyHH5wk""#),
            ("observationType", "string", r#""pull-request.merged""#),
            ("significanceScore", "integer", "72"),
            ("topics", "array", r#"["authentication", "release"]"#),
            ("clusterId", "string?", r#""cl_2nWcqkQp5aJxq0uHnbPnXwDcQzF""#),
            ("clusterIsNew", "boolean?", "false"),
            ("workspaceId", "string", r#""ws_2nWcqjPb5sAGHrsVb6rSwWwZcXk""#),
            ("sourceId", "string", r#""pr:acme/shop#12:merged""#),
            ("title", "string", r#""[PR Merged] Sign in with passkeys""#),
            ("occurredAt", "string", r#""2026-02-07T09:30:00.000000Z""#),
        ],
    },
    CatalogueEntry {
        name: "sync.completed",
        description: "The documents of a source were synced, or could not be.",
        is_sent: true,
        data: &[
            ("sourceId", "string", r#""src_2nWcqkQhN0aHh0BBdUzpqVfWlYJ""#),
            ("jobId", "string", r#""run_2nWcqkQxgQh2yQ6Nf2eLwVvGmTg""#),
            ("success", "boolean", "true"),
            ("filesProcessed", "integer", "128"),
            ("embeddingsCreated", "integer", "412"),
            ("syncId", "string", r#""dsy_2nWcqkQhPvVn2bGm1d4fHq8sKcT""#),
            ("status", "string", r#""completed""#),
            ("reason", "string?", "null"),
        ],
    },
    CatalogueEntry {
        name: "source.connected",
        description: "A source was connected to a workspace.",
        is_sent: true,
        data: &[
            ("workspaceId", "string", r#""ws_2nWcqjPb5sAGHrsVb6rSwWwZcXk""#),
            ("sourceId", "string", r#""src_2nWcqkQhN0aHh0BBdUzpqVfWlYJ""#),
            ("sourceType", "string", r#""github""#),
            ("sourceMetadata", "object", r#"{"path": "github"}"#),
        ],
    },
    CatalogueEntry {
        name: "source.disconnected",
        description: "A source was disconnected from a workspace.",
        is_sent: true,
        data: &[("sourceId", "string", r#""src_2nWcqkQhN0aHh0BBdUzpqVfWlYJ""#), ("deleteData", "boolean", "false")],
    },
    CatalogueEntry {
        name: "backfill.completed",
        description: "The past of a source was read.",
        is_sent: false,
        data: &[
            ("integrationId", "string", r#""src_2nWcqkQhN0aHh0BBdUzpqVfWlYJ""#),
            ("workspaceId", "string", r#""ws_2nWcqjPb5sAGHrsVb6rSwWwZcXk""#),
            ("provider", "string", r#""github""#),
            ("success", "boolean", "true"),
            ("eventsProduced", "integer", "960"),
        ],
    },
    CatalogueEntry {
        name: "cluster.created",
        description: "Observations were found to be about the same thing: a second one has joined the first.",
        is_sent: true,
        data: &[
            ("clusterId", "string", r#""cl_2nWcqkQp5aJxq0uHnbPnXwDcQzF""#),
            ("workspaceId", "string", r#""ws_2nWcqjPb5sAGHrsVb6rSwWwZcXk""#),
            ("observationCount", "integer", "2"),
            ("topics", "array", r#"["authentication"]"#),
            ("label", "string", r#""authentication""#),
            ("title", "string", r#""Sign in with passkeys""#),
            ("firstAt", "string", r#""2026-02-07T09:10:00.000000Z""#),
            ("lastAt", "string", r#""2026-02-07T09:30:00.000000Z""#),
        ],
    },
    CatalogueEntry {
        name: "document.processed",
        description: "A document was added or changed, and can be searched.",
        is_sent: true,
        data: &[
            ("documentId", "string", r#""doc_2nWcqkQw1b4bHf5l2vRZ1kYsGZq""#),
            ("sourceId", "string", r#""api""#),
            ("workspaceId", "string", r#""ws_2nWcqjPb5sAGHrsVb6rSwWwZcXk""#),
            ("externalId", "string", r#""docs/deploy.md""#),
            ("path", "string", r#""docs/deploy.md""#),
            ("title", "string", r#""How to deploy""#),
            ("passages", "integer", "12"),
        ],
    },
];

/// Makes the event types that an organisation lacks.
pub(crate) async fn register(tx: &mut Tx, webhooks: &Webhooks, organisation: &OrganisationId) -> Result<()> {
    for known in KNOWN {
        event_types::ensure(tx, webhooks, organisation, known.name, known.spec()).await?;
    }
    for (name, description) in notification_webhooks::EVENTS {
        let spec = EventTypeSpec {
            description: description.to_owned(),
            group_name: Some("notifications".to_owned()),
            // Hidden from portal tokens without this flag: they see only their own application's
            // events.
            feature_flags: Some(vec!["notifications".to_owned()]),
            ..EventTypeSpec::default()
        };
        event_types::ensure(tx, webhooks, organisation, name, spec).await?;
    }
    Ok(())
}

impl CatalogueEntry {
    fn spec(&self) -> EventTypeSpec {
        let not_yet = if self.is_sent { "" } else { " Not sent yet." };
        let schemas = Map::from_iter([("1".to_owned(), self.schema())]);
        EventTypeSpec {
            description: format!("{}{not_yet}", self.description),
            schemas: Some(Schemas::checked(schemas).expect("ours are schemas, and small")),
            group_name: self.name.split_once('.').map(|(group, _)| group.to_owned()),
            ..EventTypeSpec::default()
        }
    }

    /// The envelope with this event's data, as JSON Schema.
    fn schema(&self) -> Value {
        let properties: Map<String, Value> = self.data.iter().map(|(name, kind, _)| property(name, kind)).collect();
        let names: Vec<&str> = self.data.iter().map(|(name, ..)| *name).collect();
        let data = json!({ "type": "object", "properties": properties, "required": names });
        json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": self.name,
            "description": self.description,
            "type": "object",
            "properties": {
                "id": { "type": "string" },
                "type": { "const": self.name },
                "timestamp": { "type": "string", "format": "date-time" },
                "version": { "const": VERSION },
                "data": data,
            },
            "required": ["id", "type", "timestamp", "version", "data"],
            "examples": [self.example()],
        })
    }

    fn example(&self) -> Value {
        let read = |text: &str| serde_json::from_str::<Value>(text).expect("the examples are constants of ours");
        let data: Map<String, Value> =
            self.data.iter().map(|(name, _, example)| ((*name).to_owned(), read(example))).collect();
        json!({
            "id": "evt_2nWcqkRzjUaVXn6vRlCCJfQpT3M",
            "type": self.name,
            "timestamp": "2026-02-07T09:30:00.000000Z",
            "version": VERSION,
            "data": data,
        })
    }
}

/// A field of the data; one whose type ends in a question mark may be `null`.
fn property(name: &str, kind: &str) -> (String, Value) {
    let schema = match (kind.strip_suffix('?'), kind) {
        (Some(kind), _) => json!({ "type": [kind, "null"] }),
        (None, "array") => json!({ "type": "array", "items": { "type": "string" } }),
        (None, kind) => json!({ "type": kind }),
    };
    (name.to_owned(), schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data of all events by version, as it was when the version was first sent.
    const PROMISED: [(&str, &str); 1] = [("2026-02-07", include_str!("catalogue/2026-02-07.json"))];

    #[test]
    fn a_version_keeps_the_shape_that_receivers_were_promised() {
        // Fields may be added. One that goes, or changes its type, needs a new version with a file of its own.
        let (_, promised) = PROMISED.iter().find(|(version, _)| *version == VERSION).expect("each version has a file");
        let promised: Map<String, Value> = serde_json::from_str(promised).unwrap();
        for known in &KNOWN {
            let data = &known.schema()["properties"]["data"];
            let before = promised.get(known.name).unwrap_or_else(|| panic!("{} is not in the file", known.name));
            for (field, schema) in before["properties"].as_object().unwrap() {
                assert_eq!(&data["properties"][field], schema, "{} {field}", known.name);
            }
            for field in before["required"].as_array().unwrap() {
                assert!(data["required"].as_array().unwrap().contains(field), "{} {field}", known.name);
            }
        }
        let sent: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
        assert!(promised.keys().all(|name| sent.contains(&name.as_str())), "an event of this version is gone");
    }

    #[test]
    fn every_example_fits_its_schema() {
        for known in &KNOWN {
            let schema = known.schema();
            campanile_webhooks::event_types::check_against(&schema, &known.example()).unwrap();
        }
    }
}

//! Test data for the official suites of the Knock libraries: users, objects, messages and schedules
//! with the ids that their cases name.

mod queries;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Thing};
use campanile_db::Tx;
use serde_json::{Map, json};

use crate::channels::{self, ChannelType};
use crate::messages::{self, EventKind, Message, Source, Status};
use crate::recipients::RecipientInput;
use crate::resources::{self, Kind};
use crate::{Notify, Reference, audiences, channel_data, recipients, schedules, subscriptions, workflows};

/// Channels: key, id, type, provider.
const CHANNELS: [(&str, &str, ChannelType, &str); 6] = [
    ("suite-push", "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e", ChannelType::Push, "push_fcm"),
    ("suite-guides", "123e4567-e89b-12d3-a456-426614174000", ChannelType::InAppGuide, "in_app_guide_knock"),
    ("suite-chat", "channel_id", ChannelType::Chat, "chat_slack"),
    ("suite-inline-1", "97c5837d-c65c-4d54-aa39-080eeb81c69d", ChannelType::Push, "push_fcm"),
    ("suite-inline-2", "aef6e715-df82-4ab6-b61e-b743e249f7b6", ChannelType::Http, "http_knock_webhook"),
    ("suite-inline-3", "2f641633-95d3-4555-9222-9f1eb7888a80", ChannelType::Http, "http_knock_webhook"),
];
const MESSAGES: [&str; 5] = [
    "message_id",
    "1jNaXzB2RZX3LY8wVQnfCKyPnv7",
    "2w3YUpTTOxuDvZFji8OMsKrG176",
    "2w3YVRbPXMIh8Zq6oBFcVDA5xes",
    "string",
];
const USERS: [&str; 11] = [
    "user_id",
    "user-123",
    "user_123",
    "user_1",
    "user_2",
    "dr_grant",
    "dr_sattler",
    "dr_malcolm",
    "jhammond",
    "mr_dna",
    "string",
];
const WORKFLOWS: [&str; 4] = ["key", "comment-created", "workflow", "dinosaurs-loose"];
/// The ids of the bulk operation, the recipient's run and the schedule.
const ID: &str = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e";
const RUN: &str = "id";
const SCHEDULE: &str = "123e4567-e89b-12d3-a456-426614174000";

/// Stores all test data. `upstream` is the address of the stand-in for Slack and Microsoft.
///
/// # Errors
/// A conflict, if some of it exists already.
pub async fn knock(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId, upstream: &str) -> Result<()> {
    let told =
        |reference: Reference| RecipientInput { properties: Some(Map::new()), ..RecipientInput::named(reference) };
    let objects = [("collection", "object_id"), ("collection", "id"), ("projects", "project-123"), ("$tenants", "id")];
    let objects = objects.into_iter().map(|(collection, id)| told(Reference::object(collection, id)));
    let users = USERS.into_iter().map(|id| told(Reference::user(id)));
    recipients::identify(tx, notify, organisation, users.chain(objects).collect()).await?;
    for (key, id, kind, provider) in CHANNELS {
        let settings = json!({
            "id": id, "type": kind, "provider": provider, "provider_settings": {
                "base_url": format!("{upstream}/slack"), "graph_url": format!("{upstream}/graph"),
                "login_url": format!("{upstream}/login"), "client_id": "1.2", "client_secret": "secret",
                "graph_client_id": "app", "graph_client_secret": "secret",
            },
        });
        let told = serde_json::from_value(settings).map_err(campanile_base::Error::internal)?;
        channels::put(tx, notify, organisation, key, told).await?;
    }
    reached(tx, notify, organisation).await?;
    let steps = json!([{ "ref": "feed", "type": "channel", "channel_key": channels::FEED, "channel_type": "in_app_feed",
        "template": { "markdown_body": "Hello" } }]);
    for key in WORKFLOWS {
        let document = json!({ "name": key, "steps": steps });
        workflows::put(tx, notify, organisation, key, &document, Some(("suites", "campanile"))).await?;
    }
    let guide = json!({ "name": "Tour", "steps": [{ "ref": "lab_tours", "schema_key": "banner", "values": {} }] });
    resources::put(tx, notify, organisation, Kind::Guide, "tour_notification", &guide).await?;
    let by = ("suites", "campanile");
    resources::commit(tx, notify, organisation, Kind::Guide, "tour_notification", by).await?;
    resources::activate(tx, organisation, Kind::Guide, "tour_notification", true).await?;
    audiences::add(tx, notify, organisation, "key", vec![(told(Reference::user("user_id")), None)], true).await?;
    let object = Reference::object("collection", "object_id");
    subscriptions::add(tx, notify, organisation, object, vec![told(Reference::user("user_id"))], Map::new()).await?;
    said(tx, notify, organisation).await?;
    with_ids(tx, notify, organisation).await
}

/// The channel data of the recipients in the cases.
async fn reached(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId) -> Result<()> {
    let (push, chat) = (CHANNELS[0].1, CHANNELS[2].1);
    let (user, object) = (Reference::user("user_id"), Reference::object("collection", "object_id"));
    let tokens = || json!({ "tokens": ["push_token_1"] });
    let token = json!({ "token": { "access_token": "xoxb-suite" }, "ms_teams_tenant_id": ID });
    for (owner, channel, data) in [
        (user, push, tokens()),
        (object.clone(), push, tokens()),
        (object, chat, json!({ "connections": [] })),
        (Reference::tenant("access_token_object"), chat, token.clone()),
        (Reference::tenant("ms_teams_tenant_object"), chat, token),
    ] {
        channel_data::set(tx, notify, organisation, &owner, channel, data).await?;
    }
    Ok(())
}

/// Messages to one user, in their feed.
async fn said(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId) -> Result<()> {
    let now = notify.clock.now();
    let feed =
        channels::find(tx, notify, organisation, channels::FEED).await?.ok_or(Error::NotFound(Thing::Channel))?;
    let all = MESSAGES.map(|id| {
        let source = Source {
            kind: "workflow".to_owned(),
            key: "workflow".to_owned(),
            version_id: ID.to_owned(),
            categories: Vec::new(),
            step: Some("feed".to_owned()),
            workflow_run_id: Some(ID.to_owned()),
            recipient_run_id: Some(RUN.to_owned()),
        };
        let block = json!({ "type": "markdown", "name": "body", "content": "Hi", "rendered": "<p>Hi</p>" });
        let mut message = Message {
            id: id.to_owned(),
            content: json!({ "blocks": [block] }),
            status: Status::Delivered,
            ..Message::new(&feed, Reference::user("user_id"), source, now)
        };
        message.note(now, EventKind::Delivered, None);
        message
    });
    messages::insert(tx, organisation, &all.iter().collect::<Vec<_>>()).await?;
    Ok(())
}

/// Rows whose ids the server would otherwise choose.
async fn with_ids(tx: &mut Tx, notify: &Notify, organisation: &OrganisationId) -> Result<()> {
    let now = notify.clock.now();
    let terms = json!({ "repeats": [{ "frequency": "daily", "hours": 9 }] });
    let terms = schedules::Terms::parse(terms.as_object().unwrap_or(&Map::new()))?;
    let whom = vec![RecipientInput::named(Reference::user("user_id"))];
    for schedule in schedules::create(tx, notify, organisation, "workflow", whom, terms).await? {
        queries::name_schedule(tx, organisation, &schedule.id, SCHEDULE).await?;
    }
    queries::insert_run(tx, organisation, RUN, ID, now).await?;
    queries::insert_bulk_operation(tx, organisation, ID, now).await?;
    Ok(())
}

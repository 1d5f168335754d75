//! A subset of the management API: workflows are read and written like code, channels are set up,
//! commits are listed.
//!
//! An organisation has one environment. A change is a draft until it is committed, with
//! `commit=true` or later.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_accounts::OrganisationId;
use campanile_base::Thing;
use campanile_channels::{FALLBACK, email, public_settings};
use campanile_db::{END, Range};
use campanile_http::Web;
use campanile_notify::channels::{self, Channel};
use campanile_notify::management;
use campanile_notify::preview::{self, Sample};
use campanile_notify::recipients::RecipientInput;
use campanile_notify::resources::{self, ENVIRONMENT, Kind, Resource, Version, VersionFilter};
use campanile_notify::sending::{self, Trial};
use campanile_notify::workflows;
use campanile_notify::{Reference, triggers};
use serde_json::{Value, json};

use super::body::Body;
use super::client::{Client, Manager, Who};
use super::error::{KnockError, KnockResult};
use super::objects::entries;
use super::page::Page;
use super::query::Query;

/// The number of items on a page: the default and the most.
const LIMIT: i64 = 50;

/// The range and size of a page, in a list by key.
pub(super) fn by_key(query: &Query) -> (Range, usize) {
    let limit = query.number("limit").or(query.number("page_size")).filter(|limit| (1..=LIMIT).contains(limit));
    let limit = limit.unwrap_or(LIMIT);
    let low = query.text("after").unwrap_or_default().to_owned();
    let range = Range { low, high: END.to_owned(), oldest_first: true, limit: limit + 1 };
    (range, usize::try_from(limit).unwrap_or(usize::MAX))
}

/// The page, made from the rows of a list by key.
pub(super) fn page_of<T>(
    mut found: Vec<T>,
    size: usize,
    key: impl Fn(&T) -> &str,
    view: impl Fn(&T) -> Value,
) -> Json<Value> {
    let after = (found.len() > size).then(|| key(&found[size - 1]).to_owned());
    found.truncate(size);
    let info = json!({ "__typename": "PageInfo", "after": after, "before": null, "page_size": size });
    entries(found.iter().map(view).collect(), info)
}

/// Workflows as the API shows them. Their validity is checked on a thread of the sandbox.
async fn workflow_views(web: &Web, client: &OrganisationId, workflows: Vec<Resource>) -> KnockResult<Vec<Value>> {
    let view = move || workflows.iter().map(workflow_view).collect();
    Ok(workflows::in_sandbox(&web.app.notify, client, view).await?)
}

/// One workflow as the API shows it.
async fn one_workflow_view(web: &Web, client: &OrganisationId, workflow: Resource) -> KnockResult<Value> {
    Ok(workflow_views(web, client, vec![workflow]).await?.remove(0))
}

fn workflow_view(workflow: &Resource) -> Value {
    let mut view = workflow.view();
    view["valid"] = workflows::check(&workflow.draft).is_empty().into();
    if let Value::Object(map) = &mut view {
        map.entry("categories").or_insert_with(|| json!([]));
        map.entry("steps").or_insert_with(|| json!([]));
    }
    view
}

pub(super) async fn workflows(
    State(web): State<Web>,
    Manager(client): Manager,
    query: Query,
) -> KnockResult<Json<Value>> {
    let ((range, size), organisation) = (by_key(&query), client.organisation.clone());
    let read = web.app.db.read(move |tx| {
        Box::pin(async move { resources::list(tx, &client.organisation, Kind::Workflow, &range).await })
    });
    let found = read.await?;
    let keys: Vec<String> = found.iter().map(|workflow| workflow.key.clone()).collect();
    let views = workflow_views(&web, &organisation, found).await?;
    let found: Vec<(String, Value)> = keys.into_iter().zip(views).collect();
    Ok(page_of(found, size, |(key, _)| key, |(_, view)| view.clone()))
}

pub(super) async fn workflow(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(key): Path<String>,
) -> KnockResult<Json<Value>> {
    let organisation = client.organisation.clone();
    let read = web
        .app
        .db
        .read(move |tx| Box::pin(async move { resources::get(tx, &client.organisation, Kind::Workflow, &key).await }));
    let workflow = read.await?.ok_or_else(|| KnockError::missing(Thing::Workflow))?;
    Ok(Json(one_workflow_view(&web, &organisation, workflow).await?))
}

/// The workflow in a request, or an error with everything that is wrong with it.
async fn document(web: &Web, client: &Client, body: Body) -> KnockResult<Value> {
    let Body(mut body) = body;
    let document = body.remove("workflow").ok_or_else(|| KnockError::field("workflow", "is required"))?;
    let check = move || (workflows::check(&document), document);
    let (faults, document) = workflows::in_sandbox(&web.app.notify, &client.organisation, check).await?;
    if faults.is_empty() {
        return Ok(document);
    }
    let told = faults.iter().map(|fault| json!({ "field": fault.field, "message": fault.message, "type": "invalid" }));
    Err(KnockError::fields(told.collect()))
}

pub(super) async fn put_workflow(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(key): Path<String>,
    query: Query,
    body: Body,
) -> KnockResult<Json<Value>> {
    let document = document(&web, &client, body).await?;
    let organisation = client.organisation.clone();
    let commits = query.flag("commit") == Some(true);
    let note = query.text("commit_message").unwrap_or_default().to_owned();
    let (caller, notify) = (client.manager()?, web.app.notify.clone());
    let written = web.app.db.write(move |tx| {
        Box::pin(async move {
            let note = commits.then_some(note.as_str());
            management::put_resource(tx, &notify, &caller, Kind::Workflow, &key, (&document, note)).await
        })
    });
    let written = written.await?;
    Ok(Json(json!({ "workflow": one_workflow_view(&web, &organisation, written).await? })))
}

pub(super) async fn validate_workflow(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(key): Path<String>,
    body: Body,
) -> KnockResult<Json<Value>> {
    let mut document = document(&web, &client, body).await?;
    document["key"] = key.into();
    document["valid"] = true.into();
    Ok(Json(json!({ "workflow": document })))
}

pub(super) async fn activate_workflow(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(key): Path<String>,
    body: Body,
) -> KnockResult<Json<Value>> {
    let is_active = body.0.get("status").and_then(Value::as_bool);
    let is_active = is_active.ok_or_else(|| KnockError::field("status", "must be true or false"))?;
    let (organisation, caller, notify) = (client.organisation.clone(), client.manager()?, web.app.notify.clone());
    let written = web.app.db.write(move |tx| {
        Box::pin(
            async move { management::activate_resource(tx, &notify, &caller, Kind::Workflow, &key, is_active).await },
        )
    });
    let workflow = written.await?;
    Ok(Json(json!({ "workflow": one_workflow_view(&web, &organisation, workflow).await? })))
}

/// Previews the content of a step of the draft.
///
/// Unlike the hosted service it also takes a `template` that is not saved yet, and `activities`.
pub(super) async fn preview_step(
    State(web): State<Web>,
    Manager(client): Manager,
    Path((key, step)): Path<(String, String)>,
    body: Body,
) -> KnockResult<Json<Value>> {
    let told = |name: &str| body.0.get(name).filter(|told| *told != &json!({})).map(RecipientInput::parse).transpose();
    let somebody =
        || RecipientInput::parse(&json!({ "id": "somebody", "name": "Somebody", "email": "somebody@example.com" }));
    let sample = Sample {
        recipient: told("recipient")?.map_or_else(somebody, Ok)?,
        actor: told("actor")?,
        tenant: body.optional("tenant").map(str::to_owned),
        data: body.object("data")?,
        activities: body.0.get("activities").and_then(Value::as_array).cloned().unwrap_or_default(),
        template: body.0.get("template").and_then(Value::as_object).cloned(),
    };
    let preview = preview::preview(&web.app.notify, &client.organisation, &key, &step, sample);
    Ok(Json(match preview.await? {
        Ok(template) => json!({ "result": "success", "template": template }),
        Err(why) => json!({ "result": "error", "errors": [{ "field": "template", "message": why }] }),
    }))
}

/// Triggers a workflow as a trial.
pub(super) async fn run_workflow(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(key): Path<String>,
    body: Body,
) -> KnockResult<Json<Value>> {
    let asked = triggers::TriggerRequest {
        source: json!({ "type": "rehearsal" }),
        ..super::workflows::asked(client, &key, &body)?
    };
    let accepted = triggers::accept(&web.app.notify, asked).await?;
    Ok(Json(json!({ "workflow_run_id": accepted.workflow_run_id })))
}

pub(super) async fn delete_workflow(
    State(web): State<Web>,
    client: Client,
    Path(key): Path<String>,
) -> KnockResult<StatusCode> {
    let (caller, notify) = (client.manager()?, web.app.notify.clone());
    let deleted = web.app.db.write(move |tx| {
        Box::pin(async move { management::delete_resource(tx, &notify, &caller, Kind::Workflow, &key).await })
    });
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}

fn commit_view(version: &Version) -> Value {
    json!({
        "id": version.id, "environment": ENVIRONMENT, "commit_message": version.note, "created_at": version.created_at,
        "author": { "email": version.author, "name": version.author },
        "resource": { "identifier": version.key, "type": version.kind },
    })
}

pub(super) async fn commits(
    State(web): State<Web>,
    Manager(client): Manager,
    query: Query,
) -> KnockResult<Json<Value>> {
    let page = Page::of(&query)?;
    let range = page.range.clone();
    let unknown = || KnockError::field("resource_type", "is no type of resource, such as workflow");
    let kind = query.text("resource_type").map(|name| Kind::named(name).ok_or_else(unknown)).transpose()?;
    let filter = VersionFilter { kind, key: query.text("resource_id").map(str::to_owned) };
    let read = web
        .app
        .db
        .read(move |tx| Box::pin(async move { resources::versions(tx, &client.organisation, &filter, &range).await }));
    let (found, page_info) = page.cut(read.await?, |version| &version.place);
    Ok(entries(found.iter().map(commit_view).collect(), page_info))
}

pub(super) async fn commit(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(id): Path<String>,
) -> KnockResult<Json<Value>> {
    let read =
        web.app.db.read(move |tx| Box::pin(async move { resources::version(tx, &client.organisation, &id).await }));
    let (version, document) = read.await?.ok_or_else(|| KnockError::missing(Thing::Commit))?;
    let mut view = commit_view(&version);
    view["document"] = document;
    Ok(Json(view))
}

/// Commits all drafts.
pub(super) async fn commit_all(State(web): State<Web>, client: Client, query: Query) -> KnockResult<Json<Value>> {
    let note = query.text("commit_message").unwrap_or_default().to_owned();
    let (caller, notify) = (client.manager()?, web.app.notify.clone());
    let committed =
        web.app.db.write(move |tx| Box::pin(async move { management::commit_all(tx, &notify, &caller, &note).await }));
    committed.await?;
    Ok(Json(json!({ "result": "success" })))
}

/// A channel without its provider's secrets, and with the address for its provider's webhooks.
fn channel_view(web: &Web, organisation: &OrganisationId, channel: &Channel) -> Value {
    let mut view = channel.view();
    let own = &channel.settings.provider_settings;
    view["archived_at"] = Value::Null;
    view["environment_settings"] = json!({ ENVIRONMENT: {
        "is_sandbox": channel.is_sandbox, "is_valid": channel.can_carry(web.app.notify.carriers.mailer.is_some()),
        "provider_settings": own.keys().collect::<Vec<_>>(),
        "provider_values": public_settings(&channel.provider, own),
        "fallback": own.get(FALLBACK).map(fallback_view),
        "channel_settings": channel.settings.channel_settings,
        "conditions": channel.settings.conditions,
        "intake_url": email::takes_in(channel)
            .then(|| format!("{}/providers/resend/{organisation}/{}", web.app.notify.base_url, channel.id)),
    } });
    view
}

/// The provider that takes over, without its secrets.
fn fallback_view(fallback: &Value) -> Value {
    let provider = fallback["provider"].as_str().unwrap_or_default();
    let settings = fallback["provider_settings"].as_object().cloned().unwrap_or_default();
    json!({
        "provider": provider, "provider_settings": settings.keys().collect::<Vec<_>>(),
        "provider_values": public_settings(provider, &settings),
    })
}

pub(super) async fn list_channels(
    State(web): State<Web>,
    Manager(client): Manager,
    query: Query,
) -> KnockResult<Json<Value>> {
    let (notify, (range, size)) = (web.app.notify.clone(), by_key(&query));
    let organisation = client.organisation.clone();
    let read = web
        .app
        .db
        .read(move |tx| Box::pin(async move { channels::list(tx, &notify, &client.organisation, &range).await }));
    Ok(page_of(read.await?, size, |channel| &channel.key, |channel| channel_view(&web, &organisation, channel)))
}

pub(super) async fn get_channel(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(key): Path<String>,
) -> KnockResult<Json<Value>> {
    let (notify, organisation) = (web.app.notify.clone(), client.organisation.clone());
    let read = web
        .app
        .db
        .read(move |tx| Box::pin(async move { channels::find(tx, &notify, &client.organisation, &key).await }));
    Ok(Json(channel_view(&web, &organisation, &read.await?.ok_or_else(|| KnockError::missing(Thing::Channel))?)))
}

/// Creates or changes a channel. The hosted service offers this only in its dashboard.
pub(super) async fn put_channel(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(key): Path<String>,
    Body(mut body): Body,
) -> KnockResult<Json<Value>> {
    let told = body.remove("channel").unwrap_or(Value::Object(body));
    let clears_conditions = told.get("conditions").is_some_and(Value::is_null);
    let told: channels::ChannelSpec =
        serde_json::from_value(told).map_err(|error| KnockError::field("channel", &error.to_string()))?;
    let told = channels::ChannelSpec { clears_conditions, ..told };
    let (notify, organisation, caller) = (web.app.notify.clone(), client.organisation.clone(), client.manager()?);
    let written = web
        .app
        .db
        .write(move |tx| Box::pin(async move { management::put_channel(tx, &notify, &caller, &key, told).await }));
    Ok(Json(json!({ "channel": channel_view(&web, &organisation, &written.await?) })))
}

pub(super) async fn delete_channel(
    State(web): State<Web>,
    client: Client,
    Path(key): Path<String>,
) -> KnockResult<StatusCode> {
    let (caller, notify) = (client.manager()?, web.app.notify.clone());
    let deleted = web
        .app
        .db
        .write(move |tx| Box::pin(async move { management::delete_channel(tx, &notify, &caller, &key).await }));
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a test message through a channel. The hosted service offers this only in its dashboard.
pub(super) async fn test_channel(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(key): Path<String>,
    body: Body,
) -> KnockResult<Json<Value>> {
    let recipient = match (body.0.get("recipient"), &client.who) {
        (Some(recipient), _) => Reference::parse(recipient)?,
        (None, Who::Member(_, person, _)) => Reference::user(person.as_str()),
        (None, _) => return Err(KnockError::field("recipient", "is required")),
    };
    let trial = Trial {
        recipient,
        tenant: body.optional("tenant").map(str::to_owned),
        text: body.optional("text").unwrap_or("This is a test of Campanile.").to_owned(),
        to: body.object("to")?,
    };
    let notify = web.app.notify.clone();
    let written = web
        .app
        .db
        .write(move |tx| Box::pin(async move { sending::test(tx, &notify, &client.organisation, &key, trial).await }));
    let message = written.await?;
    Ok(Json(message.view(None)))
}

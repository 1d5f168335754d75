//! The management API, in outline: workflows are read and written like code, channels are set up, commits are listed.
//!
//! An organisation has one environment. What is written is a draft until it is committed, with `commit=true` or later.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_accounts::OrganisationId;
use campanile_base::Error;
use campanile_db::{END, Range};
use campanile_notify::channels::{self, Channel, email};
use campanile_notify::recipients::Told;
use campanile_notify::resources::{self, ENVIRONMENT, Kind, Resource, Version};
use campanile_notify::sending::{self, Trial};
use campanile_notify::workflows::{self, Sample};
use campanile_notify::{Reference, triggers};
use serde_json::{Value, json};

use super::body::Body;
use super::client::{Client, Who};
use super::error::{KnockError, KnockResult};
use super::objects::entries;
use super::page::Page;
use super::query::Query;
use crate::Web;

/// How many workflows or channels a list has, unless said otherwise.
const LIMIT: i64 = 50;

/// A page of a list by key.
pub(super) fn by_key(query: &Query) -> (Range, usize) {
    let limit = query.number("limit").or(query.number("page_size")).filter(|limit| (1..=LIMIT).contains(limit));
    let limit = limit.unwrap_or(LIMIT);
    let low = query.text("after").unwrap_or_default().to_owned();
    let range = Range { low, high: END.to_owned(), oldest_first: true, limit: limit + 1 };
    (range, usize::try_from(limit).unwrap_or(usize::MAX))
}

/// What was read of a list by key, as a page.
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

/// Workflows as the API shows them; whether each is valid is found out on a thread of the sandbox.
async fn workflow_views(web: &Web, client: &OrganisationId, workflows: Vec<Resource>) -> KnockResult<Vec<Value>> {
    let view = move || workflows.iter().map(workflow_view).collect();
    Ok(workflows::in_sandbox(&web.app.notify, client, view).await?)
}

/// The same of one.
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

pub(super) async fn workflows(State(web): State<Web>, client: Client, query: Query) -> KnockResult<Json<Value>> {
    client.must_manage()?;
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
    client: Client,
    Path(key): Path<String>,
) -> KnockResult<Json<Value>> {
    client.must_manage()?;
    let organisation = client.organisation.clone();
    let read = web
        .app
        .db
        .read(move |tx| Box::pin(async move { resources::get(tx, &client.organisation, Kind::Workflow, &key).await }));
    let workflow = read.await?.ok_or_else(|| KnockError::missing("workflow"))?;
    Ok(Json(one_workflow_view(&web, &organisation, workflow).await?))
}

/// The document in a request, and what is wrong with it.
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
    client: Client,
    Path(key): Path<String>,
    query: Query,
    body: Body,
) -> KnockResult<Json<Value>> {
    client.must_manage()?;
    let document = document(&web, &client, body).await?;
    let organisation = client.organisation.clone();
    let commits = query.flag("commit") == Some(true);
    let note = query.text("commit_message").unwrap_or_default().to_owned();
    let (author, notify) = (author(&client), web.app.notify.clone());
    let written = web.app.db.write(move |tx| {
        Box::pin(async move {
            let why = commits.then_some((note.as_str(), author.as_str()));
            workflows::put(tx, &notify, &client.organisation, &key, &document, why).await
        })
    });
    let written = written.await?;
    Ok(Json(json!({ "workflow": one_workflow_view(&web, &organisation, written).await? })))
}

pub(super) async fn validate_workflow(
    State(web): State<Web>,
    client: Client,
    Path(key): Path<String>,
    body: Body,
) -> KnockResult<Json<Value>> {
    client.must_manage()?;
    let mut document = document(&web, &client, body).await?;
    document["key"] = key.into();
    document["valid"] = true.into();
    Ok(Json(json!({ "workflow": document })))
}

pub(super) async fn activate_workflow(
    State(web): State<Web>,
    client: Client,
    Path(key): Path<String>,
    body: Body,
) -> KnockResult<Json<Value>> {
    client.must_manage()?;
    let is_active = body.0.get("status").and_then(Value::as_bool);
    let is_active = is_active.ok_or_else(|| KnockError::field("status", "must be true or false"))?;
    let organisation = client.organisation.clone();
    let written = web.app.db.write(move |tx| {
        Box::pin(async move {
            resources::activate(tx, &client.organisation, Kind::Workflow, &key, is_active).await?;
            resources::get(tx, &client.organisation, Kind::Workflow, &key).await
        })
    });
    let workflow = written.await?.ok_or_else(|| KnockError::missing("workflow"))?;
    Ok(Json(json!({ "workflow": one_workflow_view(&web, &organisation, workflow).await? })))
}

/// What a step of the draft would say.
/// What a step would say; beside the hosted service's fields also of a `template` that is not written yet, and of `activities`.
pub(super) async fn preview_step(
    State(web): State<Web>,
    client: Client,
    Path((key, step)): Path<(String, String)>,
    body: Body,
) -> KnockResult<Json<Value>> {
    client.must_manage()?;
    let told = |name: &str| body.0.get(name).filter(|told| *told != &json!({})).map(Told::parse).transpose();
    let somebody = || Told::parse(&json!({ "id": "somebody", "name": "Somebody", "email": "somebody@example.com" }));
    let sample = Sample {
        recipient: told("recipient")?.map_or_else(somebody, Ok)?,
        actor: told("actor")?,
        tenant: body.optional("tenant").map(str::to_owned),
        data: body.object("data")?,
        activities: body.0.get("activities").and_then(Value::as_array).cloned().unwrap_or_default(),
        template: body.0.get("template").and_then(Value::as_object).cloned(),
    };
    let preview = workflows::preview(&web.app.notify, &client.organisation, &key, &step, sample);
    Ok(Json(match preview.await? {
        Ok(template) => json!({ "result": "success", "template": template }),
        Err(why) => json!({ "result": "error", "errors": [{ "field": "template", "message": why }] }),
    }))
}

/// Triggers a workflow, as somebody who tries it does.
pub(super) async fn run_workflow(
    State(web): State<Web>,
    client: Client,
    Path(key): Path<String>,
    body: Body,
) -> KnockResult<Json<Value>> {
    client.must_manage()?;
    let asked =
        triggers::Asked { source: json!({ "type": "rehearsal" }), ..super::workflows::asked(client, &key, &body)? };
    let accepted = triggers::accept(&web.app.notify, asked).await?;
    Ok(Json(json!({ "workflow_run_id": accepted.workflow_run_id })))
}

pub(super) async fn delete_workflow(
    State(web): State<Web>,
    client: Client,
    Path(key): Path<String>,
) -> KnockResult<StatusCode> {
    client.must_manage()?;
    let deleted = web.app.db.write(move |tx| {
        Box::pin(async move { resources::delete(tx, &client.organisation, Kind::Workflow, &key).await })
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

pub(super) async fn commits(State(web): State<Web>, client: Client, query: Query) -> KnockResult<Json<Value>> {
    client.must_manage()?;
    let page = Page::of(&query)?;
    let range = page.range.clone();
    let read =
        web.app.db.read(move |tx| Box::pin(async move { resources::versions(tx, &client.organisation, &range).await }));
    let (found, page_info) = page.cut(read.await?, |version| &version.place);
    Ok(entries(found.iter().map(commit_view).collect(), page_info))
}

pub(super) async fn commit(State(web): State<Web>, client: Client, Path(id): Path<String>) -> KnockResult<Json<Value>> {
    client.must_manage()?;
    let read =
        web.app.db.read(move |tx| Box::pin(async move { resources::version(tx, &client.organisation, &id).await }));
    Ok(Json(commit_view(&read.await?.ok_or_else(|| KnockError::missing("commit"))?)))
}

/// Commits all drafts.
pub(super) async fn commit_all(State(web): State<Web>, client: Client, query: Query) -> KnockResult<Json<Value>> {
    client.must_manage()?;
    let note = query.text("commit_message").unwrap_or_default().to_owned();
    let (author, notify) = (author(&client), web.app.notify.clone());
    let written = web.app.db.write(move |tx| {
        Box::pin(async move {
            let organisation = &client.organisation;
            for workflow in resources::list(tx, organisation, Kind::Workflow, &Range::first(10_000)).await? {
                let why = (note.as_str(), author.as_str());
                workflows::put(tx, &notify, organisation, &workflow.key, &workflow.draft, Some(why)).await?;
            }
            for kind in [Kind::EmailLayout, Kind::Partial, Kind::Translation, Kind::Guide] {
                for document in resources::list(tx, organisation, kind, &Range::first(10_000)).await? {
                    let why = (note.as_str(), author.as_str());
                    resources::commit(tx, &notify, organisation, kind, &document.key, why).await?;
                }
            }
            Ok::<_, Error>(())
        })
    });
    written.await?;
    Ok(Json(json!({ "result": "success" })))
}

pub(super) fn author(client: &Client) -> String {
    match &client.who {
        Who::Member(_, person) => person.to_string(),
        _ => "a secret key".to_owned(),
    }
}

/// A channel, without its provider's secrets; with the address that its provider's webhooks are to be pointed at.
fn channel_view(web: &Web, organisation: &OrganisationId, channel: &Channel) -> Value {
    let mut view = channel.view();
    let named: Vec<&String> = channel.settings.provider_settings.keys().collect();
    view["archived_at"] = Value::Null;
    view["environment_settings"] = json!({ ENVIRONMENT: {
        "is_sandbox": channel.is_sandbox, "is_valid": channel.can_carry(&web.app.notify), "provider_settings": named,
        "channel_settings": channel.settings.channel_settings,
        "intake_url": email::takes_in(channel)
            .then(|| format!("{}/providers/resend/{organisation}/{}", web.app.notify.base_url, channel.id)),
    } });
    view
}

pub(super) async fn list_channels(State(web): State<Web>, client: Client, query: Query) -> KnockResult<Json<Value>> {
    client.must_manage()?;
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
    client: Client,
    Path(key): Path<String>,
) -> KnockResult<Json<Value>> {
    client.must_manage()?;
    let (notify, organisation) = (web.app.notify.clone(), client.organisation.clone());
    let read = web
        .app
        .db
        .read(move |tx| Box::pin(async move { channels::find(tx, &notify, &client.organisation, &key).await }));
    Ok(Json(channel_view(&web, &organisation, &read.await?.ok_or_else(|| KnockError::missing("channel"))?)))
}

/// Makes a channel, or changes it. The hosted service leaves this to its pages.
pub(super) async fn put_channel(
    State(web): State<Web>,
    client: Client,
    Path(key): Path<String>,
    Body(mut body): Body,
) -> KnockResult<Json<Value>> {
    client.must_manage()?;
    let told = body.remove("channel").unwrap_or(Value::Object(body));
    let clears_conditions = told.get("conditions").is_some_and(Value::is_null);
    let told: channels::Told =
        serde_json::from_value(told).map_err(|error| KnockError::field("channel", &error.to_string()))?;
    let told = channels::Told { clears_conditions, ..told };
    let (notify, organisation) = (web.app.notify.clone(), client.organisation.clone());
    let written = web
        .app
        .db
        .write(move |tx| Box::pin(async move { channels::put(tx, &notify, &client.organisation, &key, told).await }));
    Ok(Json(json!({ "channel": channel_view(&web, &organisation, &written.await?) })))
}

pub(super) async fn delete_channel(
    State(web): State<Web>,
    client: Client,
    Path(key): Path<String>,
) -> KnockResult<StatusCode> {
    client.must_manage()?;
    let notify = web.app.notify.clone();
    let deleted = web
        .app
        .db
        .write(move |tx| Box::pin(async move { channels::delete(tx, &notify, &client.organisation, &key).await }));
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a word through a channel, to see whether it works. The hosted service leaves this to its pages.
pub(super) async fn test_channel(
    State(web): State<Web>,
    client: Client,
    Path(key): Path<String>,
    body: Body,
) -> KnockResult<Json<Value>> {
    client.must_manage()?;
    let recipient = match (body.0.get("recipient"), &client.who) {
        (Some(recipient), _) => Reference::parse(recipient)?,
        (None, Who::Member(_, person)) => Reference::user(person.as_str()),
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

//! A preference page that needs no account: its configuration, and a sealed link that opens it for
//! one user.
//!
//! The page is plain HTML with a form. It changes the user's `default` set. Settings that a
//! condition decides are shown, but cannot be changed there.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse as _, Response};
use campanile_accounts::OrganisationId;
use campanile_base::{Result, escape_html};
use campanile_http::Web;
use campanile_http::error::{log_internal, status_of};
use campanile_http::link_pages::invalid_link;
use campanile_notify::preference_center::{Center, Row, center};
use campanile_notify::preferences::{self, DEFAULT, MergeStrategy};
use campanile_notify::tracking::{Tracked, preferences_address};
use campanile_notify::{Notify, Reference};
use serde_json::{Map, Value, json};

use super::client::{Client, Manager};
use super::error::KnockResult;

pub(super) async fn config(
    State(web): State<Web>,
    client: Client,
    Path(user): Path<String>,
) -> KnockResult<Json<Value>> {
    client.must_be(&user, "preferences/read")?;
    let read = web
        .app
        .db
        .read(move |tx| Box::pin(async move { center(tx, &client.organisation, &Reference::user(user)).await }));
    Ok(Json(read.await?.view(&web.app.notify)))
}

pub(super) async fn signed_url(
    State(web): State<Web>,
    Manager(client): Manager,
    Path(user): Path<String>,
) -> KnockResult<Json<Value>> {
    let (url, token) = preferences_address(&web.app.notify, &client.organisation, &Reference::user(user));
    Ok(Json(json!({ "url": url, "token": token })))
}

fn opened(notify: &Notify, token: &str) -> Option<(OrganisationId, Reference)> {
    match Tracked::open(notify, token)? {
        Tracked::Preferences { organisation, recipient } => Some((organisation, recipient)),
        _ => None,
    }
}

pub(crate) async fn page(State(web): State<Web>, Path(token): Path<String>) -> Response {
    let Some((organisation, user)) = opened(&web.app.notify, &token) else {
        return invalid_link();
    };
    let read = web.app.db.read(move |tx| Box::pin(async move { center(tx, &organisation, &user).await }));
    shown(read.await, "")
}

pub(crate) async fn save(State(web): State<Web>, Path(token): Path<String>, body: Bytes) -> Response {
    let Some((organisation, user)) = opened(&web.app.notify, &token) else {
        return invalid_link();
    };
    let ticked: Vec<String> = url::form_urlencoded::parse(&body).map(|(name, _)| name.into_owned()).collect();
    let notify = web.app.notify.clone();
    let written = web.app.db.write(move |tx| {
        Box::pin(async move {
            let known = center(tx, &organisation, &user).await?;
            preferences::set(tx, &notify, &organisation, &user, DEFAULT, &told(&known, &ticked), MergeStrategy::Merge)
                .await?;
            center(tx, &organisation, &user).await
        })
    });
    shown(written.await, "Saved.")
}

/// The preferences that a form with these ticked boxes sets.
fn told(center: &Center, ticked: &[String]) -> Value {
    let is_ticked = |name: String| ticked.contains(&name);
    let mut told = Map::new();
    let mut workflows = Map::new();
    for row in &center.rows {
        let Some(key) = &row.identifier else {
            told.insert(row.kind.to_owned(), is_ticked(row.kind.to_owned()).into());
            continue;
        };
        let open = row.channel_types.iter().filter(|kind| setting(center, key, kind).is_some());
        let types: Map<String, Value> =
            open.map(|kind| (kind.clone(), is_ticked(format!("{key}/{kind}")).into())).collect();
        workflows.insert(key.clone(), json!({ "channel_types": types }));
    }
    told.insert("workflows".to_owned(), Value::Object(workflows));
    Value::Object(told)
}

/// True if a workflow may use a type of channel. `None` where conditions decide.
fn setting(center: &Center, workflow: &str, kind: &str) -> Option<bool> {
    let of_workflow = center.set.get("workflows").and_then(|all| all.get(workflow));
    let of_type = of_workflow.and_then(|workflow| workflow.get("channel_types")).and_then(|types| types.get(kind));
    match (of_type, of_workflow) {
        (Some(Value::Bool(told)), _) | (None, Some(Value::Bool(told))) => Some(*told),
        (Some(Value::Object(_)), _) => None,
        _ => Some(true),
    }
}

fn shown(center: Result<Center>, word: &str) -> Response {
    match center {
        Ok(center) => Html(html(&center, word)).into_response(),
        Err(error) => {
            log_internal(&error);
            status_of(&error).0.into_response()
        }
    }
}

fn html(center: &Center, word: &str) -> String {
    let rows: String = center.rows.iter().map(|row| row_html(center, row)).collect();
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Notifications</title><style>{STYLE}</style><main><h1>Notifications</h1>\
         <p>What {} is told, and how.</p><form method=\"post\">{rows}<button>Save</button> <span role=\"status\">{word}</span>\
         </form></main></html>",
        escape_html(&center.user)
    )
}

fn row_html(center: &Center, row: &Row) -> String {
    let tick = |name: &str, label: &str, told: Option<bool>| {
        let (checked, disabled) =
            (if told == Some(true) { " checked" } else { "" }, if told.is_none() { " disabled" } else { "" });
        format!(
            "<label><input type=\"checkbox\" name=\"{}\"{checked}{disabled}> {}</label>",
            escape_html(name),
            escape_html(label)
        )
    };
    let boxes: String = match &row.identifier {
        Some(key) => {
            let kinds = row.channel_types.iter();
            kinds.map(|kind| tick(&format!("{key}/{kind}"), label(kind), setting(center, key, kind))).collect()
        }
        None => {
            let told = center.set.get(row.kind);
            let told = if told.is_some_and(Value::is_object) { None } else { Some(told != Some(&Value::Bool(false))) };
            tick(row.kind, "Yes, please", told)
        }
    };
    format!(
        "<fieldset><legend>{}</legend><p>{}</p>{boxes}</fieldset>",
        escape_html(&row.name),
        escape_html(&row.description)
    )
}

fn label(kind: &str) -> &str {
    match kind {
        "email" => "E-mail",
        "in_app_feed" => "In the app",
        "sms" => "Text message",
        "push" => "Push",
        "chat" => "Chat",
        "http" => "Webhook",
        other => other,
    }
}

const STYLE: &str = "body{font:16px/1.5 system-ui;margin:0;color:#16181d;background:#fff}main{max-width:36rem;margin:3rem auto;\
    padding:0 1rem}fieldset{border:1px solid #d6d9e0;border-radius:8px;margin:0 0 1rem;padding:.75rem 1rem}legend{font-weight:600;\
    padding:0 .25rem}fieldset p{margin:.1rem 0 .5rem;color:#555b66}fieldset p:empty{display:none}label{display:inline-flex;gap:.4rem;\
    margin-right:1.25rem;min-height:2rem;align-items:center}button{font:inherit;padding:.5rem 1.25rem;border-radius:6px;border:0;\
    background:#16181d;color:#fff}@media(prefers-color-scheme:dark){body{background:#101216;color:#e8eaee}fieldset{border-color:#333842}\
    fieldset p{color:#a0a6b2}button{background:#e8eaee;color:#101216}}";

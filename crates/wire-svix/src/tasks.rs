//! Background tasks, and the usage statistics that some of them compute.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_base::Timestamp;
use campanile_base::bounds::IDS_AT_A_TIME;
use campanile_http::Web;
use campanile_webhooks::check_count;
use campanile_webhooks::tasks::{self, Task, TaskStatus, Work};
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{Org, OrgManager};
use super::body::Body;
use super::error::{SvixError, SvixResult};
use super::list::{List, PageRequest};
use super::query::Query;

pub(super) async fn list(State(web): State<Web>, Org(caller): Org, query: Query) -> SvixResult<Json<List<Task>>> {
    let asked = PageRequest::by_id(&query, "qtask", false)?;
    let read = |text: &str| {
        TaskStatus::parse(text).ok_or_else(|| SvixError::query(format!("status: {text:?} is none of its values")))
    };
    let status = query.text("status").map(read).transpose()?;
    let (task, range) = (query.text("task").map(str::to_owned), asked.range.clone());
    let rows = web.app.db.read(move |tx| {
        Box::pin(async move { tasks::list(tx, &caller.organisation, status, task.as_deref(), &range).await })
    });
    Ok(Json(asked.page(rows.await?, |task| task.id.to_string(), |task| task)))
}

pub(super) async fn get(State(web): State<Web>, Org(caller): Org, Path(id): Path<String>) -> SvixResult<Json<Task>> {
    let found = web.app.db.read(move |tx| Box::pin(async move { tasks::get(tx, &caller.organisation, &id).await }));
    Ok(Json(found.await?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UsageIn {
    since: Timestamp,
    until: Timestamp,
    app_ids: Option<Vec<String>>,
}

pub(super) async fn application_usage(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    Body(asked): Body<UsageIn>,
) -> SvixResult<(StatusCode, Json<Value>)> {
    check_count("appIds", asked.app_ids.as_ref().map_or(0, Vec::len), IDS_AT_A_TIME)?;
    let webhooks = web.app.webhooks.clone();
    let begun = web.app.db.write(move |tx| {
        Box::pin(async move {
            let mut unresolved = Vec::new();
            for id in asked.app_ids.iter().flatten() {
                if campanile_webhooks::applications::get(tx, &caller.organisation, id).await.is_err() {
                    unresolved.push(id.clone());
                }
            }
            let (since, until, applications) = (asked.since, asked.until, asked.app_ids);
            let work = Work::ApplicationUsage { since, until, applications };
            Ok::<_, campanile_base::Error>((tasks::begin(tx, &webhooks, &caller, work).await?, unresolved))
        })
    });
    let (task, unresolved) = begun.await?;
    let answer = json!({
        "id": task.id, "status": task.status, "task": task.task, "updatedAt": task.updated_at,
        "unresolvedAppIds": unresolved,
    });
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

pub(super) async fn event_type_usage(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
) -> SvixResult<(StatusCode, Json<Task>)> {
    let webhooks = web.app.webhooks.clone();
    let begun = web
        .app
        .db
        .write(move |tx| Box::pin(async move { tasks::begin(tx, &webhooks, &caller, Work::EventTypeUsage).await }));
    Ok((StatusCode::ACCEPTED, Json(begun.await?)))
}

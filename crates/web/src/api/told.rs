//! Who was told: notifications and webhook attempts.

use axum::Json;
use axum::extract::{Query, State};
use campanile_accounts::{Actor, Caller};
use campanile_base::{Cursor, Page};
use campanile_db::Range;
use campanile_notify::messages::{self, Archived, Filter, Message, NotificationSummary, TenantFilter};
use campanile_webhooks::applications;
use campanile_webhooks::attempts::{self, AttemptView};

use super::page::{PageView, Paging};
use crate::Web;
use crate::caller::{Known, workspace};
use crate::error::ApiResult;

/// Notifications of a workspace, newest first. Members see what their own say, of others that there are some.
#[utoipa::path(get, path = "/api/notifications", tag = "told", params(Paging),
    responses((status = 200, body = PageView<NotificationSummary>)))]
pub(super) async fn notifications(
    State(web): State<Web>,
    Known(caller): Known,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<NotificationSummary>>> {
    let (from, size) = paging.read()?;
    let workspace = workspace(&web.app, &caller, paging.workspace.as_deref()).await?;
    let organisation = workspace.organisation_id.clone();
    let found = web.app.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move {
            let tenant = TenantFilter::Only(workspace.id.to_string());
            let filter = Filter { tenant, archived: Archived::Include, ..Filter::default() };
            let before = Some(from.id.as_str()).filter(|id| !id.is_empty());
            let range = Range::before(before, size.to_fetch());
            messages::page(tx, &workspace.organisation_id, &filter, &range).await
        })
    });
    let found = found.await?;
    let rows: Vec<NotificationSummary> = found.rows.iter().map(|message| seen_by(&caller, message)).collect();
    // This list reads on by the id alone.
    let stop = found.stopped_at.map(|id| Cursor { id, ..Cursor::newest() });
    let page = Page::of_bounded(rows, size, stop, |last| Cursor { at: last.inserted_at, id: last.id.clone() });
    Ok(Json(page.into()))
}

/// A notification as a caller sees it: what it says is shown to its recipient, and to programs.
fn seen_by(caller: &Caller, message: &Message) -> NotificationSummary {
    let mut summary = NotificationSummary::from(message);
    if let Actor::Person(person) = &caller.actor
        && message.recipient.is_user()
        && message.recipient.id != person.as_str()
    {
        summary.subject = String::new();
    }
    summary
}

/// Webhook attempts of a workspace's application, newest first.
#[utoipa::path(get, path = "/api/attempts", tag = "told", params(Paging),
    responses((status = 200, body = PageView<AttemptView>)))]
pub(super) async fn attempts(
    State(web): State<Web>,
    Known(caller): Known,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<AttemptView>>> {
    let (from, size) = paging.read()?;
    let workspace = workspace(&web.app, &caller, paging.workspace.as_deref()).await?;
    let rows = web.app.db.read(move |tx| {
        Box::pin(async move {
            let application = applications::get(tx, &workspace.organisation_id, workspace.id.as_str()).await?;
            let before = Some(from.id.as_str()).filter(|id| !id.is_empty());
            attempts::of_application(tx, &application, &Range::before(before, size.to_fetch())).await
        })
    });
    let views: Vec<AttemptView> = rows.await?.into_iter().map(Into::into).collect();
    let page = Page::of(views, size, |last| Cursor { at: last.timestamp, id: last.id.clone() });
    Ok(Json(page.into()))
}

//! Notifications, and attempts of webhooks.

use axum::extract::{Query, State};
use campanile_accounts::Privacy;
use campanile_base::{Cursor, Error, Page, Result};
use campanile_db::Range;
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Authenticated, workspace};
use campanile_http::error::ApiResult;
use campanile_notify::messages::{self, Archived, Filter, Message, NotificationSummary, TenantFilter};
use campanile_webhooks::applications;
use campanile_webhooks::attempts::{self, AttemptView};

use super::page::{List, PageView, Paging};

/// Notifications of a workspace, newest first.
///
/// Notifications of other members are listed without their subject; staff see only the subjects of
/// their own.
#[utoipa::path(get, path = "/api/notifications", tag = "told", params(Paging),
    responses((status = 200, body = PageView<NotificationSummary>)))]
pub(super) async fn notifications(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<NotificationSummary>>> {
    let (from, size) = paging.read(List::Notifications)?;
    let workspace = workspace(&web.app, &caller, paging.workspace.as_deref()).await?;
    let organisation = workspace.organisation_id.clone();
    let found = web.app.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move {
            let tenant = TenantFilter::Only(workspace.id.to_string());
            let filter = Filter { tenant, archived: Archived::Include, ..Filter::default() };
            let before = Some(from.id.as_str()).filter(|id| !id.is_empty());
            let range = Range::before(before, size.to_fetch());
            let privacy = Privacy::towards(tx, &caller).await?;
            Ok::<_, Error>((privacy, messages::page(tx, &workspace.organisation_id, &filter, &range).await?))
        })
    });
    let (privacy, found) = found.await?;
    let rows: Vec<NotificationSummary> =
        found.rows.iter().map(|message| within(&privacy, message)).collect::<Result<_>>()?;
    // The cursor of this list needs only the id.
    let stop = found.stopped_at.map(|id| Cursor { id, ..Cursor::newest() });
    let page = Page::of_bounded(rows, size, stop, |last| Cursor { at: last.inserted_at, id: last.id.clone() });
    Ok(Json(PageView::of(List::Notifications, page)))
}

/// A notification as a caller may see it: without its subject, if the messages of its recipient are
/// closed to them.
fn within(privacy: &Privacy, message: &Message) -> Result<NotificationSummary> {
    let mut summary = NotificationSummary::of(message)?;
    if message.recipient.is_user() && privacy.closes(&message.recipient.id) {
        summary.subject = String::new();
    }
    Ok(summary)
}

/// Attempts of the webhooks of a workspace's application, newest first.
#[utoipa::path(get, path = "/api/attempts", tag = "told", params(Paging),
    responses((status = 200, body = PageView<AttemptView>)))]
pub(super) async fn attempts(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<AttemptView>>> {
    let (from, size) = paging.read(List::Attempts)?;
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
    Ok(Json(PageView::of(List::Attempts, page)))
}

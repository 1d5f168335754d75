//! The one stream of news: what just became durable in the caller's workspaces.
//!
//! Server-sent events named by kind, with the id of the thing; the client reads it where it
//! belongs. A client that fell behind, or comes back after a break, is told `again`.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use campanile_accounts::organisations;
use futures_util::stream::{self, Stream};
use tokio::sync::broadcast::error::RecvError;

use crate::Web;
use crate::caller::Known;
use crate::error::ApiResult;

/// News of what happens in the caller's organisation, as server-sent events.
#[utoipa::path(get, path = "/api/stream", tag = "live",
    responses((status = 200, content_type = "text/event-stream", body = serde_json::Value)))]
pub(super) async fn stream(
    State(web): State<Web>,
    Known(caller): Known,
) -> ApiResult<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let organisation = caller.organisation;
    let receiver = web.app.live.listen();
    let workspaces =
        web.app.db.read(move |tx| Box::pin(async move { organisations::workspaces(tx, &organisation).await })).await?;
    let ours: HashSet<_> = workspaces.into_iter().map(|workspace| workspace.id).collect();
    let greeting = Event::default().event("again").data("{}").retry(Duration::from_secs(2));
    let news = stream::unfold((receiver, ours, Some(greeting)), async |(mut receiver, ours, greeting)| {
        if let Some(greeting) = greeting {
            return Some((Ok(greeting), (receiver, ours, None)));
        }
        loop {
            match receiver.recv().await {
                Ok(news) if !ours.contains(&news.workspace) => {}
                Ok(news) => {
                    let data = serde_json::to_string(&news).unwrap_or_default();
                    return Some((Ok(Event::default().event("news").data(data)), (receiver, ours, None)));
                }
                Err(RecvError::Lagged(_)) => {
                    return Some((Ok(Event::default().event("again").data("{}")), (receiver, ours, None)));
                }
                Err(RecvError::Closed) => return None,
            }
        }
    });
    Ok(Sse::new(news).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

//! The one stream of news: what just became durable in the caller's workspaces, and what is for them themselves.
//!
//! Server-sent events named by kind, with the id of the thing; the client reads it where it
//! belongs. A client that fell behind, or comes back after a break, is told `again`. The stream ends with the session or the key
//! that it was opened with.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::sse::{Event, KeepAlive, Sse};
use campanile_accounts::{Actor, Caller, organisations};
use campanile_base::Error;
use futures_util::stream::{self, Stream, StreamExt as _};

use crate::Web;
use crate::caller::{Known, recognise};
use crate::error::ApiResult;

/// How often it is looked whether a client would be let in as yet.
const LOOK: Duration = Duration::from_secs(2);

/// News of what happens in the caller's organisation, as server-sent events.
#[utoipa::path(get, path = "/api/stream", tag = "live",
    responses((status = 200, content_type = "text/event-stream", body = serde_json::Value)))]
pub(super) async fn stream(
    State(web): State<Web>,
    Known(caller): Known,
    headers: HeaderMap,
) -> ApiResult<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let organisation = caller.organisation.clone();
    let workspaces =
        web.app.db.read(move |tx| Box::pin(async move { organisations::workspaces(tx, &organisation).await })).await?;
    let member = match &caller.actor {
        Actor::Person(person) => Some(person),
        _ => None,
    };
    let workspaces = workspaces.into_iter().map(|workspace| workspace.id);
    let listener = web.app.live.listen(&caller.organisation, workspaces, member);
    let greeting = again().retry(Duration::from_secs(2));
    let news = stream::unfold((listener, Some(greeting)), async |(mut listener, greeting)| {
        let event = match greeting {
            Some(greeting) => greeting,
            None => match listener.next().await {
                Some(news) => Event::default().event("news").data(serde_json::to_string(&news).unwrap_or_default()),
                None => again(),
            },
        };
        Some((Ok(event), (listener, None)))
    });
    let news = news.take_until(until_shut_out(web, caller, headers));
    Ok(Sse::new(news).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

fn again() -> Event {
    Event::default().event("again").data("{}")
}

/// Ends when the request would not be let in any more. While nobody can say, it would.
async fn until_shut_out(web: Web, caller: Caller, headers: HeaderMap) {
    loop {
        tokio::time::sleep(LOOK).await;
        match recognise(&web, &Method::GET, &headers).await {
            Ok(now) if now.organisation == caller.organisation => {}
            Ok(_) | Err(Error::Unauthenticated(_)) => return,
            Err(_) => {}
        }
    }
}

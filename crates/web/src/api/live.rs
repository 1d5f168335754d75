//! The stream of live events: changes that were just stored in the caller's workspaces, and changes
//! that concern the caller alone.
//!
//! These are server-sent events with the kind and the id of the thing; the client then reads the
//! thing itself. A new or resumed stream begins with the event `again`, and a client that fell
//! behind gets it too: it must read everything again. The stream ends when the session or the key
//! that opened it ends.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::sse::{Event, KeepAlive, Sse};
use campanile_accounts::{Actor, Caller, organisations};
use campanile_base::Error;
use campanile_http::Web;
use campanile_http::caller::{Authenticated, recognise};
use campanile_http::error::ApiResult;
use futures_util::stream::{self, Stream, StreamExt as _};

/// The time between two checks that the client still has access.
const LOOK: Duration = Duration::from_secs(2);

/// A stream of changes in the caller's organisation, as server-sent events.
#[utoipa::path(get, path = "/api/stream", tag = "live",
    responses((status = 200, content_type = "text/event-stream", body = serde_json::Value)))]
pub(super) async fn stream(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
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

/// Ends when the client has lost its access. While that cannot be checked, access is assumed.
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

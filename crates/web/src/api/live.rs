//! The stream of live events: changes that were just stored in the caller's workspaces, and changes
//! that concern the caller alone, on whichever node they were stored.
//!
//! These are server-sent events with the kind and the id of the thing; the client then reads the
//! thing itself. Each has a number. A client that comes back with `Last-Event-ID` gets what it missed. A new
//! stream begins with the event `again`: everything must be read. So does one whose number is too old, and a
//! client that fell behind gets it too; `reason` says which. The stream ends when the session or the key
//! that opened it ends.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::sse::{Event, KeepAlive, Sse};
use campanile_accounts::live::log::{self, Missed};
use campanile_accounts::live::{LiveEvent, LiveEventKind};
use campanile_accounts::{Actor, Caller};
use campanile_base::Error;
use campanile_http::Web;
use campanile_http::caller::{Authenticated, recognise};
use campanile_http::error::ApiResult;
use futures_util::stream::{self, Stream, StreamExt as _};

/// The time between two checks that the client still has access.
const LOOK: Duration = Duration::from_secs(2);
/// The time after which a client opens a broken stream again.
const RETRY: Duration = Duration::from_secs(2);

/// A stream of changes in the caller's organisation, as server-sent events.
#[utoipa::path(get, path = "/api/stream", tag = "live",
    responses((status = 200, content_type = "text/event-stream", body = serde_json::Value)))]
pub(super) async fn stream(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    headers: HeaderMap,
) -> ApiResult<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let member = match &caller.actor {
        Actor::Person(person) => Some(person),
        _ => None,
    };
    let mut listener = web.app.live.listen(&caller.organisation, member);
    let last = headers.get("last-event-id").map(|value| value.to_str().ok().and_then(|text| text.parse().ok()));
    let missed = log::missed(&web.app.db, &caller.organisation, last.flatten()).await?;
    let mut greeting = Vec::new();
    match missed {
        Missed::Events(events, newest) => {
            listener.begin_at(newest);
            let is_torn = events.iter().any(|event| event.kind == LiveEventKind::Again);
            if is_torn {
                greeting.push(again(newest, "missed"));
            }
            greeting.extend(events.iter().filter(|event| !is_torn && listener.may_hear(event)).map(news));
            // Also without events the client learns its number.
            greeting.extend(greeting.is_empty().then(|| here(newest)));
        }
        Missed::TooOld(newest) => {
            listener.begin_at(newest);
            greeting.push(again(newest, if last.is_some() { "too_old" } else { "begin" }));
        }
    }
    if let Some(first) = greeting.first_mut() {
        *first = std::mem::take(first).retry(RETRY);
    }
    let live = stream::unfold(listener, async |mut listener| {
        let event = match listener.next().await {
            Some(event) => news(&event),
            None => again(listener.heard(), "missed"),
        };
        Some((Ok(event), listener))
    });
    let events = stream::iter(greeting.into_iter().map(Ok)).chain(live);
    let events = events.take_until(until_shut_out(web, caller, headers));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

fn news(event: &LiveEvent) -> Event {
    numbered(event.seq).event("news").data(serde_json::to_string(event).unwrap_or_default())
}

/// Everything must be read again.
fn again(seq: i64, reason: &str) -> Event {
    numbered(seq).event("again").data(format!(r#"{{"reason":"{reason}"}}"#))
}

/// Nothing was missed.
fn here(seq: i64) -> Event {
    numbered(seq).event("here").data("{}")
}

fn numbered(seq: i64) -> Event {
    Event::default().id(seq.to_string())
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

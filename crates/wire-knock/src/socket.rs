//! Feeds in real time: Phoenix channels over a WebSocket, as the browser libraries use them.
//!
//! A client joins `feeds:<channel>:<user>`. It sends the filters of each feed that it shows, with a
//! name for each. When an item is added to the feed, the server pushes the counts of those feeds
//! that the item belongs to. The client then fetches the items itself. Several items in quick
//! succession are pushed once, because a client that is already fetching would not fetch again.
//!
//! A socket closes when its credentials end: the user's token expires, or the public key, the
//! signing key or the session is revoked.
//!
//! In version 2, a frame is a list of five: `[join_ref, ref, topic, event, payload]`. Older clients
//! write an object.

mod frames;
mod topics;

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse as _, Response};
use campanile_http::Web;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::mpsc;

use super::client::Client;
use super::error::{Code, KnockError, KnockResult};
use super::query::Query;
use frames::{Frame, Version};
use topics::Topics;

/// The number of frames that may wait to be sent. A client that does not read is disconnected.
const WAITING: usize = 64;
/// The silence after which a client counts as gone. Clients send a heartbeat every 30 seconds.
const SILENCE: Duration = Duration::from_secs(90);
/// The time between two checks that the client still has access.
const LOOK: Duration = Duration::from_secs(2);
/// The largest frame from a client, in bytes.
const LARGEST: usize = 64 * 1024;
/// The read buffer of a socket, in bytes. Each socket has one of its own; the default is 128 KiB.
const READ: usize = 2 * 1024;

/// The payloads of a frame, read in each version of the protocol.
#[cfg(feature = "fuzzing")]
pub(crate) fn read_frame(text: &str) -> Vec<serde_json::Value> {
    let read = |version| Some(Frame::read(version, text)?.payload);
    [Version::One, Version::Two].into_iter().filter_map(read).collect()
}

/// Opens a socket for a client with a public key.
pub(crate) async fn open(State(web): State<Web>, query: Query, upgrade: WebSocketUpgrade) -> Response {
    match recognise(&web, &query).await {
        Ok(client) => {
            let version =
                if query.text("vsn").is_none_or(|vsn| vsn.starts_with('2')) { Version::Two } else { Version::One };
            let upgrade = upgrade.max_message_size(LARGEST).read_buffer_size(READ).write_buffer_size(0);
            upgrade.on_upgrade(move |socket| serve(web, client, version, socket))
        }
        Err(error) => error.into_response(),
    }
}

async fn recognise(web: &Web, query: &Query) -> KnockResult<Client> {
    let key = query.text("api_key").filter(|key| key.starts_with("pk_"));
    let refused =
        || KnockError::refused(axum::http::StatusCode::FORBIDDEN, Code::ApiKeyMissing, "A public key is needed.");
    let client = Client::page(web, key.ok_or_else(refused)?, query.text("user_token")).await;
    client.map_err(KnockError::forbidden)
}

async fn serve(web: Web, client: Client, version: Version, socket: WebSocket) {
    let (mut sink, mut stream) = socket.split();
    let (out, mut outgoing) = mpsc::channel::<Frame>(WAITING);
    let mut topics = Topics::new(web.clone(), client.clone(), out.clone());
    let mut look = tokio::time::interval_at(tokio::time::Instant::now() + LOOK, LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut heard = tokio::time::Instant::now();
    metrics::gauge!("campanile_sockets").increment(1.0);
    loop {
        tokio::select! {
            incoming = stream.next() => {
                let Some(Ok(message)) = incoming else { break };
                heard = tokio::time::Instant::now();
                let text = match message {
                    Message::Text(text) => text,
                    Message::Close(_) => break,
                    _ => continue,
                };
                let Some(frame) = Frame::read(version, &text) else { break };
                if !topics.take(frame).await {
                    break;
                }
            }
            _ = look.tick() => {
                if heard.elapsed() > SILENCE || !client.is_still_let_in(&web).await {
                    break;
                }
            }
            Some(frame) = outgoing.recv() => {
                if sink.send(Message::Text(frame.write(version).into())).await.is_err() {
                    break;
                }
            }
        }
    }
    metrics::gauge!("campanile_sockets").decrement(1.0);
    let _ = sink.close().await;
}

//! Feeds in real time: Phoenix channels over a WebSocket, as the browser libraries speak them.
//!
//! A client joins `feeds:<channel>:<user>` with the filters of each feed that it shows, by a name that it has given it. When something is
//! put into the feed, it is pushed the counts under the filters of those feeds that the item belongs to, and asks for the
//! items itself. What comes in quick succession is pushed once: a client that is fetching already would not look again.
//!
//! A socket ends with what has opened it: when the user's token expires, or the public key, the signing key or the session is ended.
//!
//! A frame is a list of five: `[join_ref, ref, topic, event, payload]`, with a version of 2; older clients write an object.

mod frames;
mod topics;

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse as _, Response};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::mpsc;

use super::client::Client;
use super::error::{KnockError, KnockResult};
use super::query::Query;
use crate::Web;
use frames::{Frame, Version};
use topics::Topics;

/// How many frames may wait to be sent; a client that does not read is let go.
const WAITING: usize = 64;
/// Without a sign of life for so long a client is gone: they send one every half minute.
const SILENCE: Duration = Duration::from_secs(90);
/// How often it is looked whether a client would be let in as yet.
const LOOK: Duration = Duration::from_secs(2);
/// How large a frame from a client may be.
const LARGEST: usize = 64 * 1024;
/// How much of one is read at a time: each socket has so much memory of its own, 128 KiB unless said.
const READ: usize = 2 * 1024;

/// The payloads of a frame, as each version of clients writes it.
#[cfg(feature = "fuzzing")]
pub(crate) fn read_frame(text: &str) -> Vec<serde_json::Value> {
    let read = |version| Some(Frame::read(version, text)?.payload);
    [Version::One, Version::Two].into_iter().filter_map(read).collect()
}

/// Lets a client in.
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
        || KnockError::refused(axum::http::StatusCode::FORBIDDEN, "api_key_missing", "A public key is needed.");
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

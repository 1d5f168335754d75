//! The topics that one client has joined.

use std::collections::HashMap;
use std::time::Duration;

use campanile_base::{Error, Result};
use campanile_db::Range;
use campanile_http::Web;
use campanile_notify::feeds::{Feed, FeedChange};
use campanile_notify::messages::{self, Counts, Filter, Message};
use campanile_notify::{Reference, channels};
use serde_json::{Map, Value, json};
use tokio::sync::{broadcast, mpsc};
use tokio::task::AbortHandle;

use super::frames::{Frame, feeds_in};
use crate::client::Client;
use crate::feeds;
use crate::query::Query;

/// The pause after a push. Changes in the meantime are pushed together.
const TOGETHER: Duration = Duration::from_millis(300);
/// The largest number of topics that a client may join.
const MOST: usize = 64;

pub(super) struct Topics {
    web: Web,
    client: Client,
    out: mpsc::Sender<Frame>,
    joined: HashMap<String, JoinedTopic>,
}

/// A joined topic. Dropping it leaves the topic.
struct JoinedTopic {
    join: Value,
    task: AbortHandle,
}

impl Drop for JoinedTopic {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Topics {
    pub(super) fn new(web: Web, client: Client, out: mpsc::Sender<Frame>) -> Self {
        Self { web, client, out, joined: HashMap::new() }
    }

    /// Handles a frame from the client. Returns `false` if the client is gone.
    pub(super) async fn take(&mut self, frame: Frame) -> bool {
        let answers = match frame.event.as_str() {
            "heartbeat" if frame.topic == "phoenix" => vec![frame.reply(true, json!({}))],
            "phx_join" => vec![self.join(&frame).await],
            "phx_leave" => self.leave(&frame),
            _ if self.joined.contains_key(&frame.topic) => vec![frame.reply(true, json!({}))],
            _ => vec![frame.refuse("unmatched topic")],
        };
        for answer in answers {
            if self.out.try_send(answer).is_err() {
                return false;
            }
        }
        true
    }

    async fn join(&mut self, frame: &Frame) -> Frame {
        let Some((channel, user)) = frame.topic.strip_prefix("feeds:").and_then(|rest| rest.split_once(':')) else {
            return frame.refuse("unmatched topic");
        };
        if self.joined.len() >= MOST && !self.joined.contains_key(&frame.topic) {
            return frame.refuse("too many topics");
        }
        let watched = self.watch(channel, user, &frame.payload).await;
        let (feed, shown) = match watched {
            Ok(watched) => watched,
            Err(reason) => return frame.refuse(&reason),
        };
        let news = self.web.app.notify.feeds.watch(&feed);
        let watching = Watching {
            web: self.web.clone(),
            feed,
            shown,
            topic: frame.topic.clone(),
            join: frame.join.clone(),
            out: self.out.clone(),
        };
        let task = tokio::spawn(watching.run(news)).abort_handle();
        self.joined.insert(frame.topic.clone(), JoinedTopic { join: frame.join.clone(), task });
        frame.reply(true, json!({}))
    }

    /// The feed, and the filters that the client shows it with. An error if the client may not read
    /// it.
    async fn watch(
        &self,
        channel: &str,
        user: &str,
        payload: &Value,
    ) -> std::result::Result<(Feed, Vec<WatchedFeed>), String> {
        self.client.must_be(user, "user/feed_read").map_err(|_| "unauthorized".to_owned())?;
        let (notify, organisation, word) =
            (self.web.app.notify.clone(), self.client.organisation.clone(), channel.to_owned());
        let found = self
            .web
            .app
            .db
            .read(move |tx| Box::pin(async move { channels::find(tx, &notify, &organisation, &word).await }));
        let channel = found.await.map_err(|_| "unavailable")?.ok_or("channel_invalid")?;
        let mut shown = Vec::new();
        for (name, options) in feeds_in(payload) {
            let query = Query::of(&options).map_err(|_| "invalid_params".to_owned())?;
            self.client.must_stay_within(query.text("tenant")).map_err(|_| "unauthorized".to_owned())?;
            let filter = feeds::filter(&query).map_err(|_| "invalid_params".to_owned())?;
            let recipient = Some(Reference::user(user));
            shown.push(WatchedFeed { name, filter: Filter { recipient, channel: Some(channel.id.clone()), ..filter } });
        }
        let feed = Feed { organisation: self.client.organisation.clone(), channel: channel.id, user: user.to_owned() };
        Ok((feed, shown))
    }

    /// Leaves a topic, if this join is its latest: a topic that was joined again meanwhile stays
    /// joined.
    fn leave(&mut self, frame: &Frame) -> Vec<Frame> {
        if self.joined.get(&frame.topic).is_some_and(|joined| joined.join == frame.join) {
            self.joined.remove(&frame.topic);
        }
        vec![frame.reply(true, json!({})), Frame::push(&frame.join, &frame.topic, "phx_close", json!({}))]
    }
}

/// A feed as a client shows it.
struct WatchedFeed {
    name: Option<String>,
    filter: Filter,
}

struct Watching {
    web: Web,
    feed: Feed,
    shown: Vec<WatchedFeed>,
    topic: String,
    join: Value,
    out: mpsc::Sender<Frame>,
}

impl Watching {
    async fn run(self, mut news: broadcast::Receiver<FeedChange>) {
        loop {
            let mut new = match news.recv().await {
                Ok(one) => vec![one],
                // Missed changes are in the feed, so the counts are simply read again.
                Err(broadcast::error::RecvError::Lagged(_)) => Vec::new(),
                Err(broadcast::error::RecvError::Closed) => return,
            };
            loop {
                match news.try_recv() {
                    Ok(one) => new.push(one),
                    Err(broadcast::error::TryRecvError::Lagged(_)) => {
                        new.clear();
                        break;
                    }
                    Err(_) => break,
                }
            }
            match self.push(&new).await {
                Ok(Some(frame)) => {
                    if self.out.send(frame).await.is_err() {
                        return;
                    }
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(error = error.chain(), "a feed's counts could not be read"),
            }
            tokio::time::sleep(TOGETHER).await;
        }
    }

    /// The frame to push for these changes. `None` if no shown feed has any of them.
    async fn push(&self, news: &[FeedChange]) -> Result<Option<Frame>> {
        let ids: Vec<String> = news.iter().map(|one| one.message.clone()).collect();
        let filters: Vec<Filter> = self.shown.iter().map(|shown| shown.filter.clone()).collect();
        let organisation = self.feed.organisation.clone();
        let read = self.web.app.db.read(move |tx| {
            Box::pin(async move {
                let new = messages::these(tx, &organisation, &ids).await?;
                let mut told = Vec::with_capacity(filters.len());
                for filter in &filters {
                    let whole = Range::before(None, 1);
                    let counts = messages::counts(tx, &organisation, filter, &whole).await?;
                    told.push((new.is_empty() || new.iter().any(|message| belongs(filter, message)), counts));
                }
                Ok::<_, Error>(told)
            })
        });
        let told = read.await?;
        Ok(self.frame(&told))
    }

    fn frame(&self, told: &[(bool, Counts)]) -> Option<Frame> {
        let first = told.iter().find(|(is_new, _)| *is_new).map(|(_, counts)| feeds::meta(*counts))?;
        let (mut data, mut attention) = (Map::new(), Vec::new());
        for (shown, (is_new, counts)) in self.shown.iter().zip(told) {
            let Some(name) = &shown.name else { continue };
            data.insert(name.clone(), json!({ "metadata": feeds::meta(*counts) }));
            if *is_new {
                attention.push(name.clone());
            }
        }
        let payload = json!({ "event": "new-message", "metadata": first, "data": data, "attn": attention });
        Some(Frame::push(&self.join, &self.topic, "new-message", payload))
    }
}

/// True if a message matches the filter of a feed.
fn belongs(filter: &Filter, message: &Message) -> bool {
    let facts = messages::facts(&message.data);
    let of_category = |category: &String| message.source.categories.contains(category);
    filter.tenant.holds(message.tenant.as_deref())
        && (filter.workflows.is_empty() || filter.workflows.contains(&message.source.key))
        && (filter.categories.is_empty() || filter.categories.iter().any(of_category))
        && filter.data.iter().all(|(key, value)| facts.get(key) == Some(value))
}

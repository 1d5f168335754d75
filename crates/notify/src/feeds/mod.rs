//! Watchers of feeds: a client that has a feed open is notified of each new item.
//!
//! The notification only names the message. The client then asks for the counts, with its own
//! filters. Other nodes get one database notification, and look up the new items of the feeds that
//! are watched there.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Result, lowest_ksuid};
use campanile_db::Db;
use tokio::sync::broadcast;

use crate::Notify;
use crate::messages::{self, Message};

/// The number of changes that a watcher may lag behind. Each watched feed allocates room for so
/// many at once.
const BEHIND: usize = 8;
/// The number of messages that are remembered as reported.
const REMEMBERED: usize = 10_000;
/// The time to look back for messages of other nodes. It is needed because a message's id is older
/// than its commit.
const BACK: Duration = Duration::from_secs(10);
/// The number of messages that are read at a time.
const AT_MOST: i64 = 10_000;
/// The channel of the database notification to other nodes.
const BELL: &str = "campanile_feeds";

/// A new item in a feed.
#[derive(Debug, Clone)]
pub struct FeedChange {
    /// The feed.
    pub feed: Feed,
    /// The message.
    pub message: String,
}

/// A user's feed in a channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Feed {
    /// The organisation.
    pub organisation: OrganisationId,
    /// The channel's id.
    pub channel: String,
    /// The user.
    pub user: String,
}

impl FeedChange {
    /// The change that a message makes.
    pub fn of(organisation: &OrganisationId, message: &Message) -> Self {
        let feed = Feed {
            organisation: organisation.clone(),
            channel: message.channel_id.clone(),
            user: message.recipient.id.clone(),
        };
        Self { feed, message: message.id.clone() }
    }
}

/// The watchers of feeds on this node. Cheap to clone.
#[derive(Clone, Default)]
pub struct Feeds(Arc<Mutex<Watched>>);

#[derive(Default)]
struct Watched {
    feeds: HashMap<Feed, broadcast::Sender<FeedChange>>,
    /// The messages that were reported recently: a node receives its own notification, too.
    told: HashSet<String>,
}

impl Feeds {
    /// Watches a feed.
    pub fn watch(&self, feed: &Feed) -> broadcast::Receiver<FeedChange> {
        let mut watched = self.watched();
        if watched.feeds.len() % 1_024 == 1_023 {
            watched.feeds.retain(|_, sender| sender.receiver_count() > 0);
        }
        watched.feeds.entry(feed.clone()).or_insert_with(|| broadcast::channel(BEHIND).0).subscribe()
    }

    /// Notifies the watchers on this node, and the other nodes.
    pub(crate) fn tell(&self, news: Vec<FeedChange>, db: &Db) {
        self.tell_here(news);
        if db.engine() == campanile_db::Engine::Postgres {
            let db = db.clone();
            tokio::spawn(async move { db.ring(BELL).await });
        }
    }

    /// Notifies the watchers on this node, once for each message.
    fn tell_here(&self, news: Vec<FeedChange>) {
        let mut watched = self.watched();
        for news in news {
            let Some(sender) = watched.feeds.get(&news.feed).cloned() else { continue };
            if watched.told.len() >= REMEMBERED {
                watched.told.clear();
            }
            if watched.told.insert(news.message.clone()) {
                let _ = sender.send(news);
            }
        }
    }

    /// The organisations that have a watched feed on this node.
    fn organisations(&self) -> HashSet<OrganisationId> {
        let mut watched = self.watched();
        watched.feeds.retain(|_, sender| sender.receiver_count() > 0);
        watched.feeds.keys().map(|feed| feed.organisation.clone()).collect()
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().expect("nobody panics while they hold it")
    }
}

/// Waits for notifications of other nodes, and then looks up new items of the feeds that are
/// watched here. Runs until it is dropped.
pub async fn listen(notify: Notify) {
    let bell = notify.db.bell(BELL);
    loop {
        bell.rung().await;
        for organisation in notify.feeds.organisations() {
            if let Err(error) = look(&notify, organisation).await {
                tracing::warn!(error = error.chain(), "feeds could not be looked at");
            }
        }
    }
}

async fn look(notify: &Notify, organisation: OrganisationId) -> Result<()> {
    let since = lowest_ksuid(notify.clock.now().minus(BACK));
    let whose = organisation.clone();
    let read = notify
        .db
        .read(move |tx| Box::pin(async move { messages::put_into_feeds_since(tx, &whose, &since, AT_MOST).await }));
    let news = read.await?.into_iter().map(|(message, channel, user)| FeedChange {
        feed: Feed { organisation: organisation.clone(), channel, user },
        message,
    });
    notify.feeds.tell_here(news.collect());
    Ok(())
}

//! Feeds as they are watched: who has a feed open is told when something is put into it.
//!
//! What is told is only that there is something, and of which message: whoever watches asks for the counts under their own filters.
//! Other nodes are rung once, and look themselves for what is new to those who watch there.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Result, lowest_ksuid};
use campanile_db::Db;
use tokio::sync::broadcast;

use crate::Notify;
use crate::messages::{self, Message};

/// How many pieces of news a watcher may be behind: every feed that is watched has room for so many from the start.
const BEHIND: usize = 8;
/// How many messages are remembered as told.
const REMEMBERED: usize = 10_000;
/// How far back is looked for what other nodes have made: an id is older than its commit.
const BACK: Duration = Duration::from_secs(10);
/// How many messages are looked for at a time.
const AT_MOST: i64 = 10_000;
/// What other nodes are rung on.
const BELL: &str = "campanile_feeds";

/// Something was put into a feed.
#[derive(Debug, Clone)]
pub struct News {
    /// Whose feed.
    pub feed: Feed,
    /// The message.
    pub message: String,
}

/// A feed: of a user, through a channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Feed {
    /// The organisation.
    pub organisation: OrganisationId,
    /// The channel's id.
    pub channel: String,
    /// The user.
    pub user: String,
}

impl News {
    /// That of a message.
    pub fn of(organisation: &OrganisationId, message: &Message) -> Self {
        let feed = Feed {
            organisation: organisation.clone(),
            channel: message.channel_id.clone(),
            user: message.recipient.id.clone(),
        };
        Self { feed, message: message.id.clone() }
    }
}

/// Who watches what on this node. Cheap to clone.
#[derive(Clone, Default)]
pub struct Feeds(Arc<Mutex<Watched>>);

#[derive(Default)]
struct Watched {
    feeds: HashMap<Feed, broadcast::Sender<News>>,
    /// What was told a moment ago: a node hears its own ring, too.
    told: HashSet<String>,
}

impl Feeds {
    /// Watches a feed.
    pub fn watch(&self, feed: &Feed) -> broadcast::Receiver<News> {
        let mut watched = self.watched();
        if watched.feeds.len() % 1_024 == 1_023 {
            watched.feeds.retain(|_, sender| sender.receiver_count() > 0);
        }
        watched.feeds.entry(feed.clone()).or_insert_with(|| broadcast::channel(BEHIND).0).subscribe()
    }

    /// Tells who watches here, and rings the other nodes.
    pub(crate) fn tell(&self, news: Vec<News>, db: &Db) {
        self.tell_here(news);
        if db.engine() == campanile_db::Engine::Postgres {
            let db = db.clone();
            tokio::spawn(async move { db.ring(BELL).await });
        }
    }

    /// Tells who watches here, of each message once.
    fn tell_here(&self, news: Vec<News>) {
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

    /// The organisations of which somebody watches a feed here.
    fn organisations(&self) -> HashSet<OrganisationId> {
        let mut watched = self.watched();
        watched.feeds.retain(|_, sender| sender.receiver_count() > 0);
        watched.feeds.keys().map(|feed| feed.organisation.clone()).collect()
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().expect("nobody panics while they hold it")
    }
}

/// Looks for what other nodes have put into feeds that are watched here, whenever they ring. Runs until it is dropped.
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
    let news = read.await?.into_iter().map(|(message, channel, user)| News {
        feed: Feed { organisation: organisation.clone(), channel, user },
        message,
    });
    notify.feeds.tell_here(news.collect());
    Ok(())
}

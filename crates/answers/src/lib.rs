//! Answers: replies to questions about what a workspace remembers, with the passages that say so.
//!
//! # An answer
//! 1. The question is [read](question): words, identifiers, kinds of state, a time. A question that leans on
//!    the one before it in its session takes that one's words along.
//! 2. What can answer it is [found](retrieval): known states of the things that it names, and passages.
//! 3. Without a language model, sentences are [quoted](extract) as they stand. With one, its sentences are
//!    [held against the passages](verification) that they cite, and those that nothing supports are marked,
//!    or left out where they are the most. Whatever the model does, there is an answer: one that is
//!    late, busy, broken off or over its budget leaves the quotation, with the reason.
//! 4. The turn is stored with its session, whether or not its asker still listens. A turn that a killed
//!    process left behind reads as interrupted.
//!
//! Sessions belong to whoever asked. They are kept for a time that is a setting, and can be removed.

mod answer;
mod ask;
mod extract;
mod feedback;
mod prompt;
mod question;
mod quotation;
pub mod retention;
mod retrieval;
mod sentences;
mod sessions;
mod verification;

use std::sync::Arc;

use campanile_base::{Cache, Clock};
use campanile_db::{Db, Migrations};
use campanile_memory::Memory;
use campanile_models::ModelSettings;
use campanile_net::Client;
use tokio::sync::Semaphore;

pub use answer::{Answer, AnswerEvent, AnswerMode, AnswerPassage, AnswerRequest, AnswerStep, Message};
pub use ask::{PendingAnswer, ask, search_of};
pub use feedback::{Feedback, FeedbackRequest, Verdict, feedback, give_feedback};
pub use quotation::{Quotation, quote};
pub use sessions::{AnswerSession, AnswerTurn, SessionDetail, TurnState, delete, forget_document, session, sessions};

/// The tables of answers.
pub const MIGRATIONS: Migrations = Migrations {
    component: "answers",
    files: &[
        include_str!("../migrations/1_answers.sql"),
        include_str!("../migrations/2_usage.sql"),
        include_str!("../migrations/3_quotes.sql"),
    ],
};

/// The calls of a model that a node makes at a time.
const CALLS: usize = 8;

/// The settings of answers.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The language model, if one is set.
    pub model: Option<ModelSettings>,
    /// The tokens that an organisation may use in a month; 0 for no bound.
    pub monthly_tokens: u64,
}

/// The parts of answers.
pub struct Config {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// Finds passages and states.
    pub memory: Memory,
    /// Calls the model.
    pub client: Client,
    /// The URL by which people reach this server, without a slash at the end.
    pub base_url: String,
    /// The settings.
    pub settings: Settings,
}

/// Answers questions. Cheap to clone.
#[derive(Clone)]
pub struct Answers {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) memory: Memory,
    pub(crate) client: Client,
    pub(crate) base_url: String,
    pub(crate) settings: Arc<Settings>,
    pub(crate) calls: Arc<Semaphore>,
    /// Present while the model has asked not to be called.
    pub(crate) pause: Cache<(), ()>,
}

impl Answers {
    /// Answers over a memory.
    pub fn new(config: Config) -> Self {
        let Config { db, clock, memory, client, base_url, settings } = config;
        let (settings, calls, pause) = (Arc::new(settings), Arc::new(Semaphore::new(CALLS)), Cache::new(1));
        Self { db, clock, memory, client, base_url, settings, calls, pause }
    }
}

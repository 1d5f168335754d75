//! GitHub, as far as Campanile asks it: people with tokens, and repositories page by page. It refuses
//! in each way that GitHub does, when it is told to.
//!
//! Each part of the API is a file with a function `answer`, which is listed in `PARTS`. The first
//! one that knows a path answers.

mod app;
mod contents;
mod history;
mod people;
mod repositories;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use campanile_base::Timestamp;
use serde_json::json;
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub use crate::exchange::ApiRequest;
pub use app::{APP, AppKeys, DeliveryAttempt, Installation, PRIVATE_KEY};
pub use people::TOKEN;
pub use repositories::Repository;

use crate::exchange::{self, Answer};
use crate::request;

/// A part of the API: the answer to what it knows.
type Part = fn(&mut State, &ApiRequest) -> Option<Answer>;
const PARTS: &[Part] = &[app::answer, people::answer, repositories::answer, contents::answer, history::answer];

/// The behaviour of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GithubConduct {
    /// It works.
    Works,
    /// It refuses everything with this status.
    Status(u16),
    /// All calls of the hour are used up, until this time.
    UsedUp {
        /// The end of the hour.
        reset: Timestamp,
    },
    /// It wants fewer calls at a time.
    Secondary {
        /// The seconds of the header `retry-after`.
        retry_after: Option<u64>,
    },
    /// The token lacks a permission.
    Forbids,
    /// The owner of the account has suspended the access.
    Suspends,
    /// It accepts connections and never answers.
    Hangs,
}

struct State {
    conduct: GithubConduct,
    app: app::State,
    people: people::State,
    repositories: Vec<Repository>,
    contents: contents::State,
    history: history::State,
    asked: Vec<ApiRequest>,
    left: u64,
    url: String,
}

/// The listening provider; it stops when dropped.
pub struct GithubServer {
    /// The base of its API.
    pub url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl GithubServer {
    /// Listens on a free port, with repositories of these names, as `owner/name`. A person with
    /// [`TOKEN`] sees them.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(repositories: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("a listener has an address"));
        let state = Arc::new(Mutex::new(State {
            conduct: GithubConduct::Works,
            app: app::State::default(),
            people: people::State::default(),
            repositories: repositories::named(repositories),
            contents: contents::State::default(),
            history: history::State::default(),
            asked: Vec::new(),
            left: LIMIT,
            url: url.clone(),
        }));
        let shared = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, shared.clone()));
            }
        });
        Self { url, state, task }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no request panics")
    }

    /// Changes its behaviour from the next request on.
    pub fn conduct(&self, conduct: GithubConduct) {
        self.state().conduct = conduct;
    }

    /// The requests so far, in the order of arrival.
    pub fn asked(&self) -> Vec<ApiRequest> {
        self.state().asked.clone()
    }
}

impl Drop for GithubServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The calls of an hour.
const LIMIT: u64 = 5_000;

async fn converse(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    let Some((head, body)) = request::read(&mut stream).await else { return };
    let asked = ApiRequest::parse(&head, &body);
    let conduct = {
        let mut state = state.lock().expect("no request panics");
        state.asked.push(asked.clone());
        state.conduct
    };
    if conduct == GithubConduct::Hangs {
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        return;
    }
    let answer = match refusal(conduct) {
        Some(refusal) => refusal,
        None => {
            let state = &mut state.lock().expect("no request panics");
            let found = PARTS.iter().find_map(|part| part(state, &asked));
            state.left = state.left.saturating_sub(1);
            let left = state.left.to_string();
            let answer = found.unwrap_or_else(|| Answer::refusal(404, "Not Found"));
            answer.with("x-ratelimit-limit", &LIMIT.to_string()).with("x-ratelimit-remaining", &left)
        }
    };
    let _ = stream.write_all(answer.text().as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// The answer of a provider that refuses everything.
fn refusal(conduct: GithubConduct) -> Option<Answer> {
    Some(match conduct {
        GithubConduct::Works | GithubConduct::Hangs => return None,
        GithubConduct::Status(status) => Answer::refusal(status, "refused"),
        GithubConduct::UsedUp { reset } => {
            let reset = (reset.as_micros() / 1_000_000).to_string();
            Answer::refusal(403, "API rate limit exceeded for installation.")
                .with("x-ratelimit-limit", &LIMIT.to_string())
                .with("x-ratelimit-remaining", "0")
                .with("x-ratelimit-reset", &reset)
        }
        GithubConduct::Secondary { retry_after } => {
            let refusal = Answer::refusal(403, "You have exceeded a secondary rate limit.");
            let refusal = refusal.with("x-ratelimit-remaining", "4321");
            retry_after.iter().fold(refusal, |refusal, seconds| refusal.with("retry-after", &seconds.to_string()))
        }
        GithubConduct::Forbids => Answer::refusal(403, "Resource not accessible by personal access token")
            .with("x-ratelimit-remaining", "4321")
            .with("x-accepted-github-permissions", "contents=read"),
        GithubConduct::Suspends => Answer::refusal(403, "This installation has been suspended"),
    })
}

/// A person of GitHub, as its API shows them.
fn person(id: u64, login: &str) -> serde_json::Value {
    json!({ "id": id, "login": login, "type": "User" })
}

//! Connectors: connects accounts of tools, keeps their tokens good, and disconnects them.
//!
//! # The parts
//! * [`catalogue`]: the tools that can be connected, and what is read of each.
//! * `authorisation`: a person consents at the provider and comes back, or enters a token.
//! * `apps`: our app at a provider is registered and installed.
//! * `new_connection`: an account is stored, for the first time or again.
//! * `access`: tokens for a call. A refresh is done by one node at a time.
//! * `health`: checks of a connection, and when it is degraded or revoked.
//! * `listing`: the engine workflow that learns the resources of an account.
//! * [`linking`]: resources are chosen as the sources of a workspace.
//! * [`backfill`]: the engine workflows that bring the history of an account along.
//! * [`documents`]: the documents of linked sources are listed and read.
//! * `upkeep`: linked sources stay true by themselves: they are polled and reconciled.
//! * `teardown`: the engine workflow that disconnects an account.
//!
//! Calls to providers are made outside of transactions. What a call has shown is then written with
//! everything that follows from it.

mod access;
mod apps;
mod authorisation;
pub mod backfill;
pub mod catalogue;
pub mod documents;
mod health;
pub mod linking;
mod listing;
mod new_connection;
mod refusal;
mod teardown;
#[cfg(test)]
mod tests;
mod upkeep;

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use campanile_accounts::Caller;
use campanile_accounts::live::Live;
use campanile_base::{Clock, Error, Result, Vault};
use campanile_db::{Db, Tx};
use campanile_engine::{Engine, Registry};
use campanile_net::Client;

use crate::Provider;
use crate::apps::OpenApp;
use crate::connections::{Change, Connection, ConnectionId, change_status};
use crate::github::app::manifest;
use crate::github::remote::Github;
use crate::gitlab::remote::Gitlab;
use crate::linear::remote::Linear;
use crate::notion::remote::Notion;
use crate::pagerduty::remote::Pagerduty;
use crate::pulls::BackfillId;
use crate::remote::{Remote, Trouble};
use crate::sentry::remote::Sentry;
use crate::vercel::remote::Vercel;

pub use crate::github::remote::{GithubAppSettings, GithubSettings};
pub use crate::gitlab::GitlabSettings;
pub use crate::notion::remote::NotionSettings;
pub use crate::pagerduty::PagerdutySettings;
pub use crate::remote::OauthSettings;
pub use crate::sentry::remote::SentrySettings;
pub use crate::vercel::remote::VercelSettings;

pub use apps::{AppForm, AppOutcome};
pub use authorisation::{ConnectOutcome, ProviderReturn};
pub use refusal::ConnectRefusal;
pub use teardown::DisconnectOptions;
pub use upkeep::ConnectionView;
use upkeep::UpkeepSettings;

/// The settings of connectors.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The URL by which providers reach this server; `None` if it is the one for people.
    pub public_url: Option<String>,
    /// GitHub.
    pub github: GithubSettings,
    /// Linear.
    pub linear: OauthSettings,
    /// The depth in days of the backfill that begins when resources are linked; `None` for none.
    pub backfill_depth: Option<i64>,
    /// The share of a provider's calls, in percent, that backfills leave to other work.
    pub budget_reserve: i64,
    /// Notion.
    pub notion: NotionSettings,
    /// The time between two polls of a source for which no webhooks come; `None` for none.
    pub poll: Option<Duration>,
    /// True if every linked source is compared with its tool once a day.
    pub reconciles: bool,
    /// Vercel.
    pub vercel: VercelSettings,
    /// Sentry.
    pub sentry: SentrySettings,
    /// PagerDuty.
    pub pagerduty: PagerdutySettings,
    /// GitLab.
    pub gitlab: GitlabSettings,
}

impl Default for Settings {
    fn default() -> Self {
        let (api_url, web_url) = ("https://api.linear.app".to_owned(), "https://linear.app".to_owned());
        let linear = OauthSettings { client_id: None, client_secret: None, api_url, web_url };
        let (github, notion) = (GithubSettings::default(), NotionSettings::default());
        let poll = Some(Duration::from_secs(300));
        let (public_url, backfill_depth) = (None, Some(30));
        let (vercel, sentry) = (VercelSettings::default(), SentrySettings::default());
        let (budget_reserve, reconciles) = (20, true);
        let (pagerduty, gitlab) = (PagerdutySettings::default(), GitlabSettings::default());
        Self {
            public_url,
            github,
            linear,
            notion,
            vercel,
            sentry,
            pagerduty,
            gitlab,
            backfill_depth,
            budget_reserve,
            poll,
            reconciles,
        }
    }
}

/// The parts that connectors are made of.
pub struct Config {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// Seals tokens at rest.
    pub vault: Vault,
    /// Runs the jobs.
    pub engine: Engine,
    /// The HTTP client of outbound calls.
    pub client: Client,
    /// Tells open pages of progress.
    pub live: Live,
    /// The URL by which people reach this server, without a slash at the end.
    pub base_url: String,
    /// The settings.
    pub settings: Settings,
}

/// Connects accounts of tools. Cheap to clone; clones share what they know.
#[derive(Clone)]
pub struct Connectors(Arc<Parts>);

/// The state that all clones share.
pub struct Parts {
    db: Db,
    clock: Clock,
    vault: Vault,
    engine: Engine,
    client: Client,
    live: Live,
    settings: PullSettings,
    upkeep: UpkeepSettings,
    base_url: String,
    /// The URL by which providers reach this server.
    public_url: String,
    /// True if they can.
    is_public: bool,
    github: Github,
    /// The app at GitHub of the whole server.
    server_app: Option<OpenApp>,
    installation_tokens: apps::InstallationTokens,
    linear: Linear,
    notion: Notion,
    vercel: Vercel,
    sentry: Sentry,
    pagerduty: Pagerduty,
    gitlab: Gitlab,
    /// A lock for each connection whose tokens are being refreshed by this process.
    refreshing: Mutex<HashMap<ConnectionId, Arc<tokio::sync::Mutex<()>>>>,
    /// The times of the last live events of backfills.
    told: Mutex<HashMap<BackfillId, Instant>>,
}

/// The settings of backfills.
#[derive(Debug, Clone, Copy)]
struct PullSettings {
    backfill_depth: Option<i64>,
    budget_reserve: i64,
}

impl Deref for Connectors {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Connectors {
    /// Changes the status of a connection by itself, not because somebody asks for it.
    async fn change_status(&self, tx: &mut Tx, connection: &Connection, change: Change) -> Result<bool> {
        let by = Caller::system(connection.organisation_id.clone());
        change_status(tx, (&self.engine, &self.clock), &by, connection, change).await
    }

    /// Puts the parts together.
    pub fn new(config: Config) -> Self {
        let Config { db, clock, vault, engine, client, live, base_url, settings } = config;
        let (github, server_app) = (Github::new(&settings.github), apps::of_server(&settings.github));
        let notion = Notion::new(&settings.notion, return_address(&base_url, Provider::Notion));
        let (pagerduty, gitlab) = (Pagerduty::new(&settings.pagerduty), Gitlab::new(&settings.gitlab));
        let linear = Linear::new(&settings.linear, return_address(&base_url, Provider::Linear));
        let vercel = Vercel::new(&settings.vercel, return_address(&base_url, Provider::Vercel));
        let sentry = Sentry::new(&settings.sentry);
        // An address that an operator names for providers is believed.
        let is_public = settings.public_url.is_some() || manifest::is_reachable(&base_url);
        let public_url = settings.public_url.unwrap_or_else(|| base_url.clone());
        let pulls = PullSettings { backfill_depth: settings.backfill_depth, budget_reserve: settings.budget_reserve };
        Self(Arc::new(Parts {
            db,
            clock,
            vault,
            engine,
            client,
            live,
            settings: pulls,
            upkeep: UpkeepSettings { poll: settings.poll, reconciles: settings.reconciles },
            base_url,
            public_url: public_url.trim_end_matches('/').to_owned(),
            is_public,
            github,
            server_app,
            installation_tokens: apps::InstallationTokens::default(),
            linear,
            notion,
            vercel,
            sentry,
            pagerduty,
            gitlab,
            refreshing: Mutex::default(),
            told: Mutex::default(),
        }))
    }

    /// Registers the workflows and jobs of connections.
    pub fn register(&self, registry: &mut Registry) {
        apps::register(registry, self);
        health::register(registry, self);
        listing::register(registry, self);
        teardown::register(registry, self);
        backfill::register(registry, self);
        upkeep::register(registry, self);
    }

    /// The address to which a provider leads people back.
    fn return_address(&self, provider: Provider) -> String {
        return_address(&self.base_url, provider)
    }

    /// The outer edge of a provider; `None` if it cannot be connected yet.
    fn remote(&self, provider: Provider) -> Option<&dyn Remote> {
        match provider {
            Provider::Github => Some(&self.github),
            Provider::Linear => Some(&self.linear),
            Provider::Notion => Some(&self.notion),
            Provider::Vercel => Some(&self.vercel),
            Provider::Sentry => Some(&self.sentry),
            Provider::Pagerduty => Some(&self.pagerduty),
            Provider::Gitlab => Some(&self.gitlab),
        }
    }

    /// The outer edge of the provider of a stored connection.
    fn remote_of(&self, provider: Provider) -> Result<&dyn Remote, Trouble> {
        self.remote(provider).ok_or_else(|| {
            Trouble::Ours(Error::internal(format!("{} cannot be connected in this version", provider.as_str())))
        })
    }
}

fn return_address(base_url: &str, provider: Provider) -> String {
    format!("{base_url}/api/connect/{}/return", provider.as_str())
}

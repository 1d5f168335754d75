//! The `App`: the pillars on one engine and one database, and the pipeline that connects them.
//!
//! Only code that concerns several pillars is here: the setup of a new organisation or workspace
//! ([`App::found`], [`App::create_workspace`]), and the effects of one pillar's events in another
//! ([`pipeline`]).

mod catalogue;
mod document_sync;
mod documents;
mod drill;
mod forgotten_documents;
mod invitations;
mod members;
mod notices;
mod notification_webhooks;
mod outbound;
mod own_observations;
pub mod pipeline;
pub mod retention;
pub mod search;
mod source_events;

use std::sync::Arc;
use std::time::Duration;

use campanile_accounts::live::Live;
use campanile_accounts::sessions::Brake;
use campanile_accounts::{Caller, FirstRun, Founding, Workspace, organisations};
use campanile_answers::Answers;
use campanile_base::{Clock, Result, Secret, Vault};
use campanile_db::{Db, Migrations, Tx};
use campanile_engine::{Engine, Registry, Running, Tracer};
use campanile_inbound::sources::{self, NewSource, Source};
use campanile_inbound::{Connectors, Intake};
use campanile_memory::{Memory, Models};
use campanile_net::Client;
use campanile_notify::{Mailer, Notify};
use campanile_sandbox::Sandbox;
use campanile_webhooks::Webhooks;
use campanile_webhooks::applications;

pub use document_sync::ConnectionData;
pub use retention::Retention;

/// The migrations of all pillars, in the order in which they run.
pub fn migrations() -> Vec<Migrations> {
    vec![
        campanile_engine::MIGRATIONS,
        campanile_accounts::MIGRATIONS,
        campanile_inbound::MIGRATIONS,
        campanile_models::MIGRATIONS,
        campanile_memory::MIGRATIONS,
        campanile_answers::MIGRATIONS,
        campanile_notify::MIGRATIONS,
        campanile_webhooks::MIGRATIONS,
    ]
}

/// True if there is an organisation in the database. A database without tables has none.
///
/// # Errors
/// `Unavailable`.
pub async fn is_used(db: &Db) -> Result<bool> {
    match db.read(|tx| Box::pin(async move { organisations::any(tx).await.map_err(campanile_db::Error::from) })).await {
        Err(error) if error.is_missing_table() => Ok(false),
        answer => Ok(answer?),
    }
}

/// True if this key opens the secrets in the database, or if there are none.
///
/// # Errors
/// `Unavailable`.
pub async fn is_sealed_with(db: &Db, vault: &Vault) -> Result<bool> {
    match db.read(|tx| Box::pin(async move { sources::any_sealed(tx).await })).await {
        Err(error) if error.is_missing_table() => Ok(true),
        Ok(sealed) => Ok(sealed.is_none_or(|sealed| vault.open(&sealed).is_ok())),
        Err(error) => Err(error.into()),
    }
}

/// The parts and settings of an app; the server reads them from its settings.
pub struct Config {
    /// The clock.
    pub clock: Clock,
    /// Seals secrets at rest.
    pub vault: Vault,
    /// The URL by which people reach this server; links begin with it.
    pub base_url: String,
    /// The name of this process among its peers.
    pub node: String,
    /// The greatest age of a delivery whose provider signs the time of sending; `None` for any age.
    pub max_age: Option<Duration>,
    /// The HTTP client of outbound calls, with the rules for their addresses.
    pub client: Client,
    /// The settings of connectors.
    pub connectors: campanile_inbound::connectors::Settings,
    /// The mail server, if one is set.
    pub mailer: Option<Mailer>,
    /// The time for which notifications to members are gathered into one mail.
    pub digest: Duration,
    /// The settings of webhooks.
    pub webhooks: campanile_webhooks::Settings,
    /// The settings of the memory.
    pub memory: campanile_memory::Settings,
    /// The models of the memory.
    pub models: campanile_memory::ModelChoice,
    /// The settings of answers: the language model, and its budget.
    pub answers: campanile_answers::Settings,
    /// The settings of the engine: the lease of nodes, and how long runs are kept.
    pub engine: campanile_engine::Settings,
    /// The lifetimes of deliveries, observations, activity and notifications.
    pub retention: Retention,
    /// Receives the spans of runs, if a collector is set.
    pub tracer: Option<Tracer>,
}

/// The pillars, ready to be used. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// Seals secrets at rest.
    pub vault: Vault,
    /// Runs the jobs.
    pub engine: Engine,
    /// Accepts deliveries.
    pub intake: Intake,
    /// Connects accounts of tools.
    pub connectors: Connectors,
    /// Remembers and finds observations.
    pub memory: Memory,
    /// Answers questions.
    pub answers: Answers,
    /// Sends outbound webhooks.
    pub webhooks: Webhooks,
    /// Sends notifications.
    pub notify: Notify,
    /// Sends live events to open streams and sockets.
    pub live: Live,
    /// Slows down repeated attempts to sign in by password or by link.
    pub sign_in_brake: Arc<Brake>,
    /// The URL by which people reach this server, without a slash at the end.
    pub base_url: String,
    /// The time for which notifications to members are gathered into one mail.
    pub digest: Duration,
}

impl App {
    /// Migrates the database, builds the pillars and starts the jobs.
    pub async fn start(db: Db, config: Config) -> Result<(Self, Running)> {
        db.migrate(migrations()).await?;
        let Config {
            clock,
            vault,
            base_url,
            node,
            max_age,
            client,
            connectors,
            mailer,
            digest,
            webhooks,
            memory,
            models,
            answers,
            engine: settings,
            retention,
            tracer,
        } = config;
        let (engine, idle) = Engine::new(db.clone(), clock.clone());
        let models = Models { choice: models, client: client.clone() };
        let memory = Memory::new(db.clone(), clock.clone(), engine.clone(), memory, models)?;
        campanile_memory::embedding::start(&memory).await?;
        let (live, sandbox) = (Live::default(), Sandbox::default());
        let webhooks = Webhooks::new(campanile_webhooks::Config {
            db: db.clone(),
            clock: clock.clone(),
            vault: vault.clone(),
            engine: engine.clone(),
            client: client.clone(),
            live: live.clone(),
            sandbox: sandbox.clone(),
            settings: webhooks,
        });
        let notify = Notify::new(campanile_notify::Config {
            db: db.clone(),
            clock: clock.clone(),
            vault: vault.clone(),
            engine: engine.clone(),
            client: client.clone(),
            mailer,
            live: live.clone(),
            sandbox,
            base_url: base_url.trim_end_matches('/').to_owned(),
        });
        notify.listened_by(notification_webhooks::listener(&webhooks));
        let base_url = base_url.trim_end_matches('/').to_owned();
        let connectors = Connectors::new(campanile_inbound::connectors::Config {
            db: db.clone(),
            clock: clock.clone(),
            vault: vault.clone(),
            engine: engine.clone(),
            client: client.clone(),
            live: live.clone(),
            base_url: base_url.clone(),
            settings: connectors,
        });
        let intake = Intake::start(db.clone(), clock.clone(), vault.clone(), engine.clone(), max_age);
        let intake = intake.with_apps(connectors.clone());
        let answers = Answers::new(campanile_answers::Config {
            db: db.clone(),
            clock: clock.clone(),
            memory: memory.clone(),
            client,
            base_url: base_url.clone(),
            settings: answers,
        });
        let app = Self {
            db,
            clock,
            vault,
            engine,
            intake,
            connectors,
            memory,
            answers,
            webhooks,
            notify,
            live,
            sign_in_brake: Arc::default(),
            base_url,
            digest,
        };
        let mut registry = Registry::default();
        pipeline::register(&mut registry, &app);
        drill::register(&mut registry);
        notices::register(&mut registry, &app);
        invitations::register(&mut registry, &app);
        forgotten_documents::register(&mut registry, &app);
        source_events::register(&mut registry, &app);
        document_sync::register(&mut registry, &app);
        app.connectors.register(&mut registry);
        app.intake.register(&mut registry);
        campanile_memory::register(&mut registry, &app.memory);
        app.webhooks.register(&mut registry);
        campanile_notify::register(&mut registry, &app.notify, retention.notify);
        retention::register(&mut registry, &app, retention);
        let idle = match tracer {
            Some(tracer) => idle.traced_by(tracer),
            None => idle,
        };
        app.catch_up().await?;
        app.connectors.enqueue_sweeps().await?;
        let running = idle.start_with(registry, &node, settings).await?;
        Ok((app, running))
    }

    /// Founds the first organisation with these sources, unless one exists already.
    ///
    /// # Errors
    /// `Invalid` when a value of the founding or of a source cannot be used; then nothing is made.
    pub async fn found(
        &self,
        founding: Founding,
        new_sources: Vec<NewSource>,
    ) -> Result<Option<(FirstRun, Vec<(Source, Secret)>)>> {
        let app = self.clone();
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let Some(first) = campanile_accounts::found(tx, &app.clock, founding).await? else {
                        return Ok(None);
                    };
                    app.equip(tx, &first.caller, &first.workspace).await?;
                    let mut made = Vec::new();
                    for new in new_sources {
                        // No event is sent for these sources: no endpoint can exist yet.
                        let (clock, vault) = (&app.clock, &app.vault);
                        made.push(sources::create(tx, clock, vault, &first.caller, &first.workspace, new).await?);
                    }
                    Ok(Some((first, made)))
                })
            })
            .await
    }

    /// Makes a source, and sends `source.connected` to endpoints.
    ///
    /// # Errors
    /// Like [`sources::create`].
    pub async fn connect(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        workspace: &Workspace,
        new: NewSource,
    ) -> Result<(Source, Secret)> {
        let made = sources::create(tx, &self.clock, &self.vault, caller, workspace, new).await?;
        outbound::source_connected(tx, self, workspace, &made.0).await?;
        Ok(made)
    }

    /// The public address of the tools for assistants.
    pub fn tools_address(&self) -> String {
        format!("{}/mcp", self.base_url)
    }

    /// Creates a workspace with its webhook application.
    ///
    /// # Errors
    /// `Conflict` when the name is taken.
    pub async fn create_workspace(&self, caller: Caller, name: String) -> Result<Workspace> {
        let app = self.clone();
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let workspace = organisations::create_workspace(tx, &app.clock, &caller, &name).await?;
                    app.equip(tx, &caller, &workspace).await?;
                    Ok(workspace)
                })
            })
            .await
    }

    /// Makes the event types, applications and notification documents that organisations of an older
    /// version lack.
    async fn catch_up(&self) -> Result<()> {
        let app = self.clone();
        let done = self.db.write(move |tx| {
            Box::pin(async move {
                for organisation in organisations::all(tx).await? {
                    catalogue::register(tx, &app.webhooks, &organisation).await?;
                    applications::ensure_notifications(tx, &app.clock, &organisation).await?;
                    for Workspace { id, name, .. } in organisations::workspaces(tx, &organisation).await? {
                        applications::ensure_of_workspace(tx, &app.clock, &organisation, &id, &name).await?;
                    }
                    campanile_notify::seed(tx, &app.notify, &organisation).await?;
                }
                Ok::<_, campanile_base::Error>(())
            })
        });
        done.await
    }

    /// Makes the webhook application of a workspace, whose uid is the workspace's id, and the
    /// organisation's own application, notification documents and event types.
    async fn equip(&self, tx: &mut Tx, caller: &Caller, workspace: &Workspace) -> Result<()> {
        let organisation = &caller.organisation;
        applications::ensure_of_workspace(tx, &self.clock, organisation, &workspace.id, &workspace.name).await?;
        applications::ensure_notifications(tx, &self.clock, &caller.organisation).await?;
        campanile_notify::seed(tx, &self.notify, &caller.organisation).await?;
        catalogue::register(tx, &self.webhooks, &caller.organisation).await
    }
}

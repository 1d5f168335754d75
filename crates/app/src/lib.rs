//! The `App`: the pillars on one engine and one database, and the pipeline that composes them.
//!
//! Everything that crosses pillars stands here, and nothing else: what is to be set up when an
//! organisation or a workspace begins ([`App::found`], [`App::create_workspace`]), and what an
//! event of one pillar leads to in another ([`pipeline`]).

mod catalogue;
mod drill;
mod invitations;
mod members;
mod notices;
mod outbound;
pub mod pipeline;
pub mod retention;
mod told;

use std::time::Duration;

use campanile_accounts::live::Live;
use campanile_accounts::{Caller, FirstRun, Founding, Workspace, organisations};
use campanile_base::{Clock, Result, Secret, Vault};
use campanile_db::{Db, Migrations, Tx};
use campanile_engine::{Engine, Registry, Running, Tracer};
use campanile_inbound::Intake;
use campanile_inbound::sources::{self, NewSource, Source, SourceId};
use campanile_net::Client;
use campanile_notify::{Mailer, Notify};
use campanile_sandbox::Sandbox;
use campanile_webhooks::Webhooks;
use campanile_webhooks::applications;

pub use retention::Retention;

/// The tables of everything, in the order of making.
pub fn migrations() -> Vec<Migrations> {
    vec![
        campanile_engine::MIGRATIONS,
        campanile_accounts::MIGRATIONS,
        campanile_inbound::MIGRATIONS,
        campanile_memory::MIGRATIONS,
        campanile_notify::MIGRATIONS,
        campanile_webhooks::MIGRATIONS,
    ]
}

/// Whether there is an organisation in the database; one that was never migrated has none.
///
/// # Errors
/// `Unavailable`.
pub async fn is_used(db: &Db) -> Result<bool> {
    match db.read(|tx| Box::pin(async move { organisations::any(tx).await.map_err(campanile_db::Error::from) })).await {
        Err(error) if error.is_missing_table() => Ok(false),
        answer => Ok(answer?),
    }
}

/// Whether the secrets in the database can be opened with this key; so can those of a database without any.
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

/// What an app is made of; the server reads it from its settings.
pub struct Config {
    /// The clock.
    pub clock: Clock,
    /// Seals secrets at rest.
    pub vault: Vault,
    /// Where people reach this server: the beginning of every link.
    pub base_url: String,
    /// The name of this process among its peers.
    pub node: String,
    /// How old a delivery may be, where the provider signs the time of sending.
    pub max_age: Option<Duration>,
    /// Where outbound calls may go.
    pub client: Client,
    /// The mail server.
    pub mailer: Option<Mailer>,
    /// For how long what members are told by mail is gathered.
    pub digest: Duration,
    /// How webhooks are delivered.
    pub webhooks: campanile_webhooks::Settings,
    /// How nodes share the work, and what is kept of it.
    pub engine: campanile_engine::Settings,
    /// How long is kept what others bring.
    pub retention: Retention,
    /// Is told what runs have done, if anybody wants to know.
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
    /// Takes deliveries in.
    pub intake: Intake,
    /// Sends outbound webhooks.
    pub webhooks: Webhooks,
    /// Tells people.
    pub notify: Notify,
    /// Tells those who watch.
    pub live: Live,
    /// Where people reach this server, without a slash at the end.
    pub base_url: String,
    /// For how long what members are told by mail is gathered.
    pub digest: Duration,
}

impl App {
    /// Migrates the database, puts the pillars together and starts the jobs.
    ///
    /// # Errors
    /// What the database says.
    pub async fn start(db: Db, config: Config) -> Result<(Self, Running)> {
        db.migrate(migrations()).await?;
        let Config {
            clock,
            vault,
            base_url,
            node,
            max_age,
            client,
            mailer,
            digest,
            webhooks,
            engine: settings,
            retention,
            tracer,
        } = config;
        let (engine, idle) = Engine::new(db.clone(), clock.clone());
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
        notify.listened_by(told::listener(&webhooks));
        let intake = Intake::start(db.clone(), clock.clone(), vault.clone(), engine.clone(), max_age);
        let base_url = base_url.trim_end_matches('/').to_owned();
        let app = Self { db, clock, vault, engine, intake, webhooks, notify, live, base_url, digest };
        let mut registry = Registry::default();
        pipeline::register(&mut registry, &app);
        drill::register(&mut registry);
        notices::register(&mut registry, &app);
        invitations::register(&mut registry, &app);
        app.webhooks.register(&mut registry);
        campanile_notify::register(&mut registry, &app.notify, retention.notify);
        retention::register(&mut registry, &app, retention);
        let idle = match tracer {
            Some(tracer) => idle.traced_by(tracer),
            None => idle,
        };
        app.catch_up().await?;
        let running = idle.start_with(registry, &node, settings).await?;
        Ok((app, running))
    }

    /// Founds the first organisation with these sources, unless there is one already.
    ///
    /// # Errors
    /// `Invalid` when what was brought along cannot be used; then nothing is made.
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
                        // Nobody can have asked to be told of these.
                        let (clock, vault) = (&app.clock, &app.vault);
                        made.push(sources::create(tx, clock, vault, &first.caller, &first.workspace, new).await?);
                    }
                    Ok(Some((first, made)))
                })
            })
            .await
    }

    /// Makes a source, and tells endpoints of it.
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

    /// Removes a source, and tells endpoints of it.
    ///
    /// # Errors
    /// `NotFound` for another organisation's source, `Forbidden`.
    pub async fn disconnect(&self, tx: &mut Tx, caller: &Caller, id: &SourceId) -> Result<()> {
        let source = sources::delete(tx, &self.clock, caller, id).await?;
        let workspace = organisations::workspace(tx, &source.workspace_id).await?;
        outbound::source_disconnected(tx, self, &workspace, &source).await
    }

    /// Creates a workspace with what belongs to one.
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

    /// Makes the event types of organisations that are older than these.
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

    /// A workspace owns a webhook application, whose uid is the workspace's id.
    async fn equip(&self, tx: &mut Tx, caller: &Caller, workspace: &Workspace) -> Result<()> {
        let organisation = &caller.organisation;
        applications::ensure_of_workspace(tx, &self.clock, organisation, &workspace.id, &workspace.name).await?;
        applications::ensure_notifications(tx, &self.clock, &caller.organisation).await?;
        campanile_notify::seed(tx, &self.notify, &caller.organisation).await?;
        catalogue::register(tx, &self.webhooks, &caller.organisation).await
    }
}

//! The order of starting and of stopping.
//!
//! Starting: the settings are checked before this. Then come the database and its schema, the
//! jobs, and the listener. Stopping is the reverse: no new requests are accepted, open requests
//! may finish, the jobs are drained and the lease is given back. The database closes last.

use std::fs::File;
use std::time::{Duration, Instant};

use campanile_accounts::{Founding, organisations, people};
use campanile_app::{App, Config};
use campanile_base::{Clock, Error, Secret, Vault};
use campanile_db::Db;
use campanile_engine::Running;
use campanile_inbound::sources::NewSource;
use campanile_net::{AddressRules, Client};
use campanile_notify::Mailer;
use campanile_web::{ConsoleFiles, DoorSettings, SettingsInForce};
use tokio::net::TcpListener;

use crate::folder::Folder;
use crate::settings::{self, Bootstrap, Settings};
use crate::traces::Traces;
use crate::{descriptors, measurements};

/// The time that open requests have to finish. Without a limit, a console that watches a stream
/// would never finish.
const HTTP_GRACE: Duration = Duration::from_secs(3);
/// The time to wait for a database that is not up yet, and the pause between two tries.
const DATABASE_WAIT: Duration = Duration::from_secs(60);
const DATABASE_LOOK: Duration = Duration::from_secs(1);
/// The time that running jobs have to finish.
const JOB_GRACE: Duration = Duration::from_secs(20);
/// The time to write the last live events.
const LIVE_GRACE: Duration = Duration::from_secs(1);
/// The longest time that an orderly stop takes.
pub(crate) const STOP_WITHIN: Duration = HTTP_GRACE.saturating_add(JOB_GRACE).saturating_add(LIVE_GRACE);

/// A server that has started.
pub(crate) struct Started {
    pub(crate) app: App,
    pub(crate) address: String,
    jobs: Running,
    listener: TcpListener,
    traces: Option<Traces>,
    portal_ancestors: String,
    door: DoorSettings,
    in_force: SettingsInForce,
    /// The folder of the embedded database; `None` with PostgreSQL.
    folder: Option<Folder>,
    /// Held while the embedded database is open.
    _lock: Option<File>,
}

impl Started {
    /// Stops a server that has not served anything yet.
    pub(crate) async fn stop(self) {
        self.jobs.stop(JOB_GRACE).await;
    }
}

/// Runs the server until a stop signal.
pub(crate) async fn serve(settings: Settings) -> Result<(), String> {
    let started = start(&settings).await?;
    if let Err(why) = tell_first_run(&started, settings.bootstrap, settings.begin_anew).await {
        started.stop().await;
        return Err(why);
    }
    tracing::info!(address = started.address, "listening");
    run(started, stop_signal()).await
}

/// Opens everything, in order.
pub(crate) async fn start(settings: &Settings) -> Result<Started, String> {
    let fail = |what: &'static str| move |error: campanile_base::Error| format!("{what}: {}", error.chain());
    let descriptors = descriptors::raise();
    let folder = Folder::open(&settings.data)?;
    let mailer = match &settings.smtp_url {
        Some(url) => Some(Mailer::new(url.expose(), &settings.mail_from).map_err(fail("the setting smtp_url"))?),
        None => None,
    };
    let listener = TcpListener::bind(&settings.listen)
        .await
        .map_err(|e| format!("the setting listen: {} cannot be listened on: {e}", settings.listen))?;
    let address = listener.local_addr().map_err(|e| e.to_string())?.to_string();
    let OpenDatabase { db, lock, vault } = open_database(settings, &folder).await?;
    let folder = lock.is_some().then_some(folder);
    let traces = settings.otlp_endpoint.as_deref().map(Traces::start).transpose()?;
    let config = Config {
        clock: Clock::System,
        vault,
        base_url: settings.base_url.clone().unwrap_or_else(|| reachable(&address)),
        node: settings.node.clone().unwrap_or_else(|| node_name(&address)),
        max_age: settings.max_age,
        client: Client::new(AddressRules::allowing(settings.net_allow.clone()))
            .through(settings.net_proxy.clone())
            .with_connections(descriptors.outbound),
        connectors: settings.connectors.clone(),
        mailer,
        digest: settings.notify_digest,
        webhooks: settings.webhooks.clone(),
        memory: settings.memory,
        models: settings.models.clone(),
        answers: settings.answers.clone(),
        engine: settings.engine,
        retention: settings.retention,
        tracer: traces.as_ref().map(Traces::tracer),
    };
    let (app, jobs) = App::start(db, config).await.map_err(|error| match error {
        Error::InvalidField { .. } => format!("the setting {error}"),
        error => fail("the database")(error),
    })?;
    let portal_ancestors = settings.portal_ancestors.clone();
    let door = settings.door(descriptors.inbound);
    let in_force = SettingsInForce(settings.in_force().into());
    Ok(Started { app, address, jobs, listener, traces, portal_ancestors, door, in_force, folder, _lock: lock })
}

/// Serves until `stop`, then stops in order.
pub(crate) async fn run(started: Started, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), String> {
    let Started { app, jobs, listener, traces, portal_ancestors, door, in_force, _lock, .. } = started;
    let console =
        ConsoleFiles { files: campanile_console_assets::FILES, script_hash: campanile_console_assets::SCRIPT_HASH };
    let surface = campanile_web::Settings {
        metrics: measurements::start(),
        portal_ancestors,
        console,
        door: door.clone(),
        in_force,
    };
    let live = app.live.clone();
    let keeping = tokio::spawn(campanile_accounts::live::log::keep(app.db.clone(), live.clone()));
    let listening = tokio::spawn(campanile_notify::feeds::listen(app.notify.clone()));
    let watching = tokio::spawn(campanile_memory::watch::watch(app.memory.clone()));
    let measuring = tokio::spawn(measurements::measure_room(app.db.clone()));
    let router = campanile_web::router(app, surface);
    let (told, stopping) = tokio::sync::oneshot::channel();
    let serving = campanile_web::serve(listener, router, door, async move {
        stop.await;
        tracing::info!("stopping");
        let _ = told.send(());
    });
    let deadline = async {
        let _ = stopping.await;
        tokio::time::sleep(HTTP_GRACE).await;
    };
    let served = tokio::select! {
        served = serving => served.map_err(|e| format!("the listener broke: {e}")),
        () = deadline => Ok(()),
    };
    jobs.stop(JOB_GRACE).await;
    live.stop();
    if tokio::time::timeout(LIVE_GRACE, keeping).await.is_err() {
        tracing::warn!("the last live events were not written");
    }
    if let Some(traces) = traces {
        traces.stop().await;
    }
    listening.abort();
    watching.abort();
    measuring.abort();
    served
}

/// Opens the database without a server, for a command such as `campanile admin`.
pub(crate) async fn open_alone(settings: &Settings) -> Result<(Db, Option<File>), String> {
    if settings.database_url.is_none() && !settings.data.exists() {
        return Err(format!("{} is not there: which folder has the database?", settings.data.display()));
    }
    let OpenDatabase { db, lock, .. } = open_database(settings, &Folder::open(&settings.data)?).await?;
    Ok((db, lock))
}

/// A database, and the key that its secrets are sealed with.
struct OpenDatabase {
    db: Db,
    lock: Option<File>,
    vault: Vault,
}

/// Opens the database, and then the vault. A missing key or a missing database is found before
/// anything is written.
async fn open_database(settings: &Settings, folder: &Folder) -> Result<OpenDatabase, String> {
    let (db, lock, is_first_start) = match &settings.database_url {
        Some(url) => {
            let db = connect(url.expose()).await?;
            let is_used = campanile_app::is_used(&db).await.map_err(|e| format!("the database: {}", e.chain()))?;
            (db, None, !is_used)
        }
        None => {
            let lock = folder.lock()?;
            if !settings.begin_anew {
                folder.refuse_lost_database()?;
            }
            let is_first_start = !folder.has_database();
            if !is_first_start {
                // Checked before SQLite opens the file: opening already writes the log's contents
                // into it.
                folder.vault(settings.encryption_key.as_ref(), false)?;
                check_database(settings, folder)?;
            }
            let db = Db::open_sqlite(&folder.database()).map_err(|e| e.to_string())?;
            (db, Some(lock), is_first_start)
        }
    };
    let vault = folder.vault(settings.encryption_key.as_ref(), is_first_start)?;
    if !campanile_app::is_sealed_with(&db, &vault).await.map_err(|e| format!("the database: {}", e.chain()))? {
        return Err(
            "the encryption key is not the one that the database's secrets are sealed with. Put the right key back: \
                    encryption.key in the data folder, or the setting encryption_key. Nothing was changed."
                .to_owned(),
        );
    }
    Ok(OpenDatabase { db, lock, vault })
}

/// Connects to PostgreSQL. Waits for a server that is not up yet, unless a stop signal comes.
async fn connect(url: &str) -> Result<Db, String> {
    let place = settings::without_credentials(url);
    tokio::select! {
        connected = wait_for_database(url, &place) => connected,
        () = stop_signal() => Err(format!("told to stop while connecting to the database {place}")),
    }
}

async fn wait_for_database(url: &str, place: &str) -> Result<Db, String> {
    let until = Instant::now() + DATABASE_WAIT;
    loop {
        match Db::connect_postgres(url).await {
            Err(campanile_db::Error::Unavailable(why)) if Instant::now() < until => {
                tracing::warn!(database = place, why, "waiting for the database");
                tokio::time::sleep(DATABASE_LOOK).await;
            }
            connected => return connected.map_err(|error| format!("the database {place}: {error}")),
        }
    }
}

/// Looks for damaged pages, if the setting `check_database` is true.
fn check_database(settings: &Settings, folder: &Folder) -> Result<(), String> {
    if !settings.check_database {
        return Ok(());
    }
    campanile_db::check_sqlite(&folder.database()).map_err(|e| {
        format!("{} is damaged: {e}. Restore it from a backup, together with the key.", folder.database().display())
    })
}

/// Makes the embedded database's file as small as it can be.
pub(crate) fn compact(settings: &Settings) -> Result<(), String> {
    if settings.database_url.is_some() {
        return Err("the database is PostgreSQL, which gives space back by itself (VACUUM)".to_owned());
    }
    let folder = Folder::open(&settings.data)?;
    let _lock = folder.lock()?;
    if !folder.has_database() {
        return Err(format!("{} is not there", folder.database().display()));
    }
    let (before, after) = campanile_db::compact_sqlite(&folder.database()).map_err(|e| e.to_string())?;
    println!("{}: {before} bytes before, {after} bytes after", folder.database().display());
    Ok(())
}

/// The URL by which this machine reaches a listen address. `0.0.0.0` and `[::]` stand for all
/// addresses and cannot be called, so they become `localhost`.
pub(crate) fn reachable(address: &str) -> String {
    let port = address.rsplit_once(':').map_or("", |(_, port)| port);
    match address.starts_with("0.0.0.0:") || address.starts_with("[::]:") {
        true => format!("http://localhost:{port}"),
        false => format!("http://{address}"),
    }
}

fn node_name(address: &str) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let port = address.rsplit_once(':').map_or("", |(_, port)| port);
    format!("{}:{port}", host.trim())
}

/// Founds the first organisation, and prints once what its owner needs to know.
async fn tell_first_run(started: &Started, bootstrap: Bootstrap, begins_anew: bool) -> Result<(), String> {
    let (app, scripted) = (&started.app, bootstrap.secret_key.is_some());
    let is_used = campanile_app::is_used(&app.db).await.map_err(|e| format!("the first start: {}", e.chain()))?;
    if let (Some(folder), false, false) = (&started.folder, is_used, begins_anew)
        && folder.is_marked()
    {
        return Err(folder.lost_database());
    }
    let founded = found(app, bootstrap).await?;
    if let Some(folder) = &started.folder {
        folder.mark()?;
    }
    let Some(first) = founded else { return Ok(()) };
    println!("\nThis is the first start. What follows is shown once.\n");
    println!("  Console      {}/sign-in?token={}", app.base_url, first.sign_in_word.expose());
    println!("               for {}; the link signs in once, within a day", first.owner);
    if !scripted {
        println!("  Secret key   {}", first.secret_key.expose());
    }
    for source in first.sources {
        println!("  {:<12} {}", source.provider, source.url);
        if let Some(secret) = source.secret {
            println!("               secret {}", secret.expose());
        }
    }
    println!();
    Ok(())
}

/// The result of the first start, to be printed.
pub(crate) struct Founded {
    pub(crate) owner: String,
    pub(crate) secret_key: Secret,
    pub(crate) sign_in_word: Secret,
    pub(crate) sources: Vec<FoundedSource>,
}

/// A source that the first start made.
pub(crate) struct FoundedSource {
    pub(crate) provider: &'static str,
    pub(crate) url: String,
    /// The secret, if it was generated. A secret from the settings is not shown again.
    pub(crate) secret: Option<Secret>,
}

/// Founds the first organisation with its sources, unless one exists already.
pub(crate) async fn found(app: &App, bootstrap: Bootstrap) -> Result<Option<Founded>, String> {
    let any = app.db.read(|tx| Box::pin(async move { organisations::any(tx).await })).await;
    if any.map_err(|e| format!("the first start: {}", e.chain()))? {
        return Ok(None);
    }
    let owner_password = match bootstrap.owner_password {
        Some(password) => {
            Some(people::hash(password).await.map_err(|e| format!("the setting bootstrap_owner_password: {e}"))?)
        }
        None => None,
    };
    let brought = !bootstrap.sources.is_empty();
    let mut sources: Vec<NewSource> = bootstrap
        .sources
        .into_iter()
        .map(|(provider, secret)| NewSource {
            provider,
            path: Some(provider.as_str().to_owned()),
            secret: Some(secret),
        })
        .collect();
    if !brought {
        sources.push(NewSource { provider: campanile_inbound::Provider::Github, path: None, secret: None });
    }
    let founding = Founding { secret_key: bootstrap.secret_key, owner: bootstrap.owner, owner_password };
    let founded = app.found(founding, sources).await.map_err(|e| format!("the first start: {}", e.chain()))?;
    Ok(founded.map(|(first, sources)| Founded {
        owner: first.owner,
        secret_key: first.secret_key,
        sign_in_word: first.sign_in_word,
        sources: sources
            .into_iter()
            .map(|(source, secret)| FoundedSource {
                provider: source.provider.as_str(),
                url: format!("{}/api/ingest/{}/{}", app.base_url, source.provider.as_str(), source.path),
                secret: (!brought).then_some(secret),
            })
            .collect(),
    }))
}

/// Waits for SIGTERM or Ctrl-C.
pub(crate) async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be listened for");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

//! The order of starting and of stopping.
//!
//! Starting: settings are checked (before this), then the database and its schema, then the jobs,
//! then the listener. Stopping is the reverse: nothing new is taken in, what is under way is let
//! finish, the jobs are drained and the lease given back, the database closes last.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use campanile_accounts::{Founding, organisations, people};
use campanile_app::{App, Config};
use campanile_base::{Clock, Secret, Vault};
use campanile_db::Db;
use campanile_engine::Running;
use campanile_inbound::sources::NewSource;
use campanile_net::{AddressRules, Client};
use campanile_notify::Mailer;
use campanile_web::DoorSettings;
use tokio::net::TcpListener;

use crate::settings::{Bootstrap, Settings};
use crate::traces::Traces;
use crate::{descriptors, telemetry};

/// How long requests under way may take to finish: a console that watches would never.
const HTTP_GRACE: Duration = Duration::from_secs(3);
/// How long jobs under way may take to finish.
const JOB_GRACE: Duration = Duration::from_secs(20);

/// Of the descriptors that the process may have, one in so many is for connections to others.
const OUTBOUND_SHARE: usize = 4;

/// A server that has started.
pub(crate) struct Started {
    pub(crate) app: App,
    pub(crate) address: String,
    jobs: Running,
    listener: TcpListener,
    traces: Option<Traces>,
    portal_ancestors: String,
    door: DoorSettings,
    /// Held as long as the embedded database is open.
    _lock: Option<File>,
}

impl Started {
    /// Stops before anything was served.
    pub(crate) async fn stop(self) {
        self.jobs.stop(JOB_GRACE).await;
    }
}

/// Runs the server until it is told to stop.
pub(crate) async fn serve(settings: Settings) -> Result<(), String> {
    let started = start(&settings).await?;
    let app = started.app.clone();
    tell_first_run(&app, settings.bootstrap).await?;
    tracing::info!(address = started.address, "listening");
    run(started, stop_signal()).await
}

/// Opens everything, in order.
pub(crate) async fn start(settings: &Settings) -> Result<Started, String> {
    let fail = |what: &'static str| move |error: campanile_base::Error| format!("{what}: {}", error.chain());
    std::fs::create_dir_all(&settings.data)
        .map_err(|e| format!("the data folder {} cannot be made: {e}", settings.data.display()))?;
    let descriptors = descriptors::raise();
    let vault = open_vault(settings)?;
    let mailer = match &settings.smtp_url {
        Some(url) => Some(Mailer::new(url.expose(), &settings.mail_from).map_err(fail("the setting smtp_url"))?),
        None => None,
    };
    let listener = TcpListener::bind(&settings.listen)
        .await
        .map_err(|e| format!("the setting listen: {} cannot be listened on: {e}", settings.listen))?;
    let address = listener.local_addr().map_err(|e| e.to_string())?.to_string();
    let (db, lock) = open_database(settings).await?;
    let traces = settings.otlp_endpoint.as_deref().map(Traces::start).transpose()?;
    let config = Config {
        clock: Clock::System,
        vault,
        base_url: settings.base_url.clone().unwrap_or_else(|| reachable(&address)),
        node: settings.node.clone().unwrap_or_else(|| node_name(&address)),
        max_age: settings.max_age,
        client: Client::new(AddressRules::allowing(settings.net_allow.clone()))
            .through(settings.net_proxy.clone())
            .with_connections(descriptors() / OUTBOUND_SHARE),
        mailer,
        digest: settings.notify_digest,
        webhooks: settings.webhooks.clone(),
        engine: settings.engine,
        tracer: traces.as_ref().map(Traces::tracer),
    };
    let (app, jobs) = App::start(db, config).await.map_err(fail("the database"))?;
    let portal_ancestors = settings.portal_ancestors.clone();
    let door = settings.door(descriptors.inbound);
    Ok(Started { app, address, jobs, listener, traces, portal_ancestors, door, _lock: lock })
}

/// Serves until `stop`, then stops in order.
pub(crate) async fn run(started: Started, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), String> {
    let Started { app, jobs, listener, traces, portal_ancestors, door, _lock, .. } = started;
    let surface = campanile_web::Settings { metrics: telemetry::start_metrics(), portal_ancestors, door: door.clone() };
    let listening = tokio::spawn(campanile_notify::feeds::listen(app.notify.clone()));
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
    if let Some(traces) = traces {
        traces.stop().await;
    }
    listening.abort();
    served
}

pub(crate) async fn open_database(settings: &Settings) -> Result<(Db, Option<File>), String> {
    if let Some(url) = &settings.database_url {
        let db = Db::connect_postgres(url.expose()).await.map_err(|e| format!("the setting database_url: {e}"))?;
        return Ok((db, None));
    }
    let lock = lock_folder(&settings.data)?;
    let db = Db::open_sqlite(&settings.data.join("campanile.db")).map_err(|e| e.to_string())?;
    Ok((db, Some(lock)))
}

/// The embedded database belongs to one process at a time.
fn lock_folder(data: &Path) -> Result<File, String> {
    let path = data.join("lock");
    let lock = File::create(&path).map_err(|e| format!("{} cannot be written: {e}", path.display()))?;
    lock.try_lock().map_err(|_| format!("the data folder {} is in use by another process", data.display()))?;
    Ok(lock)
}

/// The key that seals secrets: the setting, or a file in the data folder, made on the first start.
fn open_vault(settings: &Settings) -> Result<Vault, String> {
    let from_setting = |key: &Secret| Vault::from_key(key).map_err(|e| format!("the setting encryption_key: {e}"));
    if let Some(key) = &settings.encryption_key {
        return from_setting(key);
    }
    let path = settings.data.join("encryption.key");
    let shown = path.display();
    if !path.exists() {
        write_private(&path, Vault::new_key().expose()).map_err(|e| format!("{shown} cannot be written: {e}"))?;
    }
    let key = std::fs::read_to_string(&path).map_err(|e| format!("{shown} cannot be read: {e}"))?;
    Vault::from_key(&Secret::new(key)).map_err(|e| format!("{shown}: {e}"))
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// How many descriptors the process may have; where that is not known, the usual number.
fn descriptors() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let soft =
        limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next()?.parse().ok());
    soft.unwrap_or(1_024)
}

/// How this machine reaches an address that is listened on: "all addresses" is none to go to.
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

/// Founds the first organisation, and says once what its owner needs to know.
async fn tell_first_run(app: &App, bootstrap: Bootstrap) -> Result<(), String> {
    let scripted = bootstrap.secret_key.is_some();
    let Some(first) = found(app, bootstrap).await? else { return Ok(()) };
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

/// What there is to tell after the first start.
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
    /// Where it was made up; one that was brought along is known.
    pub(crate) secret: Option<Secret>,
}

/// Founds the first organisation with its sources, unless there is one.
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

//! The real binary as a process, which can be started, called, killed and restarted.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use campanile_db::Db;
use campanile_db::testing::TestDatabase;
use campanile_net::{AddressRules, Client, Request};
use serde_json::Value;
use tokio::process::{Child, Command};

use crate::provider::SignedDelivery;

/// The secret key of every test server.
pub const SECRET_KEY: &str = "sk_test_0123456789abcdefghijklmnop";
/// The secret with which every source of a test signs.
pub const SOURCE_SECRET: &str = "a shared secret of a test";
/// The owner's address and password.
pub const OWNER: (&str, &str) = ("owner@example.com", "correct horse battery");

/// The longest time of a start before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest wait for one answer to the question whether it is ready.
const ANSWER: Duration = Duration::from_secs(5);

/// A server and its database. Dropping it kills the process and removes the data.
pub struct Server {
    binary: PathBuf,
    /// The database.
    pub database: Arc<TestDatabase>,
    settings: Vec<(String, String)>,
    /// A program with arguments that runs the binary; empty if there is none.
    wrapper: Vec<String>,
    port: u16,
    process: Option<Child>,
    api: Api,
}

/// A client of a server; it stays valid while the server is down. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    base: String,
    client: Client,
}

/// A complete answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body as JSON, or as a text if it is not JSON, or `null` if it is empty.
    pub json: Value,
    /// The headers.
    pub headers: Vec<(String, String)>,
}

impl Server {
    /// Starts `binary` on a fresh database, founded with the constants of this module.
    ///
    /// The server may call loopback addresses, and accepts deliveries of any age. `settings` are
    /// further `CAMPANILE_*` variables.
    ///
    /// # Panics
    /// When the server does not become ready.
    pub async fn start(binary: impl AsRef<Path>, database: TestDatabase, settings: &[(&str, &str)]) -> Self {
        Self::start_within(&[], binary, Arc::new(database), settings).await
    }

    /// Starts another process on the same database.
    ///
    /// # Panics
    /// When the server does not become ready.
    pub async fn beside(&self) -> Self {
        let settings: Vec<(&str, &str)> = self.settings.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        Self::start_within(&[], &self.binary, self.database.clone(), &settings).await
    }

    /// Like [`Server::start`], but another program runs the binary. That program gets the binary
    /// and its arguments.
    ///
    /// # Panics
    /// When the server does not become ready.
    pub async fn start_within(
        wrapper: &[&str],
        binary: impl AsRef<Path>,
        database: Arc<TestDatabase>,
        settings: &[(&str, &str)],
    ) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("a listener has an address").port();
        drop(listener);
        let mut server = Self {
            binary: binary.as_ref().to_owned(),
            database,
            settings: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            wrapper: wrapper.iter().map(|word| (*word).to_owned()).collect(),
            port,
            process: None,
            api: Api {
                base: format!("http://127.0.0.1:{port}"),
                client: Client::new(AddressRules::allowing(vec!["127.0.0.0/8".parse().expect("a constant range")])),
            },
        };
        server.restart().await;
        server
    }

    /// Starts the process again on the same database. Kills it first if it still runs.
    ///
    /// # Panics
    /// When the server does not become ready.
    pub async fn restart(&mut self) {
        self.kill().await;
        let sources = ["github", "vercel", "linear", "sentry"].map(|name| format!("{name}={SOURCE_SECRET}")).join(",");
        let mut command = match self.wrapper.split_first() {
            None => Command::new(&self.binary),
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(&self.binary);
                command
            }
        };
        command
            .arg("serve")
            .args(["--listen", &format!("127.0.0.1:{}", self.port)])
            .arg("--data")
            .arg(self.data())
            .env("CAMPANILE_BOOTSTRAP_SECRET_KEY", SECRET_KEY)
            .env("CAMPANILE_BOOTSTRAP_OWNER", OWNER.0)
            .env("CAMPANILE_BOOTSTRAP_OWNER_PASSWORD", OWNER.1)
            .env("CAMPANILE_BOOTSTRAP_SOURCES", sources)
            .env("CAMPANILE_NET_ALLOW", "127.0.0.0/8")
            .env("CAMPANILE_INBOUND_MAX_AGE", "off")
            .env("CAMPANILE_NOTIFY_DIGEST", "0s")
            // Nothing begins by itself that a test does not ask for.
            .env("CAMPANILE_CONNECTOR_POLL", "off")
            .env("CAMPANILE_CONNECTOR_RECONCILE", "off")
            .env("CAMPANILE_LOG", "warn")
            // Few tests ask for what means the same; the others need no processor for it.
            .env("CAMPANILE_MEMORY_EMBEDDER", "off")
            .env_remove("DATABASE_URL")
            .envs(self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())))
            .envs(self.database.url.iter().map(|url| ("DATABASE_URL", url.as_str())))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        self.process = Some(command.spawn().expect("the binary can be run"));
        self.until_ready().await;
    }

    async fn until_ready(&mut self) {
        let began = Instant::now();
        let mut said = Err("it was not asked".to_owned());
        while began.elapsed() < PATIENCE {
            let process = self.process.as_mut().expect("it was just started");
            if let Ok(Some(status)) = process.try_wait() {
                panic!("the server ended with {status} before it was ready");
            }
            // A single lost request must not use up all of the time.
            let asked = tokio::time::timeout(ANSWER, self.get("/api/_health/ready")).await;
            said = asked.unwrap_or_else(|_| Err(format!("no answer within {ANSWER:?}")));
            if said.as_ref().is_ok_and(|answer| answer.status == 200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the server was not ready within {PATIENCE:?}: {said:?}");
    }

    /// Ends the process as a power cut would: SIGKILL.
    pub async fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill().await;
        }
    }

    /// Opens the process's database, after [`Server::kill`].
    ///
    /// # Panics
    /// When the database cannot be opened.
    pub async fn open_database(&self) -> Db {
        let opened = match &self.database.url {
            Some(url) => Db::connect_postgres(url).await,
            None => Db::open_sqlite(&self.data().join("campanile.db")),
        };
        opened.expect("the process has closed it")
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.database.folder.join("data")
    }

    /// Sends the process a signal by its name, such as `STOP` or `CONT`.
    ///
    /// # Panics
    /// When there is no process.
    pub fn signal(&self, name: &str) {
        let process = self.process_id().expect("the server runs").to_string();
        let sent = std::process::Command::new("kill").args([&format!("-{name}"), &process]).status();
        assert!(sent.is_ok_and(|status| status.success()), "SIG{name} could not be sent");
    }

    /// The server's client; it also works after a restart.
    pub fn api(&self) -> Api {
        self.api.clone()
    }

    /// The process's id, while it runs.
    pub fn process_id(&self) -> Option<u32> {
        self.process.as_ref().and_then(Child::id)
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.api.base)
    }

    /// Reads a path with the secret key.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get(&self, path: &str) -> Result<Answer, String> {
        self.api.get(path).await
    }

    /// Posts JSON with the secret key.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, String> {
        self.api.post(path, body).await
    }

    /// Posts a delivery to the source that has the provider's name.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn deliver(&self, delivery: &SignedDelivery) -> Result<Answer, String> {
        let headers: Vec<(&str, &str)> =
            delivery.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let path = format!("/api/ingest/{0}/{0}", delivery.provider);
        self.ask("POST", &path, &headers, delivery.body.clone()).await
    }

    /// Sends any request.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn ask(
        &self,
        method: &'static str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, String> {
        self.api.ask(method, path, headers, body).await
    }

    /// All items of a list, page by page.
    ///
    /// # Panics
    /// When a page cannot be read.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        let mark = if path.contains('?') { '&' } else { '?' };
        loop {
            let page = self.get(&format!("{path}{cursor}")).await.expect("the server answers");
            assert_eq!(page.status, 200, "{path}: {}", page.json);
            items.extend(page.json["data"].as_array().expect("a list has data").iter().cloned());
            match page.json["next"].as_str() {
                Some(next) => cursor = format!("{mark}cursor={next}"),
                None => return items,
            }
        }
    }

    /// Waits until every received delivery has been processed.
    ///
    /// # Panics
    /// When that takes longer than a minute.
    pub async fn until_settled(&self) {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(60) {
            let waiting = self.get("/api/deliveries?status=received&limit=1").await;
            if waiting.is_ok_and(|page| page.json["data"].as_array().is_some_and(Vec::is_empty)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        panic!("deliveries were still unprocessed after a minute");
    }

    /// Registers an endpoint at the first workspace's application. Returns its secret.
    ///
    /// # Panics
    /// When that fails.
    pub async fn add_endpoint(&self, url: &str) -> String {
        let workspaces = self.get("/api/workspaces").await.expect("the server answers");
        let app = workspaces.json["data"][0]["id"].as_str().expect("there is a workspace").to_owned();
        let body = serde_json::json!({ "url": url });
        let made = self.post(&format!("/api/v1/app/{app}/endpoint"), &body).await.expect("the server answers");
        assert_eq!(made.status, 201, "{}", made.json);
        let id = made.json["id"].as_str().expect("an endpoint has an id");
        let secret = self.get(&format!("/api/v1/app/{app}/endpoint/{id}/secret")).await.expect("the server answers");
        secret.json["key"].as_str().expect("an endpoint has a secret").to_owned()
    }
}

impl Api {
    /// Reads a path with the secret key.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get(&self, path: &str) -> Result<Answer, String> {
        self.ask("GET", path, &[("authorization", &format!("Bearer {SECRET_KEY}"))], Vec::new()).await
    }

    /// Posts JSON with the secret key.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, String> {
        let authorization = format!("Bearer {SECRET_KEY}");
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        self.ask("POST", path, &headers, body.to_string().into_bytes()).await
    }

    /// Sends any request.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn ask(
        &self,
        method: &'static str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, String> {
        let request = Request {
            method,
            url: format!("{}{path}", self.base),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.into(),
            timeout: Duration::from_secs(30),
            keep: 64 * 1024 * 1024,
            tls: None,
        };
        let answer = self.client.send(request).await.map_err(|e| e.to_string())?;
        let text = || match answer.body.is_empty() {
            true => Value::Null,
            false => Value::String(String::from_utf8_lossy(&answer.body).into_owned()),
        };
        let json = serde_json::from_slice(&answer.body).unwrap_or_else(|_| text());
        Ok(Answer { status: answer.status, json, headers: answer.headers })
    }
}

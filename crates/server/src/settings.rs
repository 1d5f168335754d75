//! Settings: one table of names, read from a file, the environment and flags.
//!
//! The setting `inbound_max_age` is `inbound_max_age = "7h"` in `campanile.toml` (or `max_age` in a
//! table `[inbound]`), `CAMPANILE_INBOUND_MAX_AGE` in the environment and `--inbound-max-age` on
//! the command line. The environment wins over the file, and flags win over both. An unknown name
//! or an invalid value stops the start, with a sentence that names the setting.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use campanile_base::Secret;
use campanile_inbound::Provider;
use campanile_memory::ModelChoice;
use campanile_net::Proxy;
use campanile_web::{DoorSettings, SettingView};
use campanile_webhooks::KeyType;
use ipnet::IpNet;

/// One setting: its name, its default as an operator would write it, and its description.
pub(crate) struct SettingSpec {
    pub(crate) name: &'static str,
    pub(crate) default: &'static str,
    pub(crate) help: &'static str,
    pub(crate) is_secret: bool,
}

const fn known(name: &'static str, default: &'static str, help: &'static str) -> SettingSpec {
    SettingSpec { name, default, help, is_secret: false }
}

const fn secret(name: &'static str, help: &'static str) -> SettingSpec {
    SettingSpec { name, default: "", help, is_secret: true }
}

/// Every setting.
pub(crate) const KNOWN: &[SettingSpec] = &[
    known("data", "./campanile-data", "Folder of the embedded database and the encryption key"),
    known(
        "begin_anew",
        "false",
        "Whether to begin anew where an installation's database is missing or empty: true or false",
    ),
    known("check_database", "false", "Whether to look for damage in the embedded database at the start: true or false"),
    known("listen", "127.0.0.1:4400", "Address and port to listen on"),
    known("http_connections", "", "Open connections at a time; half of the open files that the system grants if empty"),
    known("http_connections_per_address", "", "Open connections of one address; half of all if empty"),
    known("http_trusted_proxies", "", "Reverse proxies whose X-Forwarded-For is believed, as 10.0.0.0/8,127.0.0.1/32"),
    known("http_requests_per_key", "20000", "Requests a second of one secret key; 0 for no bound"),
    known(
        "http_requests_per_token",
        "100",
        "Requests a second of one session, user token or portal token; 0 for no bound",
    ),
    known("public_url", "", "Where providers reach this server with webhooks; base_url if empty"),
    known("base_url", "", "Where people reach this server; http:// and the listen address if empty"),
    secret("database_url", "postgres://… for PostgreSQL instead of the embedded database; also DATABASE_URL"),
    known("node", "", "Name of this process among its peers; host name and port if empty"),
    secret("encryption_key", "32 bytes in base64 that seal secrets at rest; a file in the data folder if empty"),
    known("inbound_max_age", "7h", "How old a delivery may be where its provider signs the time of sending, or off"),
    known("connector_backfill_depth", "30", "Days of history that linked resources bring along: 1, 7, 30, 90, or off"),
    known("connector_budget_reserve", "20", "Percent of a provider's calls that backfills leave to other work"),
    known("connector_poll", "5m", "Time between two polls of a linked source that no webhook comes for, or off"),
    known("connector_reconcile", "daily", "Whether each linked source is compared with its tool: daily or off"),
    known("connector_github_app_id", "", "Number of this server's app at GitHub; none if empty"),
    known("connector_github_slug", "", "Name of the app, as in the address of its page at GitHub"),
    known("connector_github_client_id", "", "Client id of the app"),
    secret("connector_github_client_secret", "Client secret of the app"),
    secret("connector_github_private_key", "Private key of the app in PEM; ends of lines may be written as \\n"),
    secret("connector_github_webhook_secret", "Secret that the app's webhooks are signed with"),
    known(
        "connector_github_api_url",
        "https://api.github.com",
        "Base URL of GitHub's API; of GHES, https://host/api/v3",
    ),
    known("connector_github_web_url", "https://github.com", "Base URL of GitHub's pages"),
    known("connector_linear_client_id", "", "Client id of this server's OAuth application at Linear; none if empty"),
    secret("connector_linear_client_secret", "Client secret of this server's OAuth application at Linear"),
    known("connector_linear_api_url", "https://api.linear.app", "Base URL of Linear's API"),
    known("connector_linear_web_url", "https://linear.app", "Base URL of Linear's pages"),
    known("connector_notion_client_id", "", "Client id of this server's public integration at Notion; none if empty"),
    secret("connector_notion_client_secret", "Client secret of this server's public integration at Notion"),
    known("connector_notion_api_url", "https://api.notion.com", "Base URL of Notion's API"),
    known("connector_vercel_client_id", "", "Client id of this server's integration at Vercel; none if empty"),
    secret("connector_vercel_client_secret", "Client secret of this server's integration at Vercel"),
    known("connector_vercel_slug", "", "Name of the integration, as in the address of its page at Vercel"),
    known("connector_vercel_api_url", "https://api.vercel.com", "Base URL of Vercel's API"),
    known("connector_vercel_web_url", "https://vercel.com", "Base URL of Vercel's pages"),
    known(
        "connector_sentry_api_url",
        "https://sentry.io",
        "Base URL of Sentry: https://sentry.io, https://de.sentry.io, or the address of a server of one's own",
    ),
    known("connector_pagerduty_api_url", "https://api.pagerduty.com", "Base URL of PagerDuty's API"),
    known(
        "connector_gitlab_api_url",
        "https://gitlab.com/api/v4",
        "Base URL of GitLab's API; https://HOST/api/v4 of a GitLab of one's own",
    ),
    known("net_allow", "", "Private address ranges that outbound calls may reach, as 10.0.0.0/8,127.0.0.1/32"),
    secret(
        "net_proxy",
        "Proxy of outbound calls, as http://user:password@host:3128 or socks5://host:1080; none if empty",
    ),
    known("net_proxy_except", "", "Domains, addresses and ranges that are reached past the proxy"),
    secret("smtp_url", "Mail server, as smtp://user:password@host:587?tls=required; without one no mail is sent"),
    known("mail_from", "Campanile <noreply@localhost>", "Sender of mails"),
    known("notify_digest", "5m", "For how long what members are told by mail is gathered"),
    known("inbound_keep_deliveries", "30d", "How long deliveries with their raw bodies are kept, or off for ever"),
    known("memory_keep_observations", "off", "How long observations and entities are kept, or off for ever"),
    known("memory_index_mib", "512", "Memory that the search indexes of a node may take, in MiB"),
    known(
        "memory_embedder",
        "built-in",
        "Model that finds what means the same: built-in, off, or a folder with model.safetensors, vocab.txt and config.json",
    ),
    known(
        "memory_segment_passages",
        "4096",
        "Passages of the smallest part of a search index; the same number on every node",
    ),
    known("memory_summary_delay", "10m", "How long after its last observation a cluster is summarised"),
    known("answers_keep", "30d", "How long sessions of questions are kept after the last one, or off for ever"),
    known("answers_keep_feedback", "365d", "How long feedback on results and answers is kept, or off for ever"),
    known("embeddings_url", "", "Base URL of a provider of vectors, in place of the built-in model; none if empty"),
    secret("embeddings_key", "Key of the provider of vectors"),
    known("embeddings_model", "", "Name of the model that makes vectors"),
    known("embeddings_dimensions", "", "Numbers of a vector, up to 1024; as many as the model gives if empty"),
    known("embeddings_kind", "openai", "API of the provider of vectors: openai (as many servers speak) or cohere"),
    known("embeddings_query_prefix", "", "Text before a query, where the model wants one, as \"query: \""),
    known("embeddings_document_prefix", "", "Text before a passage, where the model wants one, as \"passage: \""),
    known("embeddings_max_tokens", "512", "Tokens of a passage that are sent to the provider of vectors"),
    known(
        "embeddings_monthly_tokens",
        "50000000",
        "Tokens that an organisation may have embedded in a month; 0 for no bound",
    ),
    known("rerank_url", "", "Base URL of a model that orders the results of a search; none if empty"),
    secret("rerank_key", "Key of the model that orders results"),
    known("rerank_model", "", "Name of the model that orders results"),
    known("rerank_kind", "cohere", "API of the model that orders results: cohere, jina, tei or voyage"),
    known(
        "llm_url",
        "",
        "Base URL of a language model that answers questions, as https://api.anthropic.com; none if empty",
    ),
    secret("llm_key", "Key of the language model"),
    known("llm_model", "", "Name of the model at its provider"),
    known(
        "llm_kind",
        "openai",
        "API of the model: anthropic (messages) or openai (chat completions, as many servers speak)",
    ),
    known("llm_monthly_tokens", "5000000", "Tokens that an organisation may use in a month; 0 for no bound"),
    known("accounts_keep_activity", "365d", "How long the activity trail is kept, or off for ever"),
    known("notify_keep_messages", "90d", "How long messages but for feed items, and runs, are kept, or off for ever"),
    known("notify_keep_feeds", "365d", "How long items of feeds are kept, or off for ever"),
    known("notify_keep_versions", "365d", "How long versions are kept once another takes their place, or off for ever"),
    known("webhooks_retry_schedule", "5s,5m,30m,2h,5h,10h,10h", "Waits after each failed attempt"),
    known("webhooks_request_timeout", "30s", "Time for one attempt"),
    known("webhooks_disable_after", "120h", "How long an endpoint may take nothing before it is disabled"),
    known("webhooks_https_only", "false", "Whether endpoints must have https:// addresses: true or false"),
    known("webhooks_default_key_type", "hmac256", "Kind of secret that is made for an endpoint: hmac256 or ed25519"),
    known("webhooks_keep_messages", "90d", "How long messages and their attempts are kept"),
    known("portal_frame_ancestors", "*", "Pages that may embed the portal, as https://app.example.com; any with *"),
    known("engine_lease", "10s", "How long a node may show no sign of life before others do its work"),
    known("engine_keep_completed", "7d", "How long completed and cancelled runs are kept"),
    known("engine_keep_failed", "32d", "How long failed runs are kept, which can be retried meanwhile"),
    known("engine_keep_events", "32d", "How long the events of workflows are kept"),
    known(
        "otlp_endpoint",
        "",
        "OpenTelemetry collector for the traces of runs, as http://localhost:4318; also OTEL_EXPORTER_OTLP_ENDPOINT",
    ),
    known("log", "info", "What to log: error, warn, info, debug, or a filter such as info,campanile_engine=debug"),
    known("log_format", "text", "text or json"),
    secret("bootstrap_secret_key", "First start only: the organisation's secret key, sk_…"),
    known("bootstrap_owner", "", "First start only: the owner's mail address"),
    secret("bootstrap_owner_password", "First start only: the owner's password"),
    secret("bootstrap_sources", "First start only: sources to make, as github=SECRET,vercel=SECRET"),
];

/// Environment variables with names that other programs have set, and the setting of each.
const ELSEWHERE: [(&str, &str); 2] =
    [("DATABASE_URL", "database_url"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "otlp_endpoint")];

/// Settings that were read and checked.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) data: PathBuf,
    pub(crate) begin_anew: bool,
    pub(crate) check_database: bool,
    pub(crate) listen: String,
    http: Http,
    pub(crate) base_url: Option<String>,
    pub(crate) database_url: Option<Secret>,
    pub(crate) node: Option<String>,
    pub(crate) encryption_key: Option<Secret>,
    pub(crate) max_age: Option<Duration>,
    pub(crate) connectors: campanile_inbound::connectors::Settings,
    pub(crate) net_allow: Vec<IpNet>,
    pub(crate) net_proxy: Option<Proxy>,
    pub(crate) smtp_url: Option<Secret>,
    pub(crate) mail_from: String,
    pub(crate) notify_digest: Duration,
    pub(crate) portal_ancestors: String,
    pub(crate) webhooks: campanile_webhooks::Settings,
    pub(crate) memory: campanile_memory::Settings,
    pub(crate) models: ModelChoice,
    pub(crate) answers: campanile_answers::Settings,
    pub(crate) engine: campanile_engine::Settings,
    pub(crate) retention: campanile_app::Retention,
    pub(crate) otlp_endpoint: Option<String>,
    pub(crate) log: String,
    pub(crate) log_json: bool,
    pub(crate) bootstrap: Bootstrap,
    raw: BTreeMap<&'static str, SettingValue>,
}

/// Limits of connections and requests, as they are set.
#[derive(Debug, Clone)]
struct Http {
    connections: Option<usize>,
    per_address: Option<usize>,
    trusted_proxies: Vec<IpNet>,
    per_key: u32,
    per_token: u32,
}

/// Settings for a scripted first start.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bootstrap {
    pub(crate) secret_key: Option<Secret>,
    pub(crate) owner: Option<String>,
    pub(crate) owner_password: Option<Secret>,
    pub(crate) sources: Vec<(Provider, Secret)>,
}

/// A value and where it was found.
#[derive(Debug, Clone)]
struct SettingValue {
    value: String,
    origin: String,
}

/// Values by name. A later value replaces an earlier one.
#[derive(Debug, Default)]
pub(crate) struct Layers(BTreeMap<&'static str, SettingValue>);

impl Layers {
    /// Adds the values of a file.
    pub(crate) fn add_file(&mut self, path: &std::path::Path) -> Result<(), String> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|e| format!("{shown} cannot be read: {e}"))?;
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            // The line itself is not shown: it may hold a secret.
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
            format!("{shown}, line {line}, column {column}: {}", error.message())
        })?;
        self.add_table(&table, "", &shown.to_string())
    }

    fn add_table(&mut self, table: &toml::Table, prefix: &str, file: &str) -> Result<(), String> {
        for (key, value) in table {
            let name = format!("{prefix}{key}");
            match value {
                toml::Value::Table(inner) => self.add_table(inner, &format!("{name}_"), file)?,
                toml::Value::Array(items) => {
                    let items: Vec<String> = items.iter().map(plain).collect();
                    self.add(&name, items.join(","), file)?;
                }
                other => self.add(&name, plain(other), file)?,
            }
        }
        Ok(())
    }

    /// Adds the values of the environment.
    pub(crate) fn add_environment(&mut self, variables: impl Iterator<Item = (String, String)>) -> Result<(), String> {
        for (variable, value) in variables {
            if let Some((known, name)) = ELSEWHERE.iter().find(|(known, _)| *known == variable) {
                self.add(name, value, known)?;
            } else if let Some(name) = variable.strip_prefix("CAMPANILE_")
                // Variables of the tests, the build and other commands are no settings of the
                // server.
                && !name.starts_with("TEST_") && !name.starts_with("CLI_") && name != "CONSOLE_DIST"
                && !is_injected(name, &value)
            {
                self.add(&name.to_lowercase(), value, &variable)?;
            }
        }
        Ok(())
    }

    /// Adds one value.
    pub(crate) fn add(&mut self, name: &str, value: String, origin: &str) -> Result<(), String> {
        let known = KNOWN.iter().find(|known| known.name == name);
        let known = known
            .ok_or_else(|| format!("there is no setting {name} ({origin}); `campanile serve --help` lists them"))?;
        self.0.insert(known.name, SettingValue { value, origin: origin.to_owned() });
        Ok(())
    }

    /// Fills in the defaults and checks every value.
    pub(crate) fn check(mut self) -> Result<Settings, String> {
        for known in KNOWN {
            let default = || SettingValue { value: known.default.to_owned(), origin: "default".to_owned() };
            self.0.entry(known.name).or_insert_with(default);
        }
        Ok(Settings {
            data: self.text("data").into(),
            begin_anew: self.flag("begin_anew")?,
            check_database: self.flag("check_database")?,
            listen: self.listen()?,
            http: Http {
                connections: self.count("http_connections")?,
                per_address: self.count("http_connections_per_address")?,
                trusted_proxies: self.each("http_trusted_proxies", "is no address range", range)?,
                per_key: self.number("http_requests_per_key")?,
                per_token: self.number("http_requests_per_token")?,
            },
            base_url: self.base_url()?,
            database_url: self.url("database_url", &["postgres://", "postgresql://"])?.map(Secret::new),
            node: self.some("node"),
            encryption_key: self.hidden("encryption_key"),
            max_age: self.time_or_off("inbound_max_age")?,
            connectors: self.connectors()?,
            net_allow: self.each("net_allow", "is no address range", range)?,
            net_proxy: self.proxy()?,
            smtp_url: self.hidden("smtp_url"),
            notify_digest: self.time("notify_digest")?,
            mail_from: self.sender("mail_from")?,
            portal_ancestors: self.ancestors()?,
            webhooks: campanile_webhooks::Settings {
                retry_schedule: self.each("webhooks_retry_schedule", "is no time", duration)?,
                request_timeout: self.time("webhooks_request_timeout")?,
                disable_after: self.time("webhooks_disable_after")?,
                https_only: self.flag("webhooks_https_only")?,
                key_type: match self.text("webhooks_default_key_type") {
                    "hmac256" => KeyType::Hmac256,
                    "ed25519" => KeyType::Ed25519,
                    _ => return Err(self.wrong("webhooks_default_key_type", "must be hmac256 or ed25519")),
                },
                keep_messages: self.time("webhooks_keep_messages")?,
                script_worker: campanile_webhooks::scripts::Program::default(),
            },
            memory: campanile_memory::Settings {
                index_bytes: self.number::<usize>("memory_index_mib")?.saturating_mul(1 << 20),
                sealed_passages: self.passages("memory_segment_passages")?,
                summary_delay: self.time("memory_summary_delay")?,
            },
            models: ModelChoice {
                embedder: self.embedder()?,
                reranker: self.reranker()?,
                writer: self.writer()?,
                embeddings_monthly_tokens: self.number("embeddings_monthly_tokens")?,
                writer_monthly_tokens: self.number("llm_monthly_tokens")?,
            },
            answers: campanile_answers::Settings {
                model: self.writer()?,
                monthly_tokens: self.number("llm_monthly_tokens")?,
            },
            engine: campanile_engine::Settings {
                lease: self.lease()?,
                keep_completed: self.time("engine_keep_completed")?,
                keep_failed: self.time("engine_keep_failed")?,
                keep_events: self.time("engine_keep_events")?,
            },
            retention: campanile_app::Retention {
                deliveries: self.time_or_off("inbound_keep_deliveries")?,
                observations: self.time_or_off("memory_keep_observations")?,
                activity: self.time_or_off("accounts_keep_activity")?,
                answers: self.time_or_off("answers_keep")?,
                feedback: self.time_or_off("answers_keep_feedback")?,
                notify: campanile_notify::Keep {
                    messages: self.time_or_off("notify_keep_messages")?,
                    feeds: self.time_or_off("notify_keep_feeds")?,
                    versions: self.time_or_off("notify_keep_versions")?,
                },
            },
            otlp_endpoint: self.url("otlp_endpoint", &["http://", "https://"])?,
            log: self.log()?,
            log_json: match self.text("log_format") {
                "text" => false,
                "json" => true,
                _ => return Err(self.wrong("log_format", "must be text or json")),
            },
            bootstrap: Bootstrap {
                secret_key: self.hidden("bootstrap_secret_key"),
                owner: self.some("bootstrap_owner"),
                owner_password: self.hidden("bootstrap_owner_password"),
                sources: self.each("bootstrap_sources", "is not PROVIDER=SECRET", source)?,
            },
            raw: self.0,
        })
    }

    fn text(&self, name: &str) -> &str {
        self.0[name].value.trim()
    }

    fn some(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn hidden(&self, name: &str) -> Option<Secret> {
        self.some(name).map(Secret::new)
    }

    fn wrong(&self, name: &str, why: &str) -> String {
        format!("the setting {name} ({}) {why}", self.0[name].origin)
    }

    fn ancestors(&self) -> Result<String, String> {
        let list = self.text("portal_frame_ancestors").replace(',', " ");
        let is_source = |c: char| c.is_ascii_alphanumeric() || ":/.*-_' ".contains(c);
        match !list.trim().is_empty() && list.chars().all(is_source) {
            true => Ok(list),
            false => Err(self.wrong("portal_frame_ancestors", "must list origins")),
        }
    }

    fn proxy(&self) -> Result<Option<Proxy>, String> {
        let past: Vec<String> = self.each("net_proxy_except", "is empty", |word| Some(word.to_owned()))?;
        let read = |address: Secret| Proxy::parse(address.expose(), &past).map_err(|why| self.wrong("net_proxy", &why));
        self.hidden("net_proxy").map(read).transpose()
    }

    fn time(&self, name: &str) -> Result<Duration, String> {
        duration(self.text(name)).ok_or_else(|| self.wrong(name, "must be a time such as 30s, 5m or 2h"))
    }

    fn number<N: std::str::FromStr>(&self, name: &str) -> Result<N, String> {
        self.text(name).parse().map_err(|_| self.wrong(name, "must be a whole number"))
    }

    /// A number of at least one, or `None` if it is not set.
    fn count(&self, name: &str) -> Result<Option<usize>, String> {
        match self.some(name) {
            None => Ok(None),
            Some(_) => match self.number(name)? {
                0 => Err(self.wrong(name, "must be at least 1")),
                count => Ok(Some(count)),
            },
        }
    }

    fn passages(&self, name: &str) -> Result<i64, String> {
        let passages: i64 = self.number(name)?;
        match (16..=1_000_000).contains(&passages) {
            true => Ok(passages),
            false => Err(self.wrong(name, "must be between 16 and 1000000")),
        }
    }

    fn time_or_off(&self, name: &str) -> Result<Option<Duration>, String> {
        match self.text(name) {
            "off" => Ok(None),
            _ => self.time(name).map(Some).map_err(|e| format!("{e}, or off")),
        }
    }

    fn flag(&self, name: &str) -> Result<bool, String> {
        self.text(name).parse().map_err(|_| self.wrong(name, "must be true or false"))
    }

    fn url(&self, name: &str, beginnings: &[&str]) -> Result<Option<String>, String> {
        let url = self.some(name);
        match url.as_ref().is_none_or(|url| beginnings.iter().any(|beginning| url.starts_with(beginning))) {
            true => Ok(url),
            false => Err(self.wrong(name, &format!("must begin with {}", beginnings.join(" or ")))),
        }
    }

    /// The URL by which people reach this server. Links begin with it. It has no path, because the
    /// server is not served below one.
    fn base_url(&self) -> Result<Option<String>, String> {
        let url = self.url("base_url", &["http://", "https://"])?;
        let path = url.as_deref().and_then(|url| url.split_once("://")?.1.split_once('/'));
        match path.is_none_or(|(_, path)| path.is_empty()) {
            true => Ok(url),
            false => Err(self.wrong("base_url", "must have no path: the server is not served below one")),
        }
    }

    /// Parses `name@example.com`, or `Name <name@example.com>`.
    fn sender(&self, name: &str) -> Result<String, String> {
        let sender = self.text(name);
        match campanile_channels::email::smtp::is_sender(sender) {
            true => Ok(sender.to_owned()),
            false => Err(self.wrong(name, "must be a mail address, or a name and a mail address in angle brackets")),
        }
    }

    /// The items of a list, each parsed by `read`. An invalid item is not shown in the error: it
    /// may be secret.
    fn each<T>(&self, name: &str, why: &str, read: fn(&str) -> Option<T>) -> Result<Vec<T>, String> {
        let items = self.text(name).split(',').map(str::trim).filter(|item| !item.is_empty()).enumerate();
        let read = items.map(|(index, item)| {
            read(item).ok_or_else(|| self.wrong(name, &format!("has an item, number {}, that {why}", index + 1)))
        });
        read.collect()
    }

    fn listen(&self) -> Result<String, String> {
        let listen = self.text("listen");
        let port = listen.rsplit_once(':').and_then(|(host, port)| (!host.is_empty()).then_some(port));
        match port.is_some_and(|port| port.parse::<u16>().is_ok()) {
            true => Ok(listen.to_owned()),
            false => Err(self.wrong("listen", "must be an address and a port such as 127.0.0.1:4400")),
        }
    }

    /// At least one second. A node beats five times within its lease; in a shorter lease, the
    /// ordinary delays of a busy machine would be almost as long as a beat.
    fn lease(&self) -> Result<Duration, String> {
        let lease = self.time("engine_lease")?;
        if lease >= Duration::from_secs(1) { Ok(lease) } else { Err(self.wrong("engine_lease", "must be at least 1s")) }
    }

    fn log(&self) -> Result<String, String> {
        let filter = self.text("log");
        match filter.parse::<tracing_subscriber::EnvFilter>() {
            Ok(_) => Ok(filter.to_owned()),
            Err(_) => Err(self.wrong("log", "must be error, warn, info, debug or a filter")),
        }
    }
}

impl Settings {
    /// The limits of connections and requests. `inbound` is the number of descriptors that
    /// connections from outside may have.
    pub(crate) fn door(&self, inbound: usize) -> DoorSettings {
        let Http { connections, per_address, trusted_proxies, per_key, per_token } = &self.http;
        let connections = connections.unwrap_or(inbound);
        DoorSettings {
            connections,
            connections_per_address: per_address.unwrap_or(connections.div_ceil(2)),
            trusted_proxies: trusted_proxies.clone(),
            requests_per_key: *per_key,
            requests_per_token: *per_token,
        }
    }

    /// Every setting with its value and its origin. Secrets are not shown.
    pub(crate) fn in_force(&self) -> Vec<SettingView> {
        let view = |known: &SettingSpec| {
            let given = &self.raw[known.name];
            let value = match (known.is_secret, given.value.as_str()) {
                (_, "") => "(not set)".to_owned(),
                (true, _) => "(set)".to_owned(),
                (false, value) => without_credentials(value),
            };
            SettingView {
                name: known.name.to_owned(),
                value,
                origin: given.origin.clone(),
                help: known.help.to_owned(),
            }
        };
        KNOWN.iter().map(view).collect()
    }

    /// The same as lines of text.
    pub(crate) fn describe(&self) -> String {
        let line = |it: SettingView| format!("{:<26} {:<40} {}\n", it.name, it.value, it.origin);
        self.in_force().into_iter().map(line).collect()
    }
}

/// True if an orchestrator has set this variable. For a service called Campanile, it sets variables
/// such as `CAMPANILE_SERVICE_HOST`, with the address of the service.
fn is_injected(name: &str, value: &str) -> bool {
    let is_link = name == "PORT" || name.ends_with("_PORT") || name.contains("PORT_");
    name.ends_with("SERVICE_HOST")
        || name.contains("SERVICE_PORT")
        || (is_link && (value.contains("://") || name.contains("_TCP") || name.contains("_UDP")))
}

/// A URL without the parts that may be secret: user, password and query.
pub(crate) fn without_credentials(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else { return value.to_owned() };
    let (rest, query) = rest.split_once('?').map_or((rest, ""), |(rest, _)| (rest, "?…"));
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let authority = match authority.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => authority.to_owned(),
    };
    format!("{scheme}://{authority}{path}{query}")
}

fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(flag) => flag.to_string(),
        other => format!("{other:?}"),
    }
}

/// Parses `10.0.0.0/8`, or a single address.
fn range(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
}

/// Parses `github=SECRET`.
fn source(text: &str) -> Option<(Provider, Secret)> {
    let (name, secret) = text.split_once('=').filter(|(_, secret)| !secret.is_empty())?;
    Some((Provider::parse(name)?, Secret::new(secret)))
}

/// Parses `500ms`, `30s`, `5m`, `2h`, `1d`, or `0`. A number without a unit is refused: some people
/// mean seconds by it, others minutes.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    match text[digits..].trim() {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "" if number == 0 => Some(Duration::ZERO),
        "m" => Some(Duration::from_secs(number * 60)),
        "h" => Some(Duration::from_secs(number * 3_600)),
        "d" => Some(Duration::from_secs(number * 86_400)),
        _ => None,
    }
}

mod connectors;
mod models;
#[cfg(test)]
mod tests;

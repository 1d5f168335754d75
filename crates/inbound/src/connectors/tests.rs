//! Connectors on both databases, against a strict provider.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use campanile_accounts::activity::{self, Filter};
use campanile_accounts::{Actor, Caller, OrganisationId, PersonId, Role, WorkspaceId};
use campanile_base::{Clock, Cursor, Error, PageSize, Secret, Timestamp, Vault};
use campanile_db::Db;
use campanile_db::testing::on_each_database;
use campanile_engine::{Engine, Registry, Running};
use campanile_net::{AddressRules, Client};
use campanile_stand_ins::linear::{API_KEY, CLIENT, LinearConduct, LinearServer};
use url::Url;

use super::*;
use crate::Provider;
use crate::connections::Status::{Active, Degraded, Revoked};
use crate::connections::{Connection, Status, log_page};

/// A node: the connectors of a process, and a person who uses it.
struct Node {
    connectors: Connectors,
    clock: Clock,
    caller: Caller,
    person: PersonId,
    _running: Option<Running>,
}

fn now() -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000)
}

impl Node {
    /// A node whose engine has nothing to do.
    async fn start(db: &Db, provider: &LinearServer) -> Self {
        Self::start_with(db, provider, |_, _| ()).await
    }

    /// A node whose engine does what is registered.
    async fn start_with(db: &Db, provider: &LinearServer, register: fn(&mut Registry, &Connectors)) -> Self {
        let (clock, vault) = (Clock::manual(now()), Vault::from_key(&Vault::new_key()).unwrap());
        let (engine, idle) = Engine::new(db.clone(), clock.clone());
        let settings = Settings {
            public_url: None,
            github: GithubSettings::default(),
            notion: NotionSettings::default(),
            linear: OauthSettings {
                client_id: Some(CLIENT.0.to_owned()),
                client_secret: Some(Secret::new(CLIENT.1)),
                api_url: provider.url.clone(),
                web_url: provider.url.clone(),
            },
            ..Settings::default()
        };
        let client = Client::new(AddressRules::allowing(vec!["127.0.0.0/8".parse().unwrap()]));
        let base_url = "http://localhost:4400".to_owned();
        let (db, clock_of_node, live) = (db.clone(), clock.clone(), Live::default());
        let config = Config { db, clock: clock_of_node, vault, engine, client, live, base_url, settings };
        let connectors = Connectors::new(config);
        let mut registry = Registry::default();
        register(&mut registry, &connectors);
        let running = idle.start(registry, "node").await.unwrap();
        let (organisation, person) = (OrganisationId::new(now()), PersonId::new(now()));
        let caller = Caller { organisation, actor: Actor::Person(person.clone()), role: Role::Owner };
        Self { connectors, clock, caller, person, _running: Some(running) }
    }

    /// Another process on the same database, with the same key.
    fn beside(&self) -> Self {
        let Parts { db, clock, vault, engine, client, live, settings, upkeep, base_url, github, linear, .. } =
            &*self.connectors;
        let Parts { notion, vercel, sentry, .. } = &*self.connectors;
        let parts = Parts {
            db: db.clone(),
            clock: clock.clone(),
            vault: vault.clone(),
            engine: engine.clone(),
            client: client.clone(),
            live: live.clone(),
            settings: *settings,
            upkeep: *upkeep,
            base_url: base_url.clone(),
            public_url: base_url.clone(),
            is_public: false,
            github: github.clone(),
            server_app: None,
            installation_tokens: apps::InstallationTokens::default(),
            linear: linear.clone(),
            notion: notion.clone(),
            vercel: vercel.clone(),
            sentry: sentry.clone(),
            pagerduty: self.connectors.pagerduty.clone(),
            gitlab: self.connectors.gitlab.clone(),
            refreshing: Mutex::default(),
            told: Mutex::default(),
        };
        let (clock, caller, person) = (self.clock.clone(), self.caller.clone(), self.person.clone());
        Self { connectors: Connectors(Arc::new(parts)), clock, caller, person, _running: None }
    }

    async fn page(&self) -> String {
        let workspace = WorkspaceId::new(now());
        let by = (&self.caller, &self.person);
        self.connectors.begin(by, workspace, Provider::Linear, Some("/w/acme".to_owned())).await.unwrap()
    }

    async fn come_back(&self, address: &str) -> ConnectOutcome {
        let url = Url::parse(address).unwrap();
        let mut query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        let returned = ProviderReturn {
            state: query.remove("state"),
            code: query.remove("code"),
            error: query.remove("error"),
            error_description: query.remove("error_description"),
            ..ProviderReturn::default()
        };
        self.connectors.finish((&self.caller, &self.person), Provider::Linear, returned).await
    }

    async fn connect(&self, provider: &LinearServer) -> Connection {
        let finished = self.come_back(&provider.consent(&self.page().await)).await;
        assert_eq!(finished.return_to, "/w/acme");
        finished.result.unwrap()
    }

    async fn by_token(&self, token: &str) -> Result<Connection> {
        let (token, fields) = (Secret::new(token), BTreeMap::new());
        self.connectors.connect_by_token(&self.caller, Provider::Linear, token, fields).await
    }

    async fn check(&self, connection: &Connection) -> Connection {
        // Lines of the log are ordered by their time.
        self.clock.advance(Duration::from_secs(1));
        self.connectors.check(&self.caller, &connection.id).await.unwrap()
    }

    async fn find(&self, connection: &Connection) -> Connection {
        let (organisation, id) = (self.caller.organisation.clone(), connection.id.clone());
        let found = self
            .connectors
            .db
            .read(move |tx| Box::pin(async move { crate::connections::find(tx, &organisation, &id).await }));
        found.await.unwrap()
    }

    async fn events(&self, connection: &Connection) -> Vec<String> {
        let (organisation, id) = (self.caller.organisation.clone(), connection.id.clone());
        let size = PageSize::new(None).unwrap();
        let read = self
            .connectors
            .db
            .read(move |tx| Box::pin(async move { log_page(tx, &organisation, &id, &Cursor::newest(), size).await }));
        read.await.unwrap().data.into_iter().rev().map(|line| line.event).collect()
    }

    async fn activities(&self) -> Vec<String> {
        let organisation = self.caller.organisation.clone();
        let size = PageSize::new(None).unwrap();
        let read = self.connectors.db.read(move |tx| {
            let filter = Filter::default();
            Box::pin(async move { activity::page(tx, &organisation, &filter, &Cursor::newest(), size).await })
        });
        let mut actions: Vec<String> = read.await.unwrap().data.into_iter().map(|line| line.action).collect();
        actions.sort();
        actions
    }

    async fn connections(&self) -> usize {
        let organisation = self.caller.organisation.clone();
        let size = PageSize::new(None).unwrap();
        let read = self.connectors.db.read(move |tx| {
            Box::pin(async move { crate::connections::page(tx, &organisation, &Cursor::newest(), size).await })
        });
        read.await.unwrap().data.len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_refresh_a_thousand_times_keep_one_valid_token_and_offend_nobody() {
    on_each_database(migrations(), async |db| {
        let provider = LinearServer::start(&[]).await;
        let node = Node::start(&db, &provider).await;
        let connection = node.connect(&provider).await;
        let nodes = [Arc::new(node.beside()), Arc::new(node.beside())];
        let tasks: Vec<_> = (0..20)
            .map(|n| {
                let node = nodes[n % 2].clone();
                let connection = connection.clone();
                tokio::spawn(async move {
                    for _ in 0..50 {
                        let of = (&connection.organisation_id, &connection.id);
                        let held = node.connectors.held(of.0, of.1).await.unwrap();
                        let fresh = node.connectors.refresh(&connection, held.generation).await.unwrap();
                        assert!(fresh.generation > held.generation);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let held = node.connectors.held(&connection.organisation_id, &connection.id).await.unwrap();
        let credentials = node.connectors.opened(&connection, &held).unwrap();
        let (refreshes, refused) = provider.counts();
        println!("{refreshes} refreshes for 1,000 requests");
        assert_eq!((refused, held.generation), (0, i64::try_from(refreshes).unwrap() + 1));
        assert!(refreshes >= 50 && provider.accepts(credentials.access.expose()));
        assert_eq!(node.check(&connection).await.status, Status::Active);
        assert!(node.connectors.refreshing.lock().unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_connects_once_for_the_person_who_began_and_for_nobody_else() {
    on_each_database(migrations(), async |db| {
        let provider = LinearServer::start(&[]).await;
        let node = Node::start(&db, &provider).await;
        let code = |finished: ConnectOutcome| finished.result.map(|connection| connection.status).unwrap_err().code;

        let address = provider.consent(&node.page().await);
        let mut other = node.beside();
        other.person = PersonId::new(now());
        assert_eq!(code(other.come_back(&address).await), "state_mismatch");
        let mut elsewhere = node.beside();
        elsewhere.caller.organisation = OrganisationId::new(now());
        assert_eq!(code(elsewhere.come_back(&address).await), "state_mismatch");
        assert_eq!(node.connections().await + elsewhere.connections().await, 0);
        // It is still good for the person whose it is, once.
        assert!(node.come_back(&address).await.result.is_ok());
        assert_eq!(code(node.come_back(&address).await), "state_unknown");
        assert_eq!(code(node.come_back("http://localhost/?code=x&state=guessed").await), "state_unknown");
        assert_eq!(code(node.come_back("http://localhost/?code=x").await), "state_unknown");

        let late = provider.consent(&node.page().await);
        node.clock.advance(Duration::from_secs(601));
        assert_eq!(code(node.come_back(&late).await), "state_expired");

        let page = node.page().await;
        let state = Url::parse(&page).unwrap().query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let denied = format!("http://localhost/?error=access_denied&state={state}");
        assert_eq!(code(node.come_back(&denied).await), "denied");
        assert_eq!(code(node.come_back(&denied).await), "state_unknown");

        // A code of another authorisation: the provider compares the verifier.
        let (stolen, page) = (provider.consent(&node.page().await), node.page().await);
        let own = Url::parse(&page).unwrap().query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let code_of_other = Url::parse(&stolen).unwrap().query_pairs().next().unwrap().1.into_owned();
        let mixed = format!("http://localhost/?code={code_of_other}&state={own}");
        assert_eq!(code(node.come_back(&mixed).await), "provider_failed");
        assert_eq!(node.connections().await, 1);

        let staff = Caller { role: Role::Staff, ..node.caller.clone() };
        let begun =
            node.connectors.begin((&staff, &node.person), WorkspaceId::new(now()), Provider::Linear, None).await;
        assert!(matches!(begun, Err(Error::Forbidden(_))));
        let github =
            node.connectors.begin((&node.caller, &node.person), WorkspaceId::new(now()), Provider::Github, None).await;
        assert!(matches!(github, Err(Error::Invalid(_))));
        let mut begun = 0;
        loop {
            let by = (&node.caller, &node.person);
            match node.connectors.begin(by, WorkspaceId::new(now()), Provider::Linear, None).await {
                Ok(_) => begun += 1,
                Err(error) => break assert!(matches!(error, Error::TooMany), "{error:?}"),
            }
            assert!(begun < 30, "they are bounded");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_failures_degrade_and_six_refusals_revoke_but_a_failing_network_never_does() {
    on_each_database(migrations(), async |db| {
        let provider = LinearServer::start(&[]).await;
        let node = Node::start(&db, &provider).await;
        let connection = node.by_token(API_KEY).await.unwrap();
        let statuses = async |times| {
            let mut statuses = Vec::new();
            for _ in 0..times {
                statuses.push(node.check(&connection).await.status);
            }
            statuses
        };
        provider.conduct(LinearConduct::Limits);
        let limited = node.check(&connection).await;
        assert_eq!((limited.status, limited.failures, limited.limit_remaining), (Active, 0, Some(0)));
        provider.conduct(LinearConduct::Fails);
        assert_eq!(statuses(4).await, [Active, Active, Degraded, Degraded]);
        provider.conduct(LinearConduct::Works);
        provider.rename("Acme Ltd");
        let good = node.check(&connection).await;
        assert_eq!((good.status, good.failures, good.account_label.as_str()), (Active, 0, "Acme Ltd"));
        assert_eq!((good.status_reason, good.limit_remaining), (None, Some(1_499)));
        provider.conduct(LinearConduct::Fails);
        assert_eq!(statuses(10).await.last(), Some(&Degraded));
        provider.conduct(LinearConduct::Refuses);
        let refused = statuses(6).await;
        assert_eq!((refused[4], refused[5]), (Degraded, Revoked));
        let revoked = node.check(&connection).await;
        assert!(revoked.status_reason.unwrap().contains("does not accept"));
        // The owner has allowed the key again.
        provider.conduct(LinearConduct::Works);
        assert_eq!(statuses(1).await, [Active]);
        let expected = ["connected", "degraded", "recovered", "degraded", "revoked", "recovered"];
        assert_eq!(node.events(&connection).await, expected);
        let expected = ["connected", "degraded", "degraded", "recovered", "recovered", "revoked"];
        assert_eq!(node.activities().await, expected.map(|event| format!("connection.{event}")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_is_refreshed_once_and_an_ended_grant_revokes_at_once() {
    on_each_database(migrations(), async |db| {
        let provider = LinearServer::start(&[]).await;
        let node = Node::start(&db, &provider).await;
        let connection = node.connect(&provider).await;
        provider.expire();
        assert_eq!((node.check(&connection).await.status, provider.counts()), (Status::Active, (1, 0)));
        // Half of the day is over.
        node.clock.advance(Duration::from_secs(43_201));
        assert_eq!((node.check(&connection).await.status, provider.counts()), (Status::Active, (2, 0)));
        provider.withdraw();
        let revoked = node.check(&connection).await;
        assert_eq!((revoked.status, revoked.failures), (Status::Revoked, 1));
        node.clock.advance(Duration::from_secs(1));
        // The same account again keeps its connection.
        let again = node.connect(&provider).await;
        assert_eq!((&again.id, again.status), (&connection.id, Status::Active));
        assert_eq!(node.events(&connection).await, ["connected", "revoked", "connected"]);
        assert_eq!(node.connections().await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_due_is_checked_by_the_engine() {
    on_each_database(migrations(), async |db| {
        let provider = LinearServer::start(&[]).await;
        let node = Node::start_with(&db, &provider, health::register).await;
        let connection = node.connect(&provider).await;
        health::enqueue_due(&node.connectors).await.unwrap();
        assert_eq!(node.find(&connection).await.last_seen_at, Some(now()), "it is not due");
        node.clock.advance(Duration::from_secs(301));
        health::enqueue_due(&node.connectors).await.unwrap();
        let began = std::time::Instant::now();
        while node.find(&connection).await.last_seen_at == Some(now()) {
            assert!(began.elapsed() < Duration::from_secs(30), "the check does not come");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_provider_refuses_connects_nothing() {
    on_each_database(migrations(), async |db| {
        let provider = LinearServer::start(&[]).await;
        let node = Node::start(&db, &provider).await;
        for token in ["wrong", "", "a b", "ä", &"x".repeat(5_000)] {
            let refused = node.by_token(token).await;
            assert!(matches!(refused, Err(Error::InvalidField { field: "token", .. })), "{token:?}: {refused:?}");
        }
        provider.conduct(LinearConduct::Fails);
        let failed = node.by_token(API_KEY).await;
        assert!(matches!(failed, Err(Error::Unavailable { what: "Linear", .. })), "{failed:?}");
        assert_eq!(node.connections().await, 0);
    })
    .await;
}

fn migrations() -> Vec<campanile_db::Migrations> {
    vec![campanile_engine::MIGRATIONS, campanile_accounts::MIGRATIONS, crate::MIGRATIONS]
}

//! Tokens of installations: one is made at a time, used for 55 minutes, and never stored.

use std::time::Duration;

use campanile_accounts::{Actor, Caller, OrganisationId, PersonId, Role};
use campanile_base::{Clock, Secret, Timestamp, Vault};
use campanile_db::Db;
use campanile_db::testing::on_each_database;
use campanile_engine::{Engine, Registry, Running};
use campanile_net::{AddressRules, Client};
use campanile_stand_ins::github::{GithubServer, PRIVATE_KEY};

use super::super::{Config, GithubAppSettings, Settings};
use super::*;
use crate::connections::Status;
use crate::github::app::Installation;

struct Node {
    connectors: Connectors,
    clock: Clock,
    caller: Caller,
    _running: Running,
}

fn now() -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000)
}

impl Node {
    async fn start(db: &Db, provider: &GithubServer) -> Self {
        let keys = provider.set_up_app("campanile");
        let clock = Clock::manual(now());
        provider.set_time(Some(now()));
        let (engine, idle) = Engine::new(db.clone(), clock.clone());
        let app = GithubAppSettings {
            app_id: campanile_stand_ins::github::APP.to_string(),
            slug: keys.slug,
            client_id: keys.client_id,
            client_secret: Secret::new(keys.client_secret),
            private_key: Secret::new(PRIVATE_KEY),
            webhook_secret: Some(Secret::new(keys.webhook_secret)),
        };
        let (api_url, web_url) = (provider.url.clone(), provider.url.clone());
        let github = GithubSettings { api_url, web_url, app: Some(app) };
        let connectors = Connectors::new(Config {
            db: db.clone(),
            clock: clock.clone(),
            vault: Vault::from_key(&Vault::new_key()).unwrap(),
            engine,
            client: Client::new(AddressRules::allowing(vec!["127.0.0.0/8".parse().unwrap()])),
            live: campanile_accounts::live::Live::default(),
            base_url: "http://localhost:4400".to_owned(),
            settings: Settings { github, ..Settings::default() },
        });
        let running = idle.start(Registry::default(), "node").await.unwrap();
        let person = Actor::Person(PersonId::new(now()));
        let caller = Caller { organisation: OrganisationId::new(now()), actor: person, role: Role::Owner };
        Self { connectors, clock, caller, _running: running }
    }

    /// Connects an installation that was proven.
    async fn connect(&self, provider: &GithubServer, id: u64) -> Connection {
        let app = self.connectors.app_for(&self.caller.organisation).await.unwrap().unwrap();
        let installation = Installation::read(&provider.installation(id).json()).unwrap();
        self.connectors.store_connection(&self.caller, installation::installed(&app, installation)).await.unwrap()
    }

    fn pass(&self, provider: &GithubServer, time: Duration) {
        self.clock.advance(time);
        provider.set_time(Some(self.clock.now()));
    }

    /// Lists the repositories. Returns how many there are.
    async fn list(&self, connection: &Connection) -> Result<usize, Trouble> {
        Ok(self.connectors.page_of(connection, None).await?.resources.len())
    }

    async fn status(&self, connection: &Connection) -> Status {
        self.connectors.check(&self.caller, &connection.id).await.unwrap().status
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_is_made_for_many_callers_and_another_after_55_minutes_or_a_refusal() {
    on_each_database(migrations(), async |db| {
        let provider = GithubServer::start(&["acme/one", "acme/two", "other/three"]).await;
        let node = Node::start(&db, &provider).await;
        let connection = node.connect(&provider, provider.install("acme", true)).await;
        assert_eq!((connection.kind.as_str(), connection.app_id.as_deref()), ("app", Some("server")));
        let callers: Vec<_> = (0..20)
            .map(|_| {
                let (connectors, connection) = (node.connectors.clone(), connection.clone());
                tokio::spawn(async move { connectors.page_of(&connection, None).await.unwrap().resources.len() })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.await.unwrap(), 2);
        }
        assert_eq!(provider.tokens_made(), 1);
        node.pass(&provider, Duration::from_secs(54 * 60));
        node.list(&connection).await.unwrap();
        assert_eq!(provider.tokens_made(), 1);
        node.pass(&provider, Duration::from_secs(2 * 60));
        node.list(&connection).await.unwrap();
        assert_eq!(provider.tokens_made(), 2);
        provider.expire_installation_tokens();
        assert_eq!((node.list(&connection).await.unwrap(), provider.tokens_made()), (2, 3));
        let stored = node.connectors.held(&connection.organisation_id, &connection.id).await.unwrap();
        assert!(stored.sealed.is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_installation_is_resumed_and_an_uninstalled_one_is_revoked_after_six_checks() {
    on_each_database(migrations(), async |db| {
        let provider = GithubServer::start(&["acme/one"]).await;
        let node = Node::start(&db, &provider).await;
        let id = provider.install("acme", true);
        let connection = node.connect(&provider, id).await;
        assert_eq!(node.status(&connection).await, Status::Active);
        provider.change_installation(id, |it| it.is_suspended = true);
        assert_eq!(node.status(&connection).await, Status::Suspended);
        assert!(matches!(node.list(&connection).await, Err(Trouble::Closed)));
        provider.change_installation(id, |it| it.is_suspended = false);
        assert_eq!((node.status(&connection).await, node.list(&connection).await.unwrap()), (Status::Active, 1));
        // A clock that is off is no refusal of the access.
        provider.set_time(Some(node.clock.now().minus(Duration::from_secs(1_200))));
        for _ in 0..7 {
            assert_ne!(node.status(&connection).await, Status::Revoked);
        }
        provider.set_time(Some(node.clock.now()));
        assert_eq!(node.status(&connection).await, Status::Active);
        provider.uninstall(id);
        for _ in 0..5 {
            assert_ne!(node.status(&connection).await, Status::Revoked);
        }
        assert_eq!(node.status(&connection).await, Status::Revoked);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_was_asked_for_earlier_does_not_undo_what_a_delivery_told() {
    on_each_database(migrations(), async |db| {
        let provider = GithubServer::start(&["acme/one"]).await;
        let node = Node::start(&db, &provider).await;
        let connection = node.connect(&provider, provider.install("acme", true)).await;
        let listed = async || node.connectors.page_of(&connection, None).await.unwrap().resources;
        let (old, asked_at) = (listed().await, node.clock.now());
        node.connectors.store_page(&connection, old.clone(), asked_at).await.unwrap();
        node.clock.advance(Duration::from_secs(1));
        let number = provider.number_of("acme/one");
        let renamed = serde_json::json!({
            "action": "renamed", "repository": { "id": number, "full_name": "acme/uno" },
        });
        let change = crate::github::account_events::change("repository", &renamed).unwrap().unwrap();
        let app = node.connectors.app_of(&connection).await.unwrap();
        assert!(node.connectors.apply_account_change(&app, &connection.account_id, change).await.unwrap());
        node.connectors.store_page(&connection, old, asked_at).await.unwrap();
        let (organisation, id) = (connection.organisation_id.clone(), connection.id.clone());
        let read = db.read(move |tx| {
            Box::pin(async move {
                let of = (&organisation, &id);
                let kind = ("repository", number.to_string());
                crate::connections::resources::queries::find(tx, of, (kind.0, &kind.1)).await
            })
        });
        assert_eq!(read.await.unwrap().unwrap().name, "acme/uno");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_of_an_organisation_reaches_its_own_connections_only() {
    on_each_database(migrations(), async |db| {
        let provider = GithubServer::start(&[]).await;
        let node = Node::start(&db, &provider).await;
        let id = provider.install("acme", true);
        let ours = node.connect(&provider, id).await;
        let neighbour = Caller { organisation: OrganisationId::new(now()), ..node.caller.clone() };
        let app = node.connectors.app_for(&neighbour.organisation).await.unwrap().unwrap();
        let installation = Installation::read(&provider.installation(id).json()).unwrap();
        let new = installation::installed(&app, installation);
        let theirs = node.connectors.store_connection(&neighbour, new).await.unwrap();
        let found = async |app: &'static str, owner: Option<&OrganisationId>| {
            let (owner, account) = (owner.cloned(), ours.account_id.clone());
            let read = db.read(move |tx| {
                Box::pin(async move { crate::routing::open_connections(tx, (app, owner.as_ref()), &account).await })
            });
            let mut ids: Vec<_> = read.await.unwrap().into_iter().map(|connection| connection.id).collect();
            ids.sort();
            ids
        };
        let mut both = vec![ours.id.clone(), theirs.id.clone()];
        both.sort();
        assert_eq!(found("server", None).await, both, "each has proven that the account is theirs");
        assert_eq!(found("server", Some(&node.caller.organisation)).await, vec![ours.id.clone()]);
        assert!(found("cap_other", None).await.is_empty());
    })
    .await;
}

fn migrations() -> Vec<campanile_db::Migrations> {
    vec![campanile_engine::MIGRATIONS, campanile_accounts::MIGRATIONS, crate::MIGRATIONS]
}

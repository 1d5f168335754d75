//! People: accounts are joined by strong evidence and by hand, and split again; profiles follow the
//! observations, also when these are removed; nothing of an organisation reaches another.

use std::time::Duration;

use campanile_accounts::{Actor, Caller, Role, activity};
use campanile_base::source_event::{EventActor, Reference, ReferenceKind, SourceEvent};
use campanile_base::{Clock, Cursor, Error, PageSize, Result, Timestamp};
use campanile_db::testing::on_each_database;
use campanile_db::{Db, params};
use campanile_memory::people::{self, PeopleFilter, PersonDetail, PersonView};
use campanile_memory::{Filter, Memory, Observation, observations, retention};
use serde_json::json;

use crate::search::{Tenant, ask, clock, event, migrations, node, store, tenant};

const DAY: i64 = 86_400;
/// A Monday, ten in the morning in UTC.
const MONDAY: i64 = 1_779_962_400 + 3 * DAY;

fn by(provider: &str, id: &str, name: &str, email: Option<&str>, at: i64) -> SourceEvent {
    let actor = EventActor { id: id.into(), name: name.into(), email: email.map(Into::into), avatar_url: None };
    SourceEvent {
        provider: provider.into(),
        actor: Some(actor),
        occurred_at: Timestamp::from_seconds(at),
        references: vec![Reference::new(ReferenceKind::Label, "Billing")],
        ..event(&format!("{provider}:{id}:{at}"), "A change", "of the pool")
    }
}

async fn person(db: &Db, of: &Tenant, id: &str) -> Result<PersonDetail> {
    let (organisation, workspace, id) = (of.organisation.clone(), of.workspace.clone(), id.to_owned());
    let now = Timestamp::from_seconds(MONDAY + DAY);
    db.read(move |tx| Box::pin(async move { people::person(tx, (&organisation, &workspace), &id, now).await })).await
}

async fn list(db: &Db, of: &Tenant, text: Option<&str>) -> Vec<PersonView> {
    let (organisation, workspace) = (of.organisation.clone(), of.workspace.clone());
    let filter = PeopleFilter { text: text.map(Into::into), provider: None };
    let now = Timestamp::from_seconds(MONDAY + DAY);
    let read = db.read(move |tx| {
        Box::pin(async move {
            let (mut all, mut from) = (Vec::new(), Cursor::newest());
            loop {
                let of = (&organisation, &workspace);
                let page = people::page(tx, of, &filter, &from, PageSize::new(Some(2))?, now).await?;
                all.extend(page.data);
                match page.next {
                    Some(next) => from = next,
                    None => return Ok::<_, Error>(all),
                }
            }
        })
    });
    read.await.unwrap()
}

async fn merge(db: &Db, memory_of: &Tenant, into: &str, others: &[&str]) -> Result<String> {
    let caller = caller(memory_of, Role::Manager);
    let (into, others) = (into.to_owned(), others.iter().map(|&id| id.to_owned()).collect::<Vec<_>>());
    db.write(move |tx| Box::pin(async move { people::merge(tx, &clock(), &caller, &into, &others).await })).await
}

async fn split(db: &Db, of: &Tenant, id: &str, actors: &[&str]) -> Result<(String, String)> {
    let caller = caller(of, Role::Manager);
    let (id, actors) = (id.to_owned(), actors.iter().map(|&id| id.to_owned()).collect::<Vec<_>>());
    db.write(move |tx| Box::pin(async move { people::split(tx, &clock(), &caller, &id, &actors).await })).await
}

fn caller(of: &Tenant, role: Role) -> Caller {
    Caller { organisation: of.organisation.clone(), actor: Actor::Key("sk".into()), role }
}

async fn suggested(db: &Db, of: &Tenant) -> Vec<(String, String, String)> {
    let (organisation, workspace) = (of.organisation.clone(), of.workspace.clone());
    let now = Timestamp::from_seconds(MONDAY);
    let found = db
        .read(move |tx| Box::pin(async move { people::suggestions(tx, (&organisation, &workspace), None, now).await }));
    let pair = |one: people::Suggestion| (one.people[0].id.clone(), one.people[1].id.clone(), one.reason);
    found.await.unwrap().into_iter().map(pair).collect()
}

fn actors(person: &PersonDetail) -> Vec<(&str, &str)> {
    let mut actors: Vec<_> = person.identities.iter().map(|one| (one.actor_id.as_str(), one.joined.as_str())).collect();
    actors.sort_unstable();
    actors
}

#[tokio::test(flavor = "multi_thread")]
async fn an_equal_address_joins_accounts_of_different_tools_and_nothing_else_does() {
    on_each_database(migrations(), async |db| {
        let (clock, ours, theirs) = (clock(), tenant("one"), tenant("two"));
        let memory = node(&db, &clock);
        let ada = Some("Ada@Acme.example");
        store(&memory, &db, &ours, by("github", "7", "ada", ada, MONDAY)).await;
        store(&memory, &db, &ours, by("linear", "a", "Ada Lovelace", Some("ada@acme.example"), MONDAY + 1)).await;
        store(&memory, &db, &ours, by("sentry", "9", "Ada", ada, MONDAY + 2)).await;
        // Two accounts of one tool, an address of machines, an equal name: none of them joins.
        store(&memory, &db, &ours, by("github", "8", "ada-at-work", ada, MONDAY + 3)).await;
        for provider in ["github", "linear"] {
            store(&memory, &db, &ours, by(provider, "bot", "A Bot", Some("noreply@github.com"), MONDAY + 4)).await;
        }
        store(&memory, &db, &theirs, by("linear", "b", "Ada Lovelace", ada, MONDAY + 5)).await;

        let found = person(&db, &ours, "sentry:9").await.unwrap();
        assert_eq!((found.person.id.as_str(), found.person.name.as_str()), ("github:7", "Ada Lovelace"));
        assert_eq!(actors(&found), [("github:7", "first"), ("linear:a", "email"), ("sentry:9", "email")]);
        assert_eq!(found.person.providers, ["github", "linear", "sentry"]);
        assert_eq!(found.person.observations, 3);
        let ids: Vec<String> = list(&db, &ours, None).await.into_iter().map(|one| one.id).collect();
        assert_eq!(ids, ["linear:bot", "github:bot", "github:8", "github:7"]);
        assert_eq!(list(&db, &ours, Some("LOVELACE")).await.len(), 1);
        assert_eq!(list(&db, &ours, Some("a%a")).await.len(), 0, "a percent sign is a character");

        let pairs = suggested(&db, &ours).await;
        let is_there =
            |one: &str, other: &str, why: &str| pairs.contains(&(one.to_owned(), other.to_owned(), why.to_owned()));
        assert!(is_there("github:7", "github:8", "email"), "{pairs:?}");
        assert!(is_there("github:bot", "linear:bot", "name"), "{pairs:?}");
        assert_eq!(pairs.len(), 2, "{pairs:?}");

        let stranger = person(&db, &theirs, "github:7").await;
        assert!(matches!(stranger, Err(Error::NotFound(_))), "{stranger:?}");
        assert_eq!(actors(&person(&db, &theirs, "linear:b").await.unwrap()), [("linear:b", "first")]);
        assert!(matches!(merge(&db, &theirs, "linear:b", &["github:7"]).await, Err(Error::NotFound(_))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_joined_with_somebody_renames_them_only_if_they_have_no_full_name() {
    on_each_database(migrations(), async |db| {
        let (clock, ours) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        let accounts = [
            ("github", "1", "Ann Ames"),
            ("linear", "z", "Zoe Zed"),
            ("github", "2", "zoe"),
            ("github", "3", "bob"),
            ("sentry", "b", "Bob Burns"),
        ];
        for (n, (provider, id, name)) in accounts.into_iter().enumerate() {
            store(&memory, &db, &ours, by(provider, id, name, None, MONDAY + n as i64)).await;
        }
        merge(&db, &ours, "linear:z", &["github:1", "github:2"]).await.unwrap();
        assert_eq!(person(&db, &ours, "github:1").await.unwrap().person.name, "Zoe Zed");
        merge(&db, &ours, "github:3", &["sentry:b"]).await.unwrap();
        assert_eq!(person(&db, &ours, "github:3").await.unwrap().person.name, "Bob Burns");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_is_read_everywhere_and_a_split_takes_it_back() {
    on_each_database(migrations(), async |db| {
        let (clock, ours) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        let first = store(&memory, &db, &ours, by("github", "7", "ada", None, MONDAY)).await;
        let second = store(&memory, &db, &ours, by("linear", "a", "Countess", Some("ada@x.example"), MONDAY + 1)).await;
        let third = store(&memory, &db, &ours, by("sentry", "9", "ada", None, MONDAY + 2)).await;
        let other = store(&memory, &db, &ours, by("github", "8", "ben", None, MONDAY + 3)).await;
        let all = async || {
            let rows = db.read(|tx| {
                Box::pin(async move {
                    let sql = "SELECT id, actor_id, actor FROM observation ORDER BY id";
                    tx.all(sql, params![], |row| {
                        Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<String>(2)?))
                    })
                    .await
                })
            });
            rows.await.unwrap()
        };
        let before = all().await;

        assert_eq!(merge(&db, &ours, "github:7", &["linear:a", "sentry:9"]).await.unwrap(), "github:7");
        assert_eq!(merge(&db, &ours, "linear:a", &["github:7"]).await.unwrap(), "github:7", "it is done already");
        assert_eq!(all().await, before, "no observation is changed");
        let found = person(&db, &ours, "linear:a").await.unwrap();
        assert_eq!(actors(&found), [("github:7", "first"), ("linear:a", "hand"), ("sentry:9", "hand")]);

        let named = async |text: &str| -> Vec<String> {
            let hits = ask(&memory, &ours, json!({ "query": format!("pool actor:{text}"), "limit": 50 })).await;
            let mut ids: Vec<String> = hits.data.into_iter().map(|hit| hit.id).collect();
            ids.sort_unstable();
            ids
        };
        let mut merged = vec![first.clone(), second.clone(), third.clone()];
        merged.sort_unstable();
        for text in ["ada", "countess", "linear:a", "github:7", "ada@x.example", "Sentry:9"] {
            let expected: &[String] = if text == "Sentry:9" { std::slice::from_ref(&third) } else { &merged };
            assert_eq!(named(text).await, expected, "{text}");
            if text != "Sentry:9" {
                let mut listed = filtered(&db, &ours, text).await;
                listed.sort_unstable();
                assert_eq!(listed, merged, "{text}");
            }
        }
        let without = ask(&memory, &ours, json!({ "query": "pool -actor:countess" })).await;
        assert_eq!(without.data.into_iter().map(|hit| hit.id).collect::<Vec<_>>(), [other]);
        let context = ask(&memory, &ours, json!({ "query": "pool" })).await.context.unwrap();
        assert_eq!(context.actors.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["github:7", "github:8"]);

        let (left, new) = split(&db, &ours, "sentry:9", &["github:7"]).await.unwrap();
        assert_eq!((left.as_str(), new.as_str()), ("linear:a", "github:7"));
        let found = person(&db, &ours, "sentry:9").await.unwrap();
        assert_eq!(actors(&found), [("linear:a", "first"), ("sentry:9", "hand")]);
        assert_eq!(person(&db, &ours, "github:7").await.unwrap().person.observations, 1);
        // An event with the same address does not undo what somebody said.
        store(&memory, &db, &ours, by("github", "7", "ada", Some("ada@x.example"), MONDAY + 9)).await;
        assert_eq!(actors(&person(&db, &ours, "github:7").await.unwrap()), [("github:7", "first")]);
        assert!(suggested(&db, &ours).await.iter().all(|pair| pair.0 != "github:7" && pair.1 != "github:7"));
        assert_eq!(merge(&db, &ours, "linear:a", &["github:7"]).await.unwrap(), "linear:a", "by hand it is");

        for (id, actors) in [("linear:a", vec![]), ("linear:a", vec!["github:8"]), ("github:8", vec!["github:8"])] {
            assert!(matches!(split(&db, &ours, id, &actors).await, Err(Error::InvalidField { .. })), "{actors:?}");
        }
        assert!(matches!(merge(&db, &ours, "linear:a", &["github:99"]).await, Err(Error::NotFound(_))));
        let staff = caller(&ours, Role::Staff);
        let refused = db.write(move |tx| {
            Box::pin(async move {
                people::merge(tx, &crate::search::clock(), &staff, "linear:a", &["github:8".into()]).await
            })
        });
        assert!(matches!(refused.await, Err(Error::Forbidden(_))));

        let organisation = ours.organisation.clone();
        let trail = db.read(move |tx| {
            Box::pin(async move {
                let filter = activity::Filter { action: Some("person".into()), ..Default::default() };
                activity::page(tx, &organisation, &filter, &Cursor::newest(), PageSize::new(None)?).await
            })
        });
        let mut trail: Vec<_> = trail.await.unwrap().data.into_iter().map(|one| (one.action, one.subject_id)).collect();
        trail.sort_unstable();
        let expected = [("person.merged", "github:7"), ("person.merged", "linear:a"), ("person.split", "linear:a")];
        assert_eq!(trail, expected.map(|(action, id)| (action.to_owned(), id.to_owned())));
    })
    .await;
}

async fn filtered(db: &Db, of: &Tenant, actor: &str) -> Vec<String> {
    let (organisation, workspace) = (of.organisation.clone(), of.workspace.clone());
    let filter = Filter { actor: Some(actor.to_owned()), ..Filter::default() };
    let read = db.read(move |tx| {
        Box::pin(async move {
            let filter = people::widened(tx, &organisation, filter).await?;
            observations::page(tx, &workspace, &filter, &Cursor::newest(), PageSize::new(None)?).await
        })
    });
    read.await.unwrap().data.into_iter().map(|one| one.id.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_merges_at_once_and_events_in_between_leave_one_person() {
    on_each_database(migrations(), async |db| {
        let (clock, ours) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        for n in 0..6 {
            store(&memory, &db, &ours, by("github", &n.to_string(), &format!("name{n}"), None, MONDAY + n)).await;
        }
        let (db, memory) = (&db, &memory);
        let merges = (0..6).map(|n| {
            let (into, other) = (format!("github:{n}"), format!("github:{}", (n + 1) % 6));
            let ours = tenant("one");
            async move { merge(db, &ours, &into, &[&other]).await.map(drop) }
        });
        let arrivals = async {
            let ours = tenant("one");
            for n in 0..12 {
                let of = n % 6;
                let event = by("github", &of.to_string(), &format!("name{of}"), None, MONDAY + 100 + n);
                store(memory, db, &ours, event).await;
            }
        };
        let mut running = Vec::new();
        for merge in merges {
            running.push(merge);
        }
        let (outcomes, ()) = tokio::join!(all(running), arrivals);
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        let one = person(db, &ours, "github:3").await.unwrap();
        assert_eq!((one.identities.len(), one.person.observations), (6, 18));
        assert_eq!(list(db, &ours, None).await.len(), 1);
    })
    .await;
}

/// Runs futures at a time, and returns their outcomes.
async fn all<F: Future<Output = Result<()>>>(futures: Vec<F>) -> Vec<Result<()>> {
    let mut pinned: Vec<_> = futures.into_iter().map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        for (future, outcome) in &mut pinned {
            if outcome.is_none()
                && let std::task::Poll::Ready(ended) = future.as_mut().poll(context)
            {
                *outcome = Some(ended);
            }
        }
        match pinned.iter().all(|(_, outcome)| outcome.is_some()) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    pinned.into_iter().filter_map(|(_, outcome)| outcome).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_counts_what_is_there_and_what_was_there_before_it() {
    on_each_database(migrations(), async |db| {
        let (clock, ours) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        for n in 0..3 {
            store(&memory, &db, &ours, by("github", "7", "ada", None, MONDAY + n * 3_600)).await;
        }
        clock.advance(Duration::from_secs(10 * 86_400));
        store(&memory, &db, &ours, by("github", "7", "ada", None, MONDAY + 20 * 3_600)).await;
        let counted = person(&db, &ours, "github:7").await.unwrap();
        assert_eq!((counted.person.observations, counted.sources[0].count, counted.types[0].count), (4, 4, 4));
        assert_eq!(counted.person.first_seen_at, Some(Timestamp::from_seconds(MONDAY)));
        assert_eq!(counted.hours.iter().sum::<i64>(), 4);
        let weekday = (MONDAY.div_euclid(DAY) + 3).rem_euclid(7) as usize;
        assert_eq!(counted.hours[weekday * 24 + 10], 1, "{:?}", counted.hours);
        assert_eq!(counted.person.days.iter().sum::<i64>(), 4);
        let topic = (counted.topics[0].name.as_str(), counted.topics[0].count);
        assert_eq!((topic, counted.topics.len()), (("billing", 4), 1), "the source is no topic: {:?}", counted.topics);

        // As an earlier version left it: with a number that was never lessened.
        db.write(|tx| {
            Box::pin(async move {
                let sql = "UPDATE actor_profile SET counts = NULL, first_seen_at = NULL, observations = 9";
                tx.execute(sql, params![]).await
            })
        })
        .await
        .unwrap();
        assert!(!person(&db, &ours, "github:7").await.unwrap().is_counted);
        store(&memory, &db, &ours, by("github", "7", "ada", None, MONDAY + 21 * 3_600)).await;
        tidy(&memory, &clock, None).await;
        let again = person(&db, &ours, "github:7").await.unwrap();
        assert_eq!((again.is_counted, again.person.observations, again.hours.iter().sum::<i64>()), (true, 5, 5));
        assert_eq!(again.person.first_seen_at, Some(Timestamp::from_seconds(MONDAY)));

        tidy(&memory, &clock, Some(5)).await;
        let left = person(&db, &ours, "github:7").await.unwrap();
        assert_eq!((left.person.observations, left.types[0].count, left.hours.iter().sum::<i64>()), (2, 2, 2));
        assert_eq!(left.person.first_seen_at, Some(Timestamp::from_seconds(MONDAY + 20 * 3_600)));
        clock.advance(Duration::from_secs(10 * 86_400));
        tidy(&memory, &clock, Some(5)).await;
        assert!(matches!(person(&db, &ours, "github:7").await, Err(Error::NotFound(_))));
    })
    .await;
}

async fn tidy(memory: &Memory, clock: &Clock, days: Option<u64>) {
    retention::tidy(memory, clock.now(), days.map(|days| Duration::from_secs(days * 86_400))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vercel_author_becomes_the_github_account_and_takes_the_counts_along() {
    on_each_database(migrations(), async |db| {
        let (clock, ours) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        let deployed = |sha: &str, at: i64| SourceEvent {
            event_type: "deployment.succeeded".into(),
            references: vec![Reference::commit(sha)],
            ..by("vercel", "ada", "ada", None, at)
        };
        store(&memory, &db, &ours, deployed("a1", MONDAY)).await;
        store(&memory, &db, &ours, deployed("b2", MONDAY + 1)).await;
        assert_eq!(person(&db, &ours, "github:ada").await.unwrap().person.observations, 2);
        let push = SourceEvent {
            event_type: "push".into(),
            references: vec![Reference::commit("a1").subject()],
            ..by("github", "7", "ada", None, MONDAY + 2)
        };
        store(&memory, &db, &ours, push).await;
        let ada = person(&db, &ours, "github:7").await.unwrap();
        assert_eq!(ada.person.observations, 3, "the other deployment is joined by the login");
        assert_eq!(ada.hours.iter().sum::<i64>(), 3);
        assert_eq!(of(&db, &ours, "github:7").await.len(), 3);
        store(&memory, &db, &ours, deployed("c3", MONDAY + 3)).await;
        let ada = person(&db, &ours, "github:ada").await.unwrap();
        assert_eq!((ada.person.id.as_str(), ada.person.observations), ("github:7", 4));
        let vercel = ada.identities.iter().find(|one| one.provider == "vercel").unwrap();
        assert_eq!((vercel.actor_id.as_str(), vercel.found.as_str()), ("github:7", "username"));
    })
    .await;
}

async fn of(db: &Db, tenant: &Tenant, id: &str) -> Vec<Observation> {
    let (organisation, workspace, id) = (tenant.organisation.clone(), tenant.workspace.clone(), id.to_owned());
    let read = db.read(move |tx| {
        Box::pin(async move {
            let (mut all, mut from) = (Vec::new(), Cursor::newest());
            loop {
                let of = (&organisation, &workspace);
                let page = people::observations_of(tx, of, &id, &from, PageSize::new(Some(1))?).await?;
                all.extend(page.data);
                match page.next {
                    Some(next) => from = next,
                    None => return Ok::<_, Error>(all),
                }
            }
        })
    });
    read.await.unwrap()
}

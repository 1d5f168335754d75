//! Old rows are removed: every table has a rule in the list, and after 400 days its old rows are
//! gone.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use campanile_accounts::Founding;
use campanile_app::retention::{KeepRule, TABLES, TIDY};
use campanile_app::{App, Config, Retention};
use campanile_base::{Clock, Timestamp, Vault, lowest_id, new_id, new_ksuid};
use campanile_db::testing::on_each_database;
use campanile_db::{Db, Engine, params};
use campanile_engine::Running;
use campanile_memory::Memory;
use campanile_net::{AddressRules, Client};
use serde_json::json;

const DAY: Duration = Duration::from_secs(24 * 3600);
const GRACE: Duration = Duration::from_secs(5);
/// The number of old rows in each table.
const ROWS: usize = 60;

async fn app(db: Db, clock: Clock, retention: Retention) -> (App, Running) {
    let config = Config {
        clock,
        vault: Vault::from_key(&Vault::new_key()).unwrap(),
        base_url: "http://localhost".to_owned(),
        node: "node".to_owned(),
        max_age: None,
        client: Client::new(AddressRules::allowing(Vec::new())),
        connectors: campanile_inbound::connectors::Settings::default(),
        mailer: None,
        digest: Duration::ZERO,
        webhooks: campanile_webhooks::Settings::default(),
        memory: campanile_memory::Settings::default(),
        models: campanile_memory::ModelChoice {
            embedder: campanile_memory::EmbedderSettings::Off,
            ..campanile_memory::ModelChoice::default()
        },
        answers: campanile_answers::Settings::default(),
        engine: campanile_engine::Settings::default(),
        retention,
        tracer: None,
    };
    App::start(db, config).await.unwrap()
}

async fn tables(db: &Db) -> BTreeSet<String> {
    let sql = match db.engine() {
        Engine::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        Engine::Postgres => {
            "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = 'public'"
        }
    };
    let read = db.read(move |tx| Box::pin(async move { tx.all(sql, params![], |row| row.get::<String>(0)).await }));
    read.await.unwrap().into_iter().collect()
}

async fn count(db: &Db, table: &str) -> i64 {
    let sql: &'static str = format!("SELECT count(*) FROM {table}").leak();
    let read = db.read(move |tx| Box::pin(async move { tx.one(sql, params![], |row| row.get::<i64>(0)).await }));
    read.await.unwrap()
}

#[tokio::test]
async fn every_table_is_in_the_list_of_what_becomes_of_it() {
    on_each_database(campanile_app::migrations(), async |db| {
        let there = tables(&db).await;
        let listed: BTreeSet<String> = TABLES.iter().map(|(table, _)| (*table).to_owned()).collect();
        assert_eq!(listed.len(), TABLES.len(), "a table is listed twice");
        let unlisted: Vec<_> = there.difference(&listed).collect();
        assert!(unlisted.is_empty(), "say in TABLES how long these are kept, or why for ever: {unlisted:?}");
        let gone: Vec<_> = listed.difference(&there).collect();
        assert!(gone.is_empty(), "listed, and not there: {gone:?}");
    })
    .await;
}

/// Inserts old rows into every table that grows with use, in the form in which the features write
/// them.
async fn fill(db: &Db, at: Timestamp, organisation: String, workspace: String) {
    db.write(move |tx| {
        Box::pin(async move {
            let (org, ws) = (organisation.as_str(), workspace.as_str());
            for n in 0..ROWS {
                let (word, place) = (format!("w{n}"), new_ksuid(at));
                let word = word.as_str();
                let (dlv, obs, other) = (new_id("dlv", at), new_id("obs", at), new_id("obs", at));
                let (app, ep, msg) = (new_id("app", at), new_id("ep", at), new_id("msg", at));
                let run = new_id("run", at);
                tx.execute(
                    "INSERT INTO session (hash, id, person_id, organisation_id, created_at, expires_at) VALUES ($1, $1, 'p', $2, $3, $3)",
                    params![word, org, at],
                )
                .await?;
                tx.execute("INSERT INTO sign_in_link (hash, person_id, organisation_id, expires_at) VALUES ($1, 'p', 'org', $2)", params![word, at])
                    .await?;
                tx.execute(
                    "INSERT INTO activity (id, organisation_id, at, actor_kind, actor_id, action, subject_id, result, metadata)
                        VALUES ($1, $2, $3, 'user', 'u', 'a', 's', 'ok', '{}')",
                    params![new_id("act", at), org, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO oauth_state (state_hash, organisation_id, workspace_id, person_id, provider, verifier,
                        return_to, expires_at) VALUES ($1, $2, $3, 'p', 'linear', '', '/', $4)",
                    params![word, org, ws, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO connection_log (id, organisation_id, connection_id, at, event, triggered_by)
                        VALUES ($1, $2, 'c', $3, 'degraded', 'health')",
                    params![new_id("cln", at), org, at],
                )
                .await?;
                let backfill = new_id("bkf", at);
                tx.execute(
                    "INSERT INTO backfill (id, organisation_id, connection_id, depth_days, is_automatic, status, requested_by,
                        created_at) VALUES ($1, $2, 'c', 30, TRUE, 'completed', '', $3)",
                    params![&backfill, org, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO pull_run (id, organisation_id, workspace_id, connection_id, backfill_id, source_id, place, kind,
                        since, pages, pages_processed, pages_lost, produced, remembered, unreadable, errors, status)
                        VALUES ($1, $2, $3, 'c', $4, 's', 0, 'issue', $5, 1, 1, 0, 1, 1, 0, '[]', 'completed')",
                    params![new_id("pull", at), org, ws, &backfill, at],
                )
                .await?;
                let body: &[u8] = &[1; 20_000];
                tx.execute(
                    "INSERT INTO delivery (id, organisation_id, workspace_id, source_id, provider, delivery_id, event,
                        headers, body, received_at, status) VALUES ($1, $2, $3, 's', 'github', $4, 'push', '[]', $5, $6, 'processed')",
                    params![&dlv, org, ws, word, body, at],
                )
                .await?;
                for id in [&obs, &other] {
                    tx.execute(
                        "INSERT INTO observation (id, organisation_id, workspace_id, source_id, provider, type, title, body,
                            significance, category, topics, actor_method, refs, entities, metadata, occurred_at, captured_at)
                            VALUES ($1, $2, $3, $1, 'github', 'push', '', '', 1, 'c', '[]', 'none', '[]', '[]', '{}', $4, $4)",
                        params![id, org, ws, at],
                    )
                    .await?;
                    let sql = "INSERT INTO search_head (workspace_id, next_no, next_removal, first_removal)
                        VALUES ($1, 1, 0, 0)
                        ON CONFLICT (workspace_id) DO UPDATE SET next_no = search_head.next_no + 1 RETURNING next_no";
                    let no: i64 = tx.one(sql, params![ws], |row| row.get(0)).await?;
                    tx.execute(
                        "INSERT INTO passage (workspace_id, no, kind, owner_id, part) VALUES ($1, $2, 'observation', $3, 0)",
                        params![ws, no - 1, id],
                    )
                    .await?;
                    tx.execute(
                        "INSERT INTO observation_reference (workspace_id, kind, key, observation_id, written, role)
                            VALUES ($1, 'commit', $2, $3, '', 'subject')",
                        params![ws, word, id],
                    )
                    .await?;
                }
                tx.execute(
                    "INSERT INTO edge (id, workspace_id, from_id, to_id, type, confidence, linking_key, linking_key_type,
                        method, created_at) VALUES ($1, $2, $3, $4, 'fixes', 0.5, '', '', '', $5)",
                    params![word, ws, &obs, &other, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO entity (workspace_id, category, key, value, confidence, evidence, first_observation_id,
                        occurrences, last_seen_at) VALUES ($1, 'c', $2, '', 0.5, '', '', 1, $3)",
                    params![ws, word, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO actor_identity (organisation_id, provider, provider_id, canonical_id, username, method, seen_at)
                        VALUES ($1, 'github', $2, $2, 'u', '', $3)",
                    params![org, word, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO actor_profile (workspace_id, actor_id, display_name, observations, last_active_at)
                        VALUES ($1, $2, '', 1, $3)",
                    params![ws, word, at],
                )
                .await?;
                for (kind, id) in [("in_app_feed", new_ksuid(at)), ("email", new_ksuid(at))] {
                    tx.execute(
                        "INSERT INTO notify_message (organisation_id, id, channel_id, channel_type, collection, recipient_id,
                            source_type, workflow, version_id, categories, actors, data, facts, content, status, log,
                            inserted_at, updated_at)
                            VALUES ($1, $2, 'c', $3, '$users', 'u', 'workflow', 'w', 'v', '[]', '[]', '{}', '{}', '{}', 'sent', '', $4, $4)",
                        params![org, &id, kind, at],
                    )
                    .await?;
                    tx.execute(
                        "INSERT INTO delivery_log (organisation_id, message_id, id, service, request, response, inserted_at)
                            VALUES ($1, $2, $2, '', '', '', $3)",
                        params![org, &id, at],
                    )
                    .await?;
                }
                tx.execute(
                    "INSERT INTO recipient_run (organisation_id, id, place, workflow_run_id, workflow, collection, recipient_id,
                        status, cause, log, error_count, inserted_at, updated_at)
                        VALUES ($1, $2, $3, 'w', 'w', '$users', 'u', 'completed', '{}', '', 0, $4, $4)",
                    params![org, word, &place, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO resource_version (organisation_id, id, place, kind, key, body, note, author, created_at)
                        VALUES ($1, $2, $3, 'workflow', 'old', '{}', '', '', $4)",
                    params![org, word, &place, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO bulk_operation (organisation_id, id, name, status, total, processed, succeeded, errors,
                        inserted_at, updated_at) VALUES ($1, $2, '', 'completed', 1, 1, 1, '[]', $3, $3)",
                    params![org, word, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO schedule (organisation_id, id, place, workflow, collection, recipient_id, data, repeats,
                        revision, inserted_at, updated_at) VALUES ($1, $2, $3, 'w', '$users', 'u', '{}', '[]', 0, $4, $4)",
                    params![org, word, &place, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO trigger_request (organisation_id, key, hash, workflow_run_id, request_id, until)
                        VALUES ($1, $2, '', '', '', $3)",
                    params![org, word, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO throttle_window (organisation_id, word, ends_at, passed) VALUES ($1, $2, $3, 1)",
                    params![org, word, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO cancellation (organisation_id, workflow, key, collection, recipient_id, at)
                        VALUES ($1, 'w', $2, '', '', $3)",
                    params![org, word, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO application (id, organisation_id, name, metadata, created_at, updated_at, deleted_at)
                        VALUES ($1, $2, '', '{}', $3, $3, $3)",
                    params![&app, org, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO endpoint (id, application_id, url, description, version, disabled, metadata, secret,
                        created_at, updated_at, deleted_at) VALUES ($1, $2, '', '', 1, TRUE, '{}', 'sealed', $3, $3, $3)",
                    params![&ep, &app, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO endpoint_old_secret (endpoint_id, secret, expires_at) VALUES ($1, 'sealed', $2)",
                    params![&ep, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO endpoint_line (endpoint_id, application_id, last, awake_until, kept_until, failures)
                        VALUES ($1, $2, 1, 0, 0, 0)",
                    params![&ep, &app],
                )
                .await?;
                tx.execute(
                    "INSERT INTO endpoint_waiting (endpoint_id, number, message_id, failures, is_manual)
                        VALUES ($1, 1, $2, 0, FALSE)",
                    params![&ep, &msg],
                )
                .await?;
                tx.execute(
                    "INSERT INTO endpoint_consumer (endpoint_id, name, number, updated_at) VALUES ($1, 'c', 1, $2)",
                    params![&ep, at],
                )
                .await?;
                let payload: &[u8] = b"{}";
                tx.execute(
                    "INSERT INTO message (id, application_id, event_type, payload, created_at) VALUES ($1, $2, 'a', $3, $4)",
                    params![&msg, &app, payload, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO message_attempt (message_id, id, endpoint_id, number, url, status, status_code, response,
                        duration_ms, created_at) VALUES ($1, $2, $3, 0, '', 0, 200, '', 1, $4)",
                    params![&msg, new_id("atmpt", at), &ep, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO application_token (hash, organisation_id, application_id, feature_flags, created_at, expires_at)
                        VALUES ($1, $2, $3, '[]', $4, $4)",
                    params![word, org, &app, at],
                )
                .await?;
                tx.execute("INSERT INTO answered_request (hash, until) VALUES ($1, $2)", params![word, at]).await?;
                tx.execute(
                    "INSERT INTO webhook_task (id, organisation_id, task, status, data, created_at, updated_at)
                        VALUES ($1, $2, 't', 'finished', '{}', $3, $3)",
                    params![new_id("qtask", at), org, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO run (id, shard, name, version, tenant, lane, holds, priority, status, due, attempt, generation,
                        crashes, pokes, seq, gathers, cause, queued_at, ended_at, input)
                        VALUES ($1, 0, 'w', 1, $2, 0, FALSE, 0, $3, $4, 0, 0, 0, 0, 0, FALSE, 'call', $4, $4, '{}')",
                    params![&run, org, if n % 2 == 0 { 10_i64 } else { 11 }, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO step (run_id, key, kind, state, attempts, started_at) VALUES ($1, 's', '', 1, 0, $2)",
                    params![&run, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO step_failure (run_id, key, attempt, started_at, ended_at, error) VALUES ($1, 's', 0, $2, $2, '')",
                    params![&run, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO event (id, tenant, name, at, data) VALUES ($1, $2, 'e', $3, '{}')",
                    params![new_id("event", at), org, at],
                )
                .await?;
                tx.execute(
                    "INSERT INTO bulk_cancel (id, tenant, name, queued_after, queued_before, cursor, cancelled, created_at, finished_at)
                        VALUES ($1, $2, 'w', 0, 0, '', 0, $3, $3)",
                    params![word, org, at],
                )
                .await?;
                tx.execute("INSERT INTO limiter (key, tat) VALUES ($1, $2)", params![word, at]).await?;
                tx.execute("INSERT INTO idempotency (key, run_id, expires) VALUES ($1, $2, $3)", params![word, &run, at])
                    .await?;
            }
            Ok::<(), campanile_db::Error>(())
        })
    })
    .await
    .unwrap();
}

/// Runs the chores until they have nothing left to do.
async fn tidy(app: &App) {
    for chore in [TIDY, "notify.tidy", "webhooks.tidy"] {
        app.engine.submit(chore, "", json!({})).await.unwrap();
    }
    let under_way = "SELECT count(*) FROM run WHERE status < 10 AND version > 0";
    let began = Instant::now();
    loop {
        let read =
            app.db.read(|tx| Box::pin(async move { tx.one(under_way, params![], |row| row.get::<i64>(0)).await }));
        let rest: i64 = read.await.unwrap();
        // The engine removes its own old rows in a job that runs every five seconds.
        if rest == 0 && count(&app.db, "event").await <= 5 && count(&app.db, "bulk_cancel").await == 0 {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "the chores do not end: {rest} runs are under way");
        app.clock.advance(Duration::from_secs(6));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_four_hundred_days_what_others_have_brought_is_gone() {
    on_each_database(campanile_app::migrations(), async |db| {
        let then = Timestamp::from_seconds(1_800_000_000);
        let clock = Clock::manual(then);
        let retention = Retention { observations: Some(200 * DAY), ..Retention::default() };
        let (app, running) = app(db.clone(), clock.clone(), retention).await;
        let founding = Founding { secret_key: None, owner: None, owner_password: None };
        let (first, _) = app.found(founding, Vec::new()).await.unwrap().unwrap();
        let (organisation, workspace) = (first.caller.organisation.to_string(), first.workspace.id.to_string());
        let before: Vec<(&str, i64)> = counts(&db).await;
        fill(&db, then, organisation, workspace).await;
        // The newest version of a document is kept, however old; the one before it is not.
        clock.advance(400 * DAY);
        tidy(&app).await;
        for ((table, kept), (_, was)) in TABLES.iter().zip(before) {
            let now = count(&db, table).await;
            if matches!(kept, KeepRule::OnPurpose(_)) {
                continue;
            }
            // Half as many as were there are allowed: those that the start makes, and the runs of the chores.
            assert!(now <= was + ROWS as i64 / 2, "{table} has {now} rows, {was} before: {kept:?}");
        }
        assert_eq!(count(&db, "delivery").await, 0);
        assert_eq!(count(&db, "endpoint_old_secret").await, 0);
        let newest = "resource_version WHERE key = 'old'";
        assert_eq!(count(&db, newest).await, 1, "the last version stays");
        running.stop(GRACE).await;
    })
    .await;
}

/// Stores an answer with one passage, as an earlier version has: its quotes are not listed.
async fn insert_answer(
    db: &Db,
    organisation: &str,
    session: &'static str,
    observation: &str,
    text: &str,
    at: Timestamp,
) {
    let passage = json!({ "n": 1, "id": observation, "title": text, "url": "/", "source": "github", "type": "push",
        "occurredAt": at.to_string(), "snippet": text });
    let answer = json!({ "session": session, "turn": 1, "answered": true, "mode": "extractive", "text": text,
        "citations": [1], "passages": [passage], "steps": [], "unsupported": 0, "took": 1.0, "requestId": "r" });
    let (organisation, answer) = (organisation.to_owned(), answer.to_string());
    let write = db.write(move |tx| {
        Box::pin(async move {
            tx.execute(
                "INSERT INTO answer_session (id, organisation_id, workspace_id, owner_kind, owner_id, title, turns,
                    created_at, updated_at) VALUES ($1, $2, 'ws', 'key', 'k', '', 1, $3, $3)",
                params![session, &organisation, at],
            )
            .await?;
            tx.execute(
                "INSERT INTO answer_turn (session_id, no, organisation_id, workspace_id, question, answer, request_id,
                    began_at) VALUES ($1, 1, $2, 'ws', '', $3, 'r', $4)",
                params![session, &organisation, &answer, at],
            )
            .await
        })
    });
    write.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_of_an_observation_past_its_retention_is_in_no_stored_answer() {
    on_each_database(campanile_app::migrations(), async |db| {
        let then = Timestamp::from_seconds(1_800_000_000);
        let now = then.plus(40 * DAY);
        let (old, recent) = (new_id("obs", then), new_id("obs", now));
        insert_answer(&db, "one", "first", &old, "The old words.", now).await;
        insert_answer(&db, "two", "second", &old, "The old words.", now).await;
        insert_answer(&db, "one", "third", &recent, "The recent words.", now).await;
        campanile_answers::retention::tidy(&db, now, None, None, Some(30 * DAY)).await.unwrap();
        let read = db.read(|tx| {
            Box::pin(async move {
                let sql = "SELECT answer FROM answer_turn ORDER BY session_id";
                tx.all(sql, params![], |row| row.get::<String>(0)).await
            })
        });
        let texts = read.await.unwrap();
        let has = |words: &str| texts.iter().map(|text| text.contains(words)).collect::<Vec<_>>();
        assert_eq!(has("old words"), [false, false, false], "{texts:?}");
        assert_eq!(has("recent words"), [false, false, true], "{texts:?}");
        assert_eq!(has(&old), [true, true, false], "a mark stays: {texts:?}");
        assert_eq!(count(&db, "answer_quote").await, 1, "the one that is still quoted");
    })
    .await;
}

async fn counts(db: &Db) -> Vec<(&'static str, i64)> {
    let mut counts = Vec::new();
    for (table, _) in TABLES {
        counts.push((*table, count(db, table).await));
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn by_default_observations_are_kept_and_a_delivery_that_waits_is_never_removed() {
    on_each_database(campanile_app::migrations(), async |db| {
        let then = Timestamp::from_seconds(1_800_000_000);
        let now = then.plus(400 * DAY);
        fill(&db, then, "org".to_owned(), "ws".to_owned()).await;
        let waits = lowest_id("dlv", then);
        db.write(move |tx| {
            Box::pin(async move {
                let body: &[u8] = b"{}";
                tx.execute(
                    "INSERT INTO delivery (id, organisation_id, workspace_id, source_id, provider, delivery_id, event,
                        headers, body, received_at, status)
                        VALUES ($1, 'org', 'ws', 's', 'github', 'waits', 'push', '[]', $2, 0, 'received')",
                    params![&waits, body],
                )
                .await
            })
        })
        .await
        .unwrap();
        let default = Retention::default();
        let (engine, _) = campanile_engine::Engine::new(db.clone(), Clock::manual(now));
        let memory = Memory::new(
            db.clone(),
            Clock::manual(now),
            engine,
            campanile_memory::Settings::default(),
            campanile_memory::EmbedderSettings::Off,
        )
        .expect("no embedder");
        campanile_memory::retention::tidy(&memory, now, default.observations).await.unwrap();
        campanile_inbound::retention::tidy(&db, now, default.deliveries).await.unwrap();
        campanile_accounts::retention::tidy(&db, now, None).await.unwrap();
        let rows = ROWS as i64;
        for (table, left) in [
            ("observation", 2 * rows),
            ("passage", 2 * rows),
            ("observation_reference", 2 * rows),
            ("entity", rows),
            ("delivery", 1),
            ("activity", rows),
            ("session", 0),
        ] {
            assert_eq!(count(&db, table).await, left, "{table}");
        }
    })
    .await;
}

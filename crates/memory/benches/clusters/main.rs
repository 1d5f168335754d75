//! Clusters, measured: `cargo xtask bench clusters [sqlite|postgres] [observations …]`.
//!
//! Each run stores generated observations, as an import does, and then assigns them: by words, and then
//! those of a second workspace by vectors, which are made by chance. One thing has up to twelve
//! observations within a day, by three of forty people, and half of them refer to its issue.
#![allow(missing_docs, clippy::unwrap_used)]

use std::time::{Duration, Instant};

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::source_event::{EventActor, Reference, ReferenceKind, SourceEvent};
use campanile_base::{Clock, Timestamp};
use campanile_db::testing::TestDatabase;
use campanile_db::{Db, params, row};
use campanile_engine::Engine;
use campanile_memory::clusters::assign;
use campanile_memory::{EmbedderSettings, Memory, Settings, remember};

/// The observations of a transaction.
const GROUP: u64 = 100;
/// The observations of one thing, and the things that happen at a time.
const OF_ONE: u64 = 12;
const AT_A_TIME: u64 = 8;
const LONG: Duration = Duration::from_secs(3_600);

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let sizes: Vec<u64> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![10_000, 100_000] } else { sizes };
    for database in TestDatabase::each().await {
        let is_named = |name: &str| words.iter().any(|word| word == name);
        if is_named(database.name) || !is_named("sqlite") && !is_named("postgres") {
            for &size in &sizes {
                measure(&database, size).await;
            }
        }
    }
}

async fn measure(database: &TestDatabase, size: u64) {
    let db = match &database.url {
        Some(url) => Db::connect_postgres(url).await.unwrap(),
        None => Db::open_sqlite(&database.folder.join(format!("bench-{size}.db"))).unwrap(),
    };
    db.migrate(vec![campanile_engine::MIGRATIONS, campanile_accounts::MIGRATIONS, campanile_memory::MIGRATIONS])
        .await
        .unwrap();
    for (name, embedder) in [("words", EmbedderSettings::Off), ("vectors", EmbedderSettings::BuiltIn)] {
        let (engine, _) = Engine::new(db.clone(), Clock::System);
        let memory = Memory::new(db.clone(), Clock::System, engine, Settings::default(), embedder).unwrap();
        let workspace = WorkspaceId::from(format!("ws_{name}_{size}"));
        let began = Instant::now();
        for group in 0..size / GROUP {
            store(&db, &memory, &workspace, group * GROUP..(group + 1) * GROUP).await;
        }
        let stored = began.elapsed();
        if let Some(embedder) = memory.embedder_id() {
            make_vectors(&db, &workspace, embedder, size).await;
        }
        let began = Instant::now();
        let assigned = assign(&memory, &workspace, LONG).await.unwrap();
        let took = began.elapsed();
        let rate = |count: f64, took: Duration| count / took.as_secs_f64();
        println!(
            "{}, {size} observations, {name}: stored {:.0}/s, assigned {:.0}/s ({assigned} in {:.1} s, {} clusters)",
            database.name,
            rate(size as f64, stored),
            rate(assigned as f64, took),
            took.as_secs_f64(),
            clusters(&db, &workspace).await,
        );
    }
}

async fn store(db: &Db, memory: &Memory, workspace: &WorkspaceId, numbers: std::ops::Range<u64>) {
    let (memory, workspace) = (memory.clone(), workspace.clone());
    let organisation = OrganisationId::from("org_bench".to_owned());
    let write = db.write(move |tx| {
        Box::pin(async move {
            let events: Vec<SourceEvent> = numbers.map(event).collect();
            remember(tx, &memory, &organisation, &workspace, &events).await
        })
    });
    write.await.unwrap();
}

/// A number that looks like chance.
fn mixed(number: u64) -> u64 {
    let mixed = (number ^ (number >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

/// An event of one of the things that happen at this time; three minutes lie between two events.
fn event(number: u64) -> SourceEvent {
    let era = number / (OF_ONE * AT_A_TIME);
    let thing = era * AT_A_TIME + mixed(number) % AT_A_TIME;
    let person = (thing * 3 + mixed(number * 7) % 3) % 40;
    let word = |n: u64| format!("word{}", mixed(thing * 100 + n) % 5_000);
    let words: Vec<String> = (0..60)
        .map(|n| if n % 2 == 0 { word(n) } else { format!("other{}", mixed(number * 90 + n) % 5_000) })
        .collect();
    let issue = Reference::numbered(ReferenceKind::Issue, "acme/shop", thing);
    let references = if mixed(number * 3).is_multiple_of(2) { vec![issue.labelled("fixes")] } else { Vec::new() };
    SourceEvent {
        provider: "github".into(),
        event_type: "push".into(),
        source_id: number.to_string(),
        title: format!("{} {} {}", word(1), word(2), word(3)),
        body: words.join(" "),
        actor: Some(EventActor {
            id: person.to_string(),
            name: format!("person{person}"),
            email: None,
            avatar_url: None,
        }),
        occurred_at: Timestamp::from_seconds(1_700_000_000 + number as i64 * 180),
        repository: Some("acme/shop".into()),
        references,
        metadata: serde_json::Map::new(),
    }
}

/// Vectors near that of the thing, and notes them as made.
async fn make_vectors(db: &Db, workspace: &WorkspaceId, embedder: &str, size: u64) {
    for group in 0..size / GROUP {
        let (workspace, embedder) = (workspace.clone(), embedder.to_owned());
        let write = db.write(move |tx| {
            Box::pin(async move {
                let sql =
                    "INSERT INTO passage_vector (workspace_id, embedder_id, no, seq, data) VALUES ($1, $2, $3, $3, $4)";
                let rows: Vec<_> = (group * GROUP..(group + 1) * GROUP)
                    .map(|no| row![workspace.as_str(), embedder.as_str(), no as i64, vector(no)])
                    .collect();
                tx.execute_many(sql, &rows).await
            })
        });
        write.await.map(drop).unwrap();
    }
    let (workspace, embedder, ranges) = (workspace.clone(), embedder.to_owned(), format!("[[0,{size}]]"));
    let write = db.write(move |tx| {
        Box::pin(async move {
            let sql =
                "INSERT INTO embedding_progress (workspace_id, embedder_id, ranges, next_seq) VALUES ($1, $2, $3, $4)";
            tx.execute(sql, params![workspace.as_str(), embedder.as_str(), ranges.as_str(), size as i64]).await
        })
    });
    write.await.map(drop).unwrap();
}

fn vector(number: u64) -> Vec<u8> {
    let thing = number / (OF_ONE * AT_A_TIME) * AT_A_TIME + mixed(number) % AT_A_TIME;
    let step = |n: u64| (mixed(thing * 1_000 + n) % 160) as i64 - 80 + (mixed(number * 500 + n) % 80) as i64 - 40;
    let steps: Vec<i8> = (0..256).map(|n| step(n).clamp(-127, 127) as i8).collect();
    let length = steps.iter().map(|step| f32::from(*step).powi(2)).sum::<f32>().sqrt();
    let bytes = steps.iter().map(|step| step.cast_unsigned());
    (1.0 / length).to_le_bytes().into_iter().chain(bytes).collect()
}

async fn clusters(db: &Db, workspace: &WorkspaceId) -> i64 {
    let workspace = workspace.clone();
    let read = db.read(move |tx| {
        Box::pin(async move {
            let sql = "SELECT COUNT(*) FROM cluster WHERE workspace_id = $1";
            tx.one(sql, params![workspace.as_str()], |row| row.get::<i64>(0)).await
        })
    });
    let count: campanile_db::Result<i64> = read.await;
    count.unwrap()
}

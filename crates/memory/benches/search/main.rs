//! Search, measured: `cargo xtask bench search [sqlite|postgres] [passages …]`.
//!
//! Each run stores generated observations of 120 words in groups of a hundred, as the pipeline does,
//! while segments are made beside it: of two hundred people, and three of each commit. Then 256 passages are embedded, and the others get vectors by
//! chance, as the time of a comparison does not depend on them. Then it searches: warm, with two
//! writers, from a fresh start, and as often as two tasks can.
#![allow(missing_docs, clippy::unwrap_used)]

mod texts;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::source_event::{EventActor, Reference, SourceEvent};
use campanile_base::{Clock, Timestamp};
use campanile_db::testing::TestDatabase;
use campanile_db::{Db, params, row};
use campanile_engine::Engine;
use campanile_memory::embedding::embed;
use campanile_memory::search::{Latency, SearchRequest, merge, search};
use campanile_memory::{EmbedderSettings, Memory, Settings, remember};
use serde_json::json;

use texts::Texts;

/// The observations of a transaction.
const GROUP: u64 = 100;
const QUERIES: usize = 1_000;
/// The passages that are really embedded.
const EMBEDDED: i64 = 256;

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let sizes: Vec<u64> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![10_000, 100_000] } else { sizes };
    for database in TestDatabase::each().await {
        let is_wanted = |name: &str| {
            !words.iter().any(|word| word == "sqlite" || word == "postgres") || words.iter().any(|word| word == name)
        };
        if is_wanted(database.name) {
            measure(&database, &sizes).await;
        }
    }
}

async fn measure(database: &TestDatabase, sizes: &[u64]) {
    let db = match &database.url {
        Some(url) => Db::connect_postgres(url).await.unwrap(),
        None => Db::open_sqlite(&database.folder.join("bench.db")).unwrap(),
    };
    db.migrate(vec![campanile_engine::MIGRATIONS, campanile_accounts::MIGRATIONS, campanile_memory::MIGRATIONS])
        .await
        .unwrap();
    let bench = Bench::new(db, database.name);
    for &size in sizes {
        bench.fill(size).await;
        bench.describe(&database.folder).await;
        bench.searches().await;
    }
}

#[derive(Clone)]
struct Bench {
    db: Db,
    name: &'static str,
    memory: Memory,
    organisation: OrganisationId,
    workspace: WorkspaceId,
    stored: Arc<AtomicU64>,
    embedded: Arc<AtomicI64>,
}

struct Merging {
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

impl Merging {
    async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
    }
}

fn memory(db: &Db) -> Memory {
    let clock = Clock::System;
    let (engine, _) = Engine::new(db.clone(), clock.clone());
    Memory::new(
        db.clone(),
        clock,
        engine,
        Settings { index_bytes: 4 << 30, ..Settings::default() },
        EmbedderSettings::BuiltIn,
    )
    .unwrap()
}

impl Bench {
    fn new(db: Db, name: &'static str) -> Self {
        let (organisation, workspace) = ("org_bench".to_owned().into(), "ws_bench".to_owned().into());
        Self {
            memory: memory(&db),
            db,
            name,
            organisation,
            workspace,
            stored: Arc::default(),
            embedded: Arc::default(),
        }
    }

    /// Stores the next group of observations.
    async fn store(&self, texts: &mut Texts) {
        let first = self.stored.fetch_add(GROUP, Ordering::Relaxed);
        let events: Vec<SourceEvent> = (first..first + GROUP).map(|n| texts.event(n)).collect();
        let bench = self.clone();
        let stored = self.db.write(move |tx| {
            Box::pin(async move { remember(tx, &bench.memory, &bench.organisation, &bench.workspace, &events).await })
        });
        stored.await.unwrap();
    }

    /// Stores observations up to this number, with a task beside it that makes segments.
    async fn fill(&self, size: u64) {
        let merging = self.merging();
        let (began, before) = (Instant::now(), self.stored.load(Ordering::Relaxed));
        let (mut texts, mut minutes) = (Texts::new(before), Vec::new());
        let mut minute = (Instant::now(), before);
        while self.stored.load(Ordering::Relaxed) < size {
            self.store(&mut texts).await;
            if minute.0.elapsed() >= Duration::from_secs(60) {
                let now = self.stored.load(Ordering::Relaxed);
                minutes.push((now - minute.1) / 60);
                minute = (Instant::now(), now);
            }
        }
        let rate = (size - before) as f64 / began.elapsed().as_secs_f64();
        let merged = Instant::now();
        merging.stop().await;
        merge(&self.memory, &self.workspace).await.unwrap();
        let merged = merged.elapsed().as_secs_f64();
        let embedded = self.embed(size as i64).await;
        println!(
            "\n{}, {size} passages: stored {rate:.0}/s (each minute {minutes:?}), segments {merged:.1} s later, \
                embedded {embedded:.0}/s",
            self.name,
        );
    }

    /// Embeds some passages, and gives the others vectors by chance. Returns the rate of the former.
    async fn embed(&self, size: i64) -> f64 {
        let (workspace, embedder) = (self.workspace.clone(), self.memory.embedder_id().unwrap().to_owned());
        let from = self.embedded.swap(size, Ordering::Relaxed);
        let progress = |next: i64, seq: i64| {
            let (workspace, embedder, ranges) = (workspace.clone(), embedder.clone(), format!("[[0,{next}]]"));
            let set = self.db.write(move |tx| {
                Box::pin(async move {
                    let sql = "INSERT INTO embedding_progress (workspace_id, embedder_id, ranges, next_seq)
                        VALUES ($1, $2, $3, $4) ON CONFLICT (workspace_id, embedder_id)
                        DO UPDATE SET ranges = excluded.ranges, next_seq = excluded.next_seq";
                    tx.execute(sql, params![workspace.as_str(), embedder.as_str(), ranges.as_str(), seq]).await
                })
            });
            async move { set.await.map(|_: u64| ()) }
        };
        progress(size - EMBEDDED, from).await.unwrap();
        let began = Instant::now();
        embed(&self.memory, &self.workspace, Duration::from_secs(600)).await.unwrap();
        let rate = EMBEDDED as f64 / began.elapsed().as_secs_f64();
        let mut dice = Texts::new(5_555);
        for group in (from..size - EMBEDDED).step_by(5_000) {
            let vectors: Vec<_> = (group..(group + 5_000).min(size - EMBEDDED)).map(|no| (no, dice.vector())).collect();
            let (workspace, embedder) = (workspace.clone(), embedder.clone());
            let insert = self.db.write(move |tx| {
                Box::pin(async move {
                    let sql = "INSERT INTO passage_vector (workspace_id, embedder_id, no, seq, data) VALUES ($1, $2, $3, $4, $5)
                        ON CONFLICT (workspace_id, embedder_id, no) DO NOTHING";
                    let rows: Vec<_> = vectors
                        .iter()
                        .map(|(no, vector)| {
                            row![workspace.as_str(), embedder.as_str(), *no, no + EMBEDDED, vector.as_slice()]
                        })
                        .collect();
                    tx.execute_many(sql, &rows).await
                })
            });
            let inserted: campanile_db::Result<Vec<u64>> = insert.await;
            inserted.unwrap();
        }
        progress(size, size + EMBEDDED).await.unwrap();
        rate
    }

    /// Makes segments, as the job does, until it is stopped.
    fn merging(&self) -> Merging {
        let stop = Arc::new(AtomicBool::new(false));
        let (bench, stopped) = (self.clone(), stop.clone());
        let task = tokio::spawn(async move {
            while !stopped.load(Ordering::Relaxed) {
                merge(&bench.memory, &bench.workspace).await.unwrap();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        Merging { stop, task }
    }

    /// The sizes on disk and in memory.
    async fn describe(&self, folder: &Path) {
        let read = self.db.read(|tx| {
            Box::pin(async move {
                let sql = "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT), COUNT(*) FROM search_segment WHERE is_ready";
                tx.one(sql, params![], |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?))).await
            })
        });
        let (bytes, segments) = read.await.unwrap();
        let passages = self.stored.load(Ordering::Relaxed) as f64;
        let file = std::fs::metadata(folder.join("bench.db")).map_or(0, |file| file.len());
        println!(
            "  {segments} segments, {:.0} B a passage; file {:.0} B a passage",
            bytes as f64 / passages,
            file as f64 / passages
        );
        let fresh = memory(&self.db);
        let began = Instant::now();
        self.ask(&fresh, "balanced", "search").await;
        let first = began.elapsed();
        let (index, _) = fresh.index_size();
        println!(
            "  first search after a start {:.0} ms; {:.0} B in memory a passage",
            first.as_secs_f64() * 1_000.0,
            index as f64 / passages
        );
    }

    async fn ask(&self, memory: &Memory, mode: &str, query: &str) -> (Duration, Latency) {
        let request: SearchRequest = serde_json::from_value(json!({ "query": query, "mode": mode })).unwrap();
        let began = Instant::now();
        let reply = search(memory, &self.organisation, &self.workspace, request).await.unwrap();
        (began.elapsed(), reply.latency)
    }

    async fn searches(&self) {
        let mut texts = Texts::new(7_777);
        self.ask(&self.memory, "balanced", "warm").await;
        self.series("words", || (texts.query(), "balanced")).await;
        let mut dice = Texts::new(8_888);
        let most = self.stored.load(Ordering::Relaxed);
        self.series("identifiers", || (dice.identifier(most), "fast")).await;
        let (merging, stop) = (self.merging(), Arc::new(AtomicBool::new(false)));
        let writers: Vec<_> = (0..2)
            .map(|n| {
                let (bench, stop) = (self.clone(), stop.clone());
                tokio::spawn(async move {
                    let mut texts = Texts::new(1_000_000 + n);
                    while !stop.load(Ordering::Relaxed) {
                        bench.store(&mut texts).await;
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                })
            })
            .collect();
        self.series("words, beside two writers", || (texts.query(), "balanced")).await;
        stop.store(true, Ordering::Relaxed);
        for writer in writers {
            writer.await.unwrap();
        }
        merging.stop().await;
        for mode in ["fast", "balanced"] {
            self.throughput(mode).await;
        }
    }

    async fn series(&self, what: &str, mut next: impl FnMut() -> (String, &'static str)) {
        let (mut times, mut sums) = (Vec::with_capacity(QUERIES), [0.0; 6]);
        for _ in 0..QUERIES {
            let (query, mode) = next();
            let (time, latency) = self.ask(&self.memory, mode, &query).await;
            times.push(time);
            let Latency { refresh, embedding, lexical, vector, enrich, rank, .. } = latency;
            for (sum, phase) in sums.iter_mut().zip([refresh, embedding, lexical, vector, enrich, rank]) {
                *sum += phase / QUERIES as f64;
            }
        }
        times.sort();
        let at = |share: usize| times[(times.len() - 1) * share / 1_000].as_secs_f64() * 1_000.0;
        println!(
            "  {what}: p50 {:.2} ms, p99 {:.2} ms, most {:.2} ms; mean of refresh, embed, score, compare, read, order {sums:.2?} ms",
            at(500),
            at(990),
            at(1_000)
        );
    }

    /// Two tasks that search without a pause.
    async fn throughput(&self, mode: &'static str) {
        // Queries that were not asked before: a known one has its vector also in the mode that waits for none.
        let seed = 10 * self.stored.load(Ordering::Relaxed) + 2 * mode.len() as u64;
        let began = Instant::now();
        let tasks: Vec<_> = (0..2)
            .map(|n| {
                let bench = self.clone();
                tokio::spawn(async move {
                    let mut texts = Texts::new(seed + n);
                    for _ in 0..QUERIES {
                        bench.ask(&bench.memory, mode, &texts.query()).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        println!("  {mode}: {:.0} searches/s", 2.0 * QUERIES as f64 / began.elapsed().as_secs_f64());
    }
}

impl Texts {
    /// A vector of length one, in the form in which it is stored.
    fn vector(&mut self) -> Vec<u8> {
        let steps: Vec<i8> = (0..256).map(|_| (self.roll() * 255.0 - 127.0) as i8).collect();
        let length = steps.iter().map(|step| f32::from(*step).powi(2)).sum::<f32>().sqrt();
        (1.0 / length).to_le_bytes().into_iter().chain(steps.iter().map(|step| step.cast_unsigned())).collect()
    }

    fn event(&mut self, n: u64) -> SourceEvent {
        SourceEvent {
            provider: "github".into(),
            event_type: "issues.opened".into(),
            source_id: format!("bench:{n}"),
            title: format!("ABC-{n}: {}", self.words(6)),
            body: self.words(114),
            actor: Some(EventActor {
                id: (n % 200).to_string(),
                name: format!("person{}", n % 200),
                email: None,
                avatar_url: None,
            }),
            occurred_at: Timestamp::from_seconds(1_700_000_000 + n as i64),
            repository: Some("acme/shop".to_owned()),
            // Three events are of one commit.
            references: vec![Reference::commit(format!("{:040x}", n / 3)), Reference::branch("main", None)],
            metadata: serde_json::Map::new(),
        }
    }
}

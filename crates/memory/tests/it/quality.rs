//! The quality of search on real documents: the manuals within three npm packages, pinned in
//! `tests/node/package-lock.json` (`CAMPANILE_TEST_CORPORA` is their folder).
//!
//! A query is a heading, and the passage to be found is its section. In the strict sets the section
//! is stored without any heading, so that the words of the query stand there only if the author used
//! them again. In the look-up sets the headings are its title.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use campanile_db::Db;
use campanile_db::testing::TestDatabase;
use campanile_engine::Engine;
use campanile_memory::embedding::embed;
use campanile_memory::{EmbedderSettings, Memory, Settings};
use campanile_splitter::{Format, Sizes, Source, split};
use serde_json::json;

use crate::search::{Tenant, ask, clock, event, migrations, store, tenant};

/// The folders of documents, and the floor of the mean reciprocal rank in the strict set. Headings of
/// undici name parameters and examples, which few sections repeat.
const SETS: [(&str, &str, f64); 3] =
    [("fastify", "fastify/docs", 0.62), ("undici", "undici/docs", 0.27), ("pino", "pino/docs", 0.57)];
/// The sections of a set.
const SECTIONS: usize = 350;
/// The queries of a set.
const QUERIES: usize = 200;

struct Section {
    headings: Vec<String>,
    text: String,
}

#[derive(Debug, Clone, Copy, Default)]
struct Quality {
    queries: f64,
    reciprocal_ranks: f64,
    hits: f64,
}

impl Quality {
    fn add(&mut self, place: Option<usize>) {
        self.queries += 1.0;
        if let Some(place) = place {
            self.hits += 1.0;
            self.reciprocal_ranks += 1.0 / (place + 1) as f64;
        }
    }

    fn mrr(self) -> f64 {
        self.reciprocal_ranks / self.queries
    }

    fn hit(self) -> f64 {
        self.hits / self.queries
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display())) {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false if path.extension().is_some_and(|ending| ending == "md") => found.push(path),
            false => {}
        }
    }
    found.sort();
    found
}

#[allow(clippy::disallowed_methods, reason = "a test has no settings but the environment")]
fn sections(folder: &str) -> Vec<Section> {
    let corpora = std::env::var("CAMPANILE_TEST_CORPORA")
        .expect("CAMPANILE_TEST_CORPORA is not set: run `cargo xtask test`, or give it tests/node/node_modules");
    let mut sections = Vec::new();
    for path in files(&Path::new(&corpora).join(folder)) {
        let (content, name) = (std::fs::read_to_string(&path).unwrap(), path.to_string_lossy().into_owned());
        let sizes = Sizes { least: 0, ..Sizes::default() };
        let split = split(Source { content: &content, format: Format::Markdown, path: &name, title: None }, sizes);
        sections.extend(split.pieces.iter().map(|piece| Section {
            headings: piece.headings.clone(),
            text:
                split.text[piece.range.clone()].lines().filter(|line| !is_heading(line)).collect::<Vec<_>>().join("\n"),
        }));
    }
    sections.truncate(SECTIONS);
    sections
}

/// A heading of Markdown.
fn is_heading(line: &str) -> bool {
    line.starts_with('#')
}

/// The headings of two words or more that only one section has.
fn queries(sections: &[Section]) -> Vec<String> {
    let mut paths: HashMap<String, std::collections::HashSet<&[String]>> = HashMap::new();
    for section in sections {
        if let Some(last) = section.headings.last() {
            paths.entry(last.to_lowercase()).or_default().insert(&section.headings);
        }
    }
    let mut queries: Vec<String> = sections
        .iter()
        .filter_map(|section| section.headings.last())
        .filter(|heading| heading.split_whitespace().count() >= 2 && paths[&heading.to_lowercase()].len() == 1)
        .cloned()
        .collect();
    queries.dedup();
    let step = (queries.len() / QUERIES).max(1);
    queries.into_iter().step_by(step).take(QUERIES).collect()
}

/// A workspace that has the sections.
struct Set {
    memory: Memory,
    tenant: Tenant,
    /// The headings of the section of each observation.
    headings: HashMap<String, Vec<String>>,
    queries: Vec<String>,
}

impl Set {
    async fn of(db: &Db, name: &str, sections: &[Section], with_headings: bool) -> Self {
        let (clock, tenant) = (clock(), tenant(name));
        let (engine, _) = Engine::new(db.clone(), clock.clone());
        let memory = Memory::new(db.clone(), clock, engine, Settings::default(), EmbedderSettings::BuiltIn).unwrap();
        let mut headings = HashMap::new();
        for (n, section) in sections.iter().enumerate() {
            let title = if with_headings { section.headings.join(" > ") } else { String::new() };
            let id = store(&memory, db, &tenant, event(&format!("{n}"), &title, &section.text)).await;
            headings.insert(id, section.headings.clone());
        }
        embed(&memory, &tenant.workspace, Duration::from_secs(600)).await.unwrap();
        Self { memory, tenant, headings, queries: queries(sections) }
    }

    /// Asks for all headings. Returns the quality, and all results with their scores.
    async fn ask(&self, mode: &str) -> (Quality, Vec<(String, f32)>) {
        let (mut quality, mut all) = (Quality::default(), Vec::new());
        for query in &self.queries {
            // As plain words: a heading may look like a filter or a phrase.
            let words = query.replace([':', '"', '-'], " ");
            let reply = ask(&self.memory, &self.tenant, json!({ "query": words, "mode": mode, "limit": 10 })).await;
            quality.add(reply.data.iter().position(|hit| self.headings[&hit.id].last() == Some(query)));
            all.extend(reply.data.into_iter().map(|hit| (self.headings[&hit.id].join(" > "), hit.score)));
        }
        (quality, all)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sections_are_found_by_their_headings() {
    let database = TestDatabase::each().await.into_iter().find(|database| database.url.is_none()).unwrap();
    let db = Db::open_sqlite(&database.folder.join("quality.db")).unwrap();
    db.migrate(migrations()).await.unwrap();
    let (mut words, mut both, mut look_up) = (Vec::new(), Vec::new(), Vec::new());
    println!(
        "{:12} {:>8} {:>7}  words MRR  hit@10   both MRR  hit@10   title MRR  hit@10",
        "set", "sections", "queries"
    );
    for (name, folder, floor) in SETS {
        let sections = sections(folder);
        let strict = Set::of(&db, name, &sections, false).await;
        let (by_words, _) = strict.ask("fast").await;
        let (by_both, _) = strict.ask("balanced").await;
        let titled = Set::of(&db, &format!("{name}-titles"), &sections, true).await;
        let (by_title, _) = titled.ask("balanced").await;
        println!(
            "{name:12} {:8} {:7}      {:.3}   {:.3}      {:.3}   {:.3}       {:.3}   {:.3}",
            sections.len(),
            strict.queries.len(),
            by_words.mrr(),
            by_words.hit(),
            by_both.mrr(),
            by_both.hit(),
            by_title.mrr(),
            by_title.hit()
        );
        assert!(by_both.mrr() >= floor, "{name} is found worse than before");
        words.push(by_words);
        both.push(by_both);
        look_up.push(by_title);
    }
    let mean = |of: &[Quality], what: fn(Quality) -> f64| {
        of.iter().map(|quality| what(*quality)).sum::<f64>() / of.len() as f64
    };
    println!(
        "mean: words {:.3}, both {:.3}, title {:.3}",
        mean(&words, Quality::mrr),
        mean(&both, Quality::mrr),
        mean(&look_up, Quality::mrr)
    );
    assert!(mean(&both, Quality::mrr) >= 1.08 * mean(&words, Quality::mrr), "vectors add too little");
    for (words, both) in words.iter().zip(&both) {
        assert!(both.mrr() >= 0.97 * words.mrr(), "vectors harm a set");
    }
    assert!(mean(&look_up, Quality::mrr) >= 0.85, "titles");
    assert!(mean(&look_up, Quality::hit) >= 0.97, "titles");
}

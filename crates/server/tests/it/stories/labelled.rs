//! How good the rules are that read events: the entities, the category and the band of significance of the stories'
//! observations, against what a reader marked by hand.
//!
//! A reader marked what an observation names: people by handle or address, issues and projects by their readable
//! names, commits, branches, deployments, cycles, teams, files, functions, packages, settings, error codes, and the
//! services that are not themselves a source. Numbers without a meaning to people are not marked. `docs/benchmarks.md`
//! has the figures.

use std::collections::BTreeSet;

use campanile_testkit::server::Server;
use serde_json::Value;

use super::labels::{CAPTURED, Label, STORIES};
use super::{read, shared, tell, tell_captured};
use crate::BINARY;

const LETTERS: [(char, &str); 7] = [
    ('e', "engineer"),
    ('p', "project"),
    ('x', "endpoint"),
    ('c', "config"),
    ('d', "definition"),
    ('s', "service"),
    ('r', "reference"),
];

/// The counts of a comparison.
#[derive(Debug, Default)]
struct Tally {
    right: usize,
    wrong: usize,
    missed: usize,
    observations: usize,
    categories: usize,
    bands: usize,
}

impl Tally {
    fn precision(&self) -> f64 {
        self.right as f64 / (self.right + self.wrong) as f64
    }

    fn recall(&self) -> f64 {
        self.right as f64 / (self.right + self.missed) as f64
    }

    fn f1(&self) -> f64 {
        2.0 * self.precision() * self.recall() / (self.precision() + self.recall())
    }

    fn share(&self, count: usize) -> f64 {
        count as f64 / self.observations as f64
    }

    fn compare(&mut self, observation: &Value, (id, category, band, marked): &Label) {
        let marked: BTreeSet<(String, String)> = marked.split('|').filter(|one| !one.is_empty()).map(entity).collect();
        let text = |value: &Value| value.as_str().unwrap().to_lowercase();
        let found = observation["entities"].as_array().unwrap().iter();
        let found: BTreeSet<(String, String)> = found.map(|one| (text(&one["category"]), text(&one["key"]))).collect();
        let (wrong, missed): (Vec<_>, Vec<_>) =
            (found.difference(&marked).collect(), marked.difference(&found).collect());
        self.right += found.intersection(&marked).count();
        self.wrong += wrong.len();
        self.missed += missed.len();
        self.observations += 1;
        self.categories += usize::from(observation["category"] == *category);
        let score = observation["significance"].as_i64().unwrap();
        let in_band = match band {
            'l' => score < 40,
            'm' => (40..70).contains(&score),
            _ => score >= 70,
        };
        self.bands += usize::from(in_band);
        println!(
            "{id}: wrong {wrong:?}, missed {missed:?}, {} for {category}, {score} for {band}",
            observation["category"]
        );
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (categories, bands) = (self.share(self.categories), self.share(self.bands));
        let (precision, recall, f1) = (self.precision(), self.recall(), self.f1());
        write!(f, "{} observations, {} entities: ", self.observations, self.right + self.missed)?;
        write!(f, "precision {precision:.3}, recall {recall:.3}, F1 {f1:.3}; ")?;
        write!(f, "categories {categories:.3}, bands {bands:.3}")
    }
}

fn entity(one: &str) -> (String, String) {
    let (letter, key) = one.split_once(':').unwrap();
    let category = LETTERS.iter().find(|(known, _)| letter.starts_with(*known)).unwrap().1;
    (category.to_owned(), key.to_lowercase())
}

async fn compare(server: &Server, labels: &[Label], tally: &mut Tally) {
    let all = server.all("/api/observations").await;
    assert_eq!(all.len(), labels.len(), "each observation is marked");
    for label in labels {
        let observation = all.iter().find(|one| one["source_id"].as_str().unwrap().ends_with(label.0));
        let id = observation.unwrap_or_else(|| panic!("{}", label.0))["id"].as_str().unwrap();
        tally.compare(&server.get(&format!("/api/observations/{id}")).await.unwrap().json, label);
    }
}

async fn server() -> Server {
    let [database, _] = campanile_db::testing::TestDatabase::each().await;
    Server::start(BINARY, database, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn entities_and_categories_of_the_stories_are_what_a_reader_marks() {
    let mut tally = Tally::default();
    for (name, labels) in STORIES {
        let Some(path) = shared(&format!("stories/{name}.json")) else { return println!("no stories here") };
        let server = server().await;
        tell(&server, &read(&path)).await;
        compare(&server, labels, &mut tally).await;
    }
    println!("{tally}");
    assert!(tally.f1() >= 0.9 && tally.share(tally.categories) >= 0.9, "{tally}");
}

#[tokio::test(flavor = "multi_thread")]
async fn entities_of_captured_deliveries_are_what_a_reader_marks() {
    let Some(folder) = shared("captured") else { return println!("no captured deliveries here") };
    let (server, mut tally) = (server().await, Tally::default());
    tell_captured(&server, &folder).await;
    compare(&server, CAPTURED, &mut tally).await;
    println!("{tally}");
    assert!(tally.f1() >= 0.75, "{tally}");
}

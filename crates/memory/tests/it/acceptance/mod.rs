//! The acceptance of search: a made-up company, and the mix of questions that people ask of it.
//! Half of the questions for a matter are in other words than all that was written of it, the other
//! half name it as a colleague would. An answer is any event of the story that says so.

mod company;
mod questions;
mod themes;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use campanile_db::Db;
use campanile_db::testing::TestDatabase;
use campanile_engine::Engine;
use campanile_memory::embedding::embed;
use campanile_memory::search::{Confidence, SearchRequest, search};
use campanile_memory::{EmbedderSettings, Memory, Settings};
use serde_json::json;

use crate::search::{Tenant, ask, clock, migrations, store, tenant};
use questions::{Class, FOREIGN, Question};

/// The results that count.
const DEPTH: usize = 10;

/// The quality of the answers to some questions.
#[derive(Debug, Clone, Copy, Default)]
struct Quality {
    questions: f64,
    reciprocal_ranks: f64,
    recall: f64,
    gain: f64,
}

impl Quality {
    /// Adds the results of a question: for each, true if it is an answer; and the number of answers.
    fn add(&mut self, results: &[bool], answers: usize) {
        let gain = |place: usize| 1.0 / (place as f64 + 2.0).log2();
        let most = answers.min(DEPTH);
        let found: Vec<usize> = (0..results.len()).filter(|place| results[*place]).collect();
        self.questions += 1.0;
        self.reciprocal_ranks += found.first().map_or(0.0, |first| 1.0 / (*first as f64 + 1.0));
        self.recall += found.len() as f64 / most as f64;
        self.gain += found.iter().copied().map(gain).sum::<f64>() / (0..most).map(gain).sum::<f64>();
    }

    fn mean(self) -> (f64, f64, f64) {
        (self.reciprocal_ranks / self.questions, self.recall / self.questions, self.gain / self.questions)
    }
}

/// The company, remembered.
struct Workspace {
    memory: Memory,
    tenant: Tenant,
    /// The number of the happening of each observation.
    numbers: HashMap<String, usize>,
    questions: Vec<Question>,
}

impl Workspace {
    async fn of(db: &Db) -> Self {
        let (clock, tenant) = (clock(), tenant("stagepass"));
        let (engine, _) = Engine::new(db.clone(), clock.clone());
        let memory = Memory::new(db.clone(), clock, engine, Settings::default(), EmbedderSettings::BuiltIn).unwrap();
        let happenings = company::happenings();
        let mut numbers = HashMap::new();
        for (n, happening) in happenings.iter().enumerate() {
            numbers.insert(store(&memory, db, &tenant, happening.event.clone()).await, n);
        }
        embed(&memory, &tenant.workspace, Duration::from_secs(600)).await.unwrap();
        Self { memory, tenant, numbers, questions: questions::questions(&happenings) }
    }

    async fn quality(&self) -> (Quality, BTreeMap<Class, Quality>) {
        let (mut all, mut by_class) = (Quality::default(), BTreeMap::<Class, Quality>::new());
        for question in &self.questions {
            let reply = ask(&self.memory, &self.tenant, json!({ "query": question.text, "limit": DEPTH })).await;
            if reply.meta.confidence == Confidence::None {
                println!("  refused: {}", question.text);
            }
            let numbers: Vec<usize> = reply.data.iter().map(|hit| self.numbers[&hit.id]).collect();
            let results: Vec<bool> = numbers.iter().map(|number| question.answers.contains(number)).collect();
            all.add(&results, question.answers.len());
            by_class.entry(question.class).or_default().add(&results, question.answers.len());
            let mut one = Quality::default();
            one.add(&results, question.answers.len());
            if one.gain < 0.6 {
                println!("  {:?} {:.2} of {}: {}", question.class, one.gain, question.answers.len(), question.text);
                for hit in reply.data.iter().take(4) {
                    let mark = if question.answers.contains(&self.numbers[&hit.id]) { "+" } else { "-" };
                    println!("      {mark} {:.2} {} {}", hit.score, hit.occurred_at, hit.title);
                }
            }
        }
        (all, by_class)
    }

    /// The share of foreign questions that are refused.
    async fn refused(&self) -> f64 {
        let mut refused = 0;
        for text in FOREIGN {
            let request: SearchRequest = serde_json::from_value(json!({ "query": text })).unwrap();
            let Tenant { organisation, workspace } = &self.tenant;
            let reply = search(&self.memory, organisation, workspace, request).await.unwrap();
            if reply.meta.confidence == Confidence::None {
                refused += 1;
            } else {
                println!("  not refused: {text}: {:?}", reply.data.first().map(|hit| &hit.title));
            }
        }
        f64::from(refused) / FOREIGN.len() as f64
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_of_a_company_are_answered() {
    let database = TestDatabase::each().await.into_iter().find(|database| database.url.is_none()).unwrap();
    let db = Db::open_sqlite(&database.folder.join("acceptance.db")).unwrap();
    db.migrate(migrations()).await.unwrap();
    let workspace = Workspace::of(&db).await;
    let (all, by_class) = workspace.quality().await;
    println!("{:10} {:>9}    MRR   R@10   NDCG@10", "", "questions");
    for (class, quality) in by_class {
        let (mrr, recall, gain) = quality.mean();
        println!("{class:10?} {:9}   {mrr:.3}  {recall:.3}   {gain:.3}", quality.questions);
    }
    let (mrr, recall, gain) = all.mean();
    let refused = workspace.refused().await;
    println!("all        {:9}   {mrr:.3}  {recall:.3}   {gain:.3}; refused {refused:.2}", all.questions);
    assert!(mrr >= 0.80, "the first answer comes too late");
    assert!(recall >= 0.85, "answers are missing");
    assert!(gain >= 0.75, "answers stand in the wrong places");
    assert!(refused >= 0.90, "questions that nothing answers are answered");
}

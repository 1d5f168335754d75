//! A cluster while observations are added to it.

use std::collections::{BTreeMap, BTreeSet};

use campanile_base::Timestamp;
use campanile_embed::Vector;
use serde::{Deserialize, Serialize};

use super::observed::{MOST_ENTITIES, Observed};
use super::words;
use crate::clusters::reading::ClusterActor;
use crate::clusters::{LONGEST, OPEN};
use crate::observations::ClusterId;

/// The most entries of each list of a cluster.
const MOST_ACTORS: usize = 10;
const MOST_TOPICS: usize = 50;
const MOST_SUBJECTS: usize = 50;

/// A cluster with all that affinity and label need.
#[derive(Debug, Clone)]
pub(super) struct Gathering {
    pub(super) id: ClusterId,
    pub(super) organisation: String,
    pub(super) label: String,
    pub(super) title: String,
    pub(super) significance: i64,
    pub(super) observations: i64,
    pub(super) first_at: Timestamp,
    pub(super) last_at: Timestamp,
    pub(super) sources: BTreeMap<String, i64>,
    /// Accounts, with the number of their observations.
    pub(super) actors: Vec<ClusterActor>,
    /// The people behind the actors; they are not stored, as people can be joined and split.
    pub(super) people: BTreeSet<String>,
    pub(super) entities: Vec<String>,
    pub(super) topics: BTreeMap<String, i64>,
    pub(super) terms: BTreeMap<String, f32>,
    pub(super) subjects: BTreeMap<String, Subject>,
    pub(super) is_completed: bool,
    pub(super) centroid: Option<Centroid>,
    pub(super) created_at: Timestamp,
    /// The number of its observations in the database; 0 for a new one. Of joined clusters the largest.
    pub(super) known: i64,
}

/// The state of an issue or a pull request, by the newest observation that tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Subject {
    pub(super) at: i64,
    pub(super) is_open: bool,
}

/// A state of an issue or a pull request, with the cluster of the observation that tells it.
pub(super) struct ToldState {
    pub(super) key: String,
    pub(super) told: Subject,
    pub(super) cluster: Option<ClusterId>,
}

/// The mean of the vectors of one model.
#[derive(Debug, Clone)]
pub(super) struct Centroid {
    pub(super) embedder: String,
    pub(super) numbers: Vec<f32>,
    pub(super) vectors: i64,
}

impl Gathering {
    /// A cluster without observations.
    pub(super) fn new(now: Timestamp, first: &Observed) -> Self {
        Self {
            id: first.cluster.clone().unwrap_or_else(|| ClusterId::new(now)),
            organisation: first.organisation.clone(),
            label: first.title.clone(),
            title: first.title.clone(),
            significance: first.significance,
            observations: 0,
            first_at: first.occurred_at,
            last_at: first.occurred_at,
            sources: BTreeMap::new(),
            actors: Vec::new(),
            people: BTreeSet::new(),
            entities: Vec::new(),
            topics: BTreeMap::new(),
            terms: BTreeMap::new(),
            subjects: BTreeMap::new(),
            is_completed: false,
            centroid: None,
            created_at: now,
            known: 0,
        }
    }

    /// True if an observation of this time may join.
    pub(super) fn is_open_at(&self, at: Timestamp) -> bool {
        let is_near = self.first_at.minus(OPEN) <= at && at <= self.last_at.plus(OPEN);
        is_near && self.last_at.max(at).since(self.first_at.min(at)) <= LONGEST
    }

    /// The similarity of its mean to a vector. `None` if it has none of the same model.
    pub(super) fn similarity(&self, vector: &Vector) -> Option<f32> {
        let centroid = self.centroid.as_ref().filter(|centroid| centroid.numbers.len() == vector.steps.len())?;
        let length = centroid.numbers.iter().map(|number| number * number).sum::<f32>().sqrt();
        let product: f32 = centroid.numbers.iter().zip(vector.numbers()).map(|(a, b)| a * b).sum();
        (length > 0.0).then(|| product / length)
    }

    /// True if an account of this person is in it.
    pub(super) fn has_person(&self, person: &str) -> bool {
        self.people.contains(person)
    }

    /// Adds an observation. `embedder` is the model of its vector.
    pub(super) fn add(&mut self, observed: &Observed, embedder: Option<&str>) {
        self.observations += 1;
        self.first_at = self.first_at.min(observed.occurred_at);
        self.last_at = self.last_at.max(observed.occurred_at);
        if observed.significance > self.significance {
            self.significance = observed.significance;
            self.title.clone_from(&observed.title);
        }
        *self.sources.entry(observed.provider.clone()).or_default() += 1;
        self.add_actor(observed);
        for entity in &observed.entities {
            self.add_entity(entity);
        }
        for topic in &observed.topics {
            self.add_topic(topic, 1);
        }
        words::add(&mut self.terms, &observed.terms);
        self.add_subjects(observed);
        if let (Some(vector), Some(embedder)) = (&observed.vector, embedder) {
            self.add_vector(vector, embedder);
        }
    }

    /// The similarity of its mean to that of another cluster. `None` if one of them has none of the same model.
    pub(super) fn mean_similarity(&self, other: &Self) -> Option<f32> {
        let (one, other) = (self.centroid.as_ref()?, other.centroid.as_ref()?);
        (one.embedder == other.embedder).then(|| self.similarity(&Vector::new(&other.numbers)?)).flatten()
    }

    /// Adds another cluster.
    pub(super) fn absorb(&mut self, other: Self) {
        self.observations += other.observations;
        self.known = self.known.max(other.known);
        self.first_at = self.first_at.min(other.first_at);
        self.last_at = self.last_at.max(other.last_at);
        self.created_at = self.created_at.min(other.created_at);
        if other.significance > self.significance {
            self.significance = other.significance;
            self.title = other.title;
        }
        for (source, count) in other.sources {
            *self.sources.entry(source).or_default() += count;
        }
        self.absorb_actors(other.actors);
        self.people.extend(other.people);
        for entity in other.entities {
            self.add_entity(&entity);
        }
        for (topic, count) in other.topics {
            self.add_topic(&topic, count);
        }
        words::add(&mut self.terms, &other.terms);
        for (key, told) in other.subjects {
            self.add_subject(&key, told);
        }
        self.set_completed();
        self.centroid = match (self.centroid.take(), other.centroid) {
            (Some(one), Some(other)) => Some(one.with(other)),
            (one, other) => one.or(other),
        };
    }

    /// Adds people of another cluster. Those with the most observations stay.
    fn absorb_actors(&mut self, others: Vec<ClusterActor>) {
        for other in others {
            match self.actors.iter_mut().find(|known| known.id == other.id) {
                Some(known) => known.observations += other.observations,
                None => self.actors.push(other),
            }
        }
        self.actors.sort_by_key(|actor| std::cmp::Reverse(actor.observations));
        self.actors.truncate(MOST_ACTORS);
    }

    fn add_entity(&mut self, entity: &str) {
        if self.entities.len() < MOST_ENTITIES && !self.entities.iter().any(|known| known == entity) {
            self.entities.push(entity.to_owned());
        }
    }

    fn add_topic(&mut self, topic: &str, count: i64) {
        if self.topics.contains_key(topic) || self.topics.len() < MOST_TOPICS {
            *self.topics.entry(topic.to_owned()).or_default() += count;
        }
    }

    fn add_actor(&mut self, observed: &Observed) {
        let Some(actor) = &observed.actor else { return };
        if let Some(known) = self.actors.iter_mut().find(|known| known.id == actor.id) {
            known.observations += 1;
        } else if self.actors.len() < MOST_ACTORS {
            self.people.insert(actor.person.clone());
            self.actors.push(ClusterActor { id: actor.id.clone(), name: actor.name.clone(), observations: 1 });
        }
    }

    /// It is completed once all issues and pull requests whose states are told are closed.
    fn add_subjects(&mut self, observed: &Observed) {
        let at = observed.occurred_at.as_micros();
        for state in &observed.subjects {
            self.add_subject(&state.key, Subject { at, is_open: state.is_open });
        }
        self.set_completed();
    }

    fn add_subject(&mut self, key: &str, told: Subject) {
        let is_newest = match self.subjects.get(key) {
            Some(known) => known.at <= told.at,
            None => self.subjects.len() < MOST_SUBJECTS,
        };
        if is_newest {
            self.subjects.insert(key.to_owned(), told);
        }
    }

    /// Takes over a state that was told in another cluster, if this one is about the thing too. Returns true if that
    /// changes it.
    pub(super) fn learn(&mut self, key: &str, told: Subject) -> bool {
        let is_newer = self.subjects.get(key).is_some_and(|known| known.at < told.at);
        if is_newer {
            self.add_subject(key, told);
            self.set_completed();
        }
        is_newer
    }

    fn set_completed(&mut self) {
        self.is_completed = !self.subjects.is_empty() && self.subjects.values().all(|subject| !subject.is_open);
    }

    fn add_vector(&mut self, vector: &Vector, embedder: &str) {
        let numbers: Vec<f32> = vector.numbers().collect();
        match &mut self.centroid {
            Some(Centroid { embedder: known, numbers: mean, vectors })
                if known == embedder && mean.len() == numbers.len() =>
            {
                *vectors += 1;
                let share = 1.0 / *vectors as f32;
                mean.iter_mut().zip(numbers).for_each(|(mean, number)| *mean += (number - *mean) * share);
            }
            // The first one, or another model than before: vectors of two models have no mean.
            centroid => *centroid = Some(Centroid { embedder: embedder.to_owned(), numbers, vectors: 1 }),
        }
    }
}

impl Centroid {
    /// The mean of the vectors of both. That of another model is left out.
    fn with(mut self, other: Self) -> Self {
        if self.embedder != other.embedder || self.numbers.len() != other.numbers.len() {
            return self;
        }
        let all = (self.vectors + other.vectors).max(1);
        let share = other.vectors as f32 / all as f32;
        self.numbers.iter_mut().zip(&other.numbers).for_each(|(mean, number)| *mean += (number - *mean) * share);
        self.vectors = all;
        self
    }
}

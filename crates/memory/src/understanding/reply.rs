//! The replies of a language model, read and checked. Pure.

use campanile_models::json_object;
use serde::{Deserialize, Serialize};

use crate::classification::CATEGORIES;
use crate::entities::{NOISE, around};

/// A model that is less sure is not believed.
const SURE_OF_CATEGORY: f64 = 0.6;
const SURE_OF_ENTITY: f64 = 0.65;
/// The most of each.
const SECONDARY: usize = 3;
const TOPICS: usize = 5;
const MOST_ENTITIES: usize = 15;
/// The lengths of a topic and of a name, in characters.
const TOPIC: usize = 40;
const NAME: std::ops::RangeInclusive<usize> = 2..=100;
/// The kinds of entities.
const KINDS: [&str; 7] = ["engineer", "project", "endpoint", "config", "definition", "service", "reference"];

/// A category that a model is sure of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ModelCategory {
    pub(super) category: &'static str,
    /// Further categories and topics, in lower case.
    pub(super) topics: Vec<String>,
    pub(super) confidence: f64,
}

/// An entity that a model has found, as it is stored with its observation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ModelEntity {
    pub(super) category: &'static str,
    pub(super) key: String,
    pub(super) value: String,
    pub(super) confidence: f64,
    pub(super) evidence: String,
    /// The maker: other entities have none.
    pub(super) method: &'static str,
}

#[derive(Deserialize)]
struct CategoryReply {
    category: String,
    #[serde(default)]
    secondary: Vec<String>,
    #[serde(default)]
    topics: Vec<String>,
    confidence: f64,
}

#[derive(Deserialize)]
struct EntitiesReply {
    entities: Vec<EntityReply>,
}

#[derive(Deserialize)]
struct EntityReply {
    category: String,
    value: String,
    confidence: f64,
}

/// The category of a reply. `Ok(None)` if the model is not sure, or names a category that there is none of.
///
/// # Errors
/// When the reply is no JSON of this form.
pub(super) fn category(text: &str) -> Result<Option<ModelCategory>, serde_json::Error> {
    let reply: CategoryReply = serde_json::from_str(json_object(text))?;
    let known = |name: &String| CATEGORIES.into_iter().find(|known| known == name);
    let Some(category) = known(&reply.category) else { return Ok(None) };
    if !(SURE_OF_CATEGORY..=1.0).contains(&reply.confidence) {
        return Ok(None);
    }
    let secondary = reply.secondary.iter().filter_map(known).take(SECONDARY).map(str::to_owned);
    let topics = reply.topics.iter().map(|topic| topic.trim().to_lowercase());
    let topics = topics.filter(|topic| !topic.is_empty() && topic.chars().count() <= TOPIC).take(TOPICS);
    let mut all: Vec<String> = Vec::new();
    for topic in secondary.chain(topics) {
        if topic != category && !all.contains(&topic) {
            all.push(topic);
        }
    }
    Ok(Some(ModelCategory { category, topics: all, confidence: reply.confidence }))
}

/// The entities of a reply that stand in the text.
///
/// # Errors
/// When the reply is no JSON of this form.
pub(super) fn entities(reply: &str, text: &str) -> Result<Vec<ModelEntity>, serde_json::Error> {
    let reply: EntitiesReply = serde_json::from_str(json_object(reply))?;
    let mut found: Vec<ModelEntity> = Vec::new();
    for EntityReply { category, value, confidence } in reply.entities {
        let value = value.trim();
        let Some(category) = KINDS.into_iter().find(|kind| *kind == category) else { continue };
        let is_name = NAME.contains(&value.chars().count())
            && !value.chars().all(|c| c.is_ascii_digit())
            && !NOISE.contains(&value);
        let is_sure = (SURE_OF_ENTITY..=1.0).contains(&confidence);
        let Some(start) = text.find(value).filter(|_| is_name && is_sure) else { continue };
        if found.iter().any(|known| known.category == category && known.key.eq_ignore_ascii_case(value)) {
            continue;
        }
        let evidence = around(text, start, start + value.len());
        let (key, value) = (value.to_owned(), value.to_owned());
        found.push(ModelEntity { category, key, value, confidence, evidence, method: "model" });
        if found.len() == MOST_ENTITIES {
            break;
        }
    }
    Ok(found)
}

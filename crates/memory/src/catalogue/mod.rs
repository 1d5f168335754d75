//! The catalogue: the entities of a workspace, each with the observations that name it, the entities
//! that these name beside it, and its states.
//!
//! An entity has one row, which counts the observations. Which observations they are stands in the
//! observations themselves; they are found by reading a bounded number of them.

mod queries;

use std::collections::HashMap;

use campanile_accounts::WorkspaceId;
use campanile_base::{Cursor, Error, Page, PageSize, Result, Thing, Timestamp};
use campanile_db::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entities::CATEGORIES;
use crate::observations::{self, Filter, Observation};
use crate::states::{self, States, StatesOf};

/// The observations whose entities are counted as related: the newest.
const RELATED_OF: i64 = 100;
/// The most related entities.
const RELATED: usize = 20;
/// The longest key, in characters.
const LONGEST: usize = 300;
/// The stretches of observations that are read for one page, when few of them name the entity.
const STRETCHES: usize = 5;
/// Divides the parts of a cursor.
const BETWEEN: char = '\u{1f}';

/// An entity of a workspace.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EntityView {
    /// `engineer`, `project`, `endpoint`, `config`, `definition`, `service` or `reference`.
    pub category: String,
    /// Its identity within the category, in lower case.
    pub key: String,
    /// As it was written first.
    pub value: String,
    /// From 0 to 1.
    pub confidence: f64,
    /// The text around it where it was named first; empty if the provider told it in a field.
    pub evidence: String,
    /// The number of observations that name it.
    pub occurrences: i64,
    /// The observation that named it first.
    pub first_observation_id: String,
    /// The time at which the last of them was stored.
    #[schema(value_type = String, format = DateTime)]
    pub last_seen_at: Timestamp,
}

/// An entity with what stands beside it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EntityDetail {
    /// The fields that a list shows.
    #[serde(flatten)]
    pub entity: EntityView,
    /// The entities that the newest hundred of its observations name, the most frequent first: twenty at
    /// most.
    pub related: Vec<RelatedEntity>,
    /// Its states, as events tell them.
    pub states: States,
}

/// An entity that observations name together with another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RelatedEntity {
    /// Its category.
    pub category: String,
    /// Its identity within the category, in lower case.
    pub key: String,
    /// As it is written.
    pub value: String,
    /// The number of observations that name both.
    pub count: i64,
}

/// The order of a list of entities.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EntityOrder {
    /// By the first naming, the latest first.
    #[default]
    Newest,
    /// By the number of observations, among those that were named more than once.
    Most,
    /// By category and key.
    Name,
}

/// The entities that a list includes.
#[derive(Debug, Clone, Default)]
pub struct EntityFilter {
    /// The category.
    pub category: Option<String>,
    /// The begin of the key, in any case. The list is by name then.
    pub prefix: Option<String>,
    /// The order.
    pub order: EntityOrder,
}

impl EntityFilter {
    /// The order in which the list is read.
    pub fn effective_order(&self) -> EntityOrder {
        match self.order {
            EntityOrder::Newest if !self.normal_prefix().is_empty() => EntityOrder::Name,
            order => order,
        }
    }

    fn normal_prefix(&self) -> String {
        self.prefix.as_deref().map(str::trim).unwrap_or_default().to_lowercase()
    }
}

/// A page of the entities of a workspace.
///
/// # Errors
/// `InvalidField` for an unknown category, and for a prefix in another order than by name.
pub async fn page(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    filter: &EntityFilter,
    from: &Cursor,
    size: PageSize,
) -> Result<Page<EntityView>> {
    let category = filter.category.as_deref();
    category.map_or(Ok(()), known)?;
    let prefix = filter.normal_prefix();
    if prefix.chars().count() > LONGEST {
        return Err(Error::invalid_field("prefix", format!("must have at most {LONGEST} characters")));
    }
    if !prefix.is_empty() && filter.order == EntityOrder::Most {
        return Err(Error::invalid_field("order", "must be name when there is a prefix"));
    }
    let place: Vec<&str> = from.id.split(BETWEEN).collect();
    let place = |n: usize| place.get(n).copied().unwrap_or_default();
    let (rows, cursor): (Vec<EntityView>, fn(&EntityView) -> Cursor) = match filter.effective_order() {
        EntityOrder::Newest => {
            let before = match from.id.is_empty() {
                true => ("\u{10FFFF}", "", ""),
                false => (place(0), place(1), place(2)),
            };
            (queries::newest(tx, workspace, category, before, size).await?, |last| {
                let id = format!("{}{BETWEEN}{}{BETWEEN}{}", last.first_observation_id, last.category, last.key);
                Cursor { at: last.last_seen_at, id }
            })
        }
        EntityOrder::Most => {
            let after = (from.at.as_micros(), place(0), place(1));
            (queries::most(tx, workspace, category, after, size).await?, |last| Cursor {
                at: Timestamp::from_micros(last.occurrences),
                id: format!("{}{BETWEEN}{}", last.category, last.key),
            })
        }
        EntityOrder::Name => {
            let mut rows = Vec::new();
            let listed = CATEGORIES.iter().filter(|one| category.is_none_or(|wanted| wanted == **one));
            // One query for each category, so that each walks its index.
            for one in listed.filter(|one| **one >= place(0)) {
                let after = if *one == place(0) { place(1) } else { "" };
                rows.extend(queries::by_name(tx, workspace, one, &prefix, after, size).await?);
                if rows.len() as i64 >= size.to_fetch() {
                    break;
                }
            }
            (rows, |last| Cursor { at: last.last_seen_at, id: format!("{}{BETWEEN}{}", last.category, last.key) })
        }
    };
    Ok(Page::of(rows, size, cursor))
}

/// An entity of a workspace with what stands beside it.
///
/// # Errors
/// `InvalidField` for an unknown category; `NotFound` for an entity that no observation names.
pub async fn entity(tx: &mut Tx, workspace: &WorkspaceId, category: &str, key: &str) -> Result<EntityDetail> {
    let entity = found(tx, workspace, category, key).await?;
    let (from, size) = (Cursor::newest(), PageSize::new(Some(RELATED_OF))?);
    let newest = observations_of(tx, workspace, category, key, &from, size).await?;
    let ids: Vec<String> = newest.data.into_iter().map(|observation| observation.id.to_string()).collect();
    let mut counts: HashMap<(String, String), (String, i64)> = HashMap::new();
    for named in queries::entities_of(tx, workspace, &ids).await?.into_iter().flatten() {
        let of = (named.category, named.key.to_lowercase());
        if of != (entity.category.clone(), entity.key.clone()) {
            counts.entry(of).or_insert((named.value, 0)).1 += 1;
        }
    }
    let related = |((category, key), (value, count))| RelatedEntity { category, key, value, count };
    let mut related: Vec<RelatedEntity> = counts.into_iter().map(related).collect();
    related.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| (&a.category, &a.key).cmp(&(&b.category, &b.key))));
    related.truncate(RELATED);
    let states = states::states(tx, workspace, StatesOf::Named(vec![entity.value.clone()]), None, None).await?;
    Ok(EntityDetail { entity, related, states })
}

/// A page of the observations that name an entity, newest first. A page may be short, or empty, and
/// still not be the last.
///
/// # Errors
/// `InvalidField` for an unknown category; `NotFound` for an entity that no observation names.
pub async fn observations(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    (category, key): (&str, &str),
    from: &Cursor,
    size: PageSize,
) -> Result<Page<Observation>> {
    found(tx, workspace, category, key).await?;
    observations_of(tx, workspace, category, key, from, size).await
}

async fn observations_of(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    category: &str,
    key: &str,
    from: &Cursor,
    size: PageSize,
) -> Result<Page<Observation>> {
    let entity = Some(key.to_lowercase());
    let filter = Filter { entity, entity_category: Some(category.to_owned()), ..Filter::default() };
    let (mut data, mut from) = (Vec::new(), from.clone());
    for _ in 0..STRETCHES {
        let left = PageSize::new(Some((size.get() - data.len()) as i64))?;
        let page = observations::page(tx, workspace, &filter, &from, left).await?;
        data.extend(page.data);
        match page.next {
            Some(next) if data.len() < size.get() => from = next,
            next => return Ok(Page { data, next }),
        }
    }
    Ok(Page { data, next: Some(from) })
}

async fn found(tx: &mut Tx, workspace: &WorkspaceId, category: &str, key: &str) -> Result<EntityView> {
    known(category)?;
    let row = queries::by_key(tx, workspace, category, &key.to_lowercase()).await?;
    row.ok_or(Error::NotFound(Thing::Entity))
}

fn known(category: &str) -> Result<()> {
    match CATEGORIES.contains(&category) {
        true => Ok(()),
        false => Err(Error::invalid_field("category", format!("must be one of {}", CATEGORIES.join(", ")))),
    }
}

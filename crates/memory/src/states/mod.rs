//! Temporal states: the status, assignee, priority, health and progress of issues, pull requests,
//! deployments and projects, since when, and by whom they were changed.
//!
//! An observation [tells some states](facts). Each is a row, stored in the transaction of the observation
//! with one statement. Nothing is closed or changed when a later event comes: the time until which a
//! state held is the time of the next row, so events may arrive in any order. [`history`] derives the
//! stretches of time when they are read.
//!
//! The rows of an observation are removed with it.

mod facts;
mod history;
mod queries;
#[cfg(test)]
mod tests;

use campanile_accounts::WorkspaceId;
use campanile_base::{Error, Result, Timestamp};
use campanile_db::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use crate::observations::Draft;
use crate::search::ActorName;
use history::stretches;
pub(crate) use queries::remove;

/// The rows that one answer is derived from: the newest of them.
const MOST_ROWS: i64 = 2_000;
/// The longest name of an entity, in characters.
const LONGEST_NAME: usize = 300;
/// The most names that are looked up together.
const MOST_NAMES: usize = 50;

/// A thing that has states.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
pub struct StateEntity {
    /// `issue`, `pr`, `deployment`, `service` or `project`.
    #[serde(rename = "type")]
    pub entity_type: String,
    /// Its identity, in lower case: `eng-42`, `acme/shop#12`.
    pub id: String,
    /// The provider.
    pub provider: String,
}

/// A state that held for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StateView {
    /// The thing.
    pub entity: StateEntity,
    /// The thing as people write it: `ENG-42`, `#12`, `Checkout`.
    pub name: String,
    /// `status`, `assignee`, `priority`, `health` or `progress`.
    pub state: String,
    /// The value; `null` if there was none: nobody was assigned.
    pub value: Option<String>,
    /// The value before it, if one is known.
    pub previous: Option<String>,
    /// The time since which it held.
    #[schema(value_type = String, format = DateTime)]
    pub valid_from: Timestamp,
    /// The time at which another value took its place.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_to: Option<Timestamp>,
    /// True if it holds now.
    pub is_current: bool,
    /// The person who made the change, if the provider names one.
    pub changed_by: Option<ActorName>,
    /// The observation that told it first.
    pub observation_id: String,
}

/// The states of some things.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct States {
    /// By thing and kind of state, the newest first.
    pub data: Vec<StateView>,
    /// True if older changes are left out.
    pub is_cut: bool,
}

/// A state as an event tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StateRow {
    pub(crate) entity: StateEntity,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) value: Option<String>,
    pub(crate) valid_from: Timestamp,
    pub(crate) changed_by: Option<ActorName>,
    pub(crate) observation_id: String,
}

/// Stores the states that observations tell: with one statement, or with none if they tell none.
pub(crate) async fn record(tx: &mut Tx, workspace: &WorkspaceId, drafts: &[Draft<'_>]) -> Result<()> {
    let rows: Vec<StateRow> = drafts.iter().flat_map(facts::rows).collect();
    if rows.is_empty() {
        return Ok(());
    }
    Ok(queries::insert(tx, workspace, &rows).await?)
}

/// The things whose states are asked for.
#[derive(Debug, Clone)]
pub enum StatesOf {
    /// The things with one of these names or ids.
    Named(Vec<String>),
    /// The things that an observation tells states of.
    Observation(String),
}

/// The history of states of some things; with `at`, only those that held at that time.
///
/// # Errors
/// `InvalidField` for names out of bounds.
pub async fn states(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    of: StatesOf,
    entity_type: Option<&str>,
    at: Option<Timestamp>,
) -> Result<States> {
    let rows = match of {
        StatesOf::Named(names) => {
            let is_name = |name: &String| !name.trim().is_empty() && name.chars().count() <= LONGEST_NAME;
            if names.is_empty() || names.len() > MOST_NAMES || !names.iter().all(is_name) {
                return Err(Error::invalid_field("entity", format!("must have from 1 to {LONGEST_NAME} characters")));
            }
            let keys: Vec<String> = names.iter().map(|name| facts::key(name)).collect();
            queries::named(tx, workspace, &keys, MOST_ROWS).await?
        }
        StatesOf::Observation(id) => {
            let mut keys = queries::keys_of(tx, workspace, &id).await?;
            keys.truncate(MOST_NAMES);
            if keys.is_empty() {
                return Ok(States::default());
            }
            queries::with_keys(tx, workspace, &keys, MOST_ROWS).await?
        }
    };
    let is_cut = rows.len() as i64 == MOST_ROWS;
    let mut data = stretches(rows);
    data.retain(|state| entity_type.is_none_or(|wanted| state.entity.entity_type == wanted));
    if let Some(at) = at {
        data.retain(|state| state.valid_from <= at && state.valid_to.is_none_or(|end| at < end));
    }
    Ok(States { data, is_cut })
}

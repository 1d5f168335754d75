//! Events, and the conditions by which runs match them.

use campanile_base::{Result, Timestamp, new_id};
use campanile_db::stored_json;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::events::EventRow;

/// An event to be sent.
#[derive(Debug, Clone)]
pub struct NewEvent {
    pub(crate) name: String,
    pub(crate) tenant: String,
    pub(crate) data: Value,
    pub(crate) id: Option<String>,
}

/// An event that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentEvent {
    /// The event's id.
    pub id: String,
    /// False if an event with this id was sent before. Then this one did nothing.
    pub is_new: bool,
}

impl NewEvent {
    /// An event of this name in `tenant`. Other tenants do not receive it.
    ///
    /// # Panics
    /// When `data` cannot be written as JSON, which plain structs always can.
    pub fn new(name: impl Into<String>, tenant: impl Into<String>, data: &impl Serialize) -> Self {
        let data = serde_json::to_value(data).expect("an event's data are plain");
        Self { name: name.into(), tenant: tenant.into(), data, id: None }
    }

    /// Sets the sender's own id. If an event with this id was sent before in this tenant, this one
    /// does nothing.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    pub(crate) fn into_event(self, now: Timestamp) -> (Event, String) {
        let id = match self.id {
            Some(id) => format!("{}:{id}", self.tenant),
            None => new_id("event", now),
        };
        (Event { id, name: self.name, data: self.data, at: now }, self.tenant)
    }
}

/// An event as workflows receive it. In expressions it is `event` or `async`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The event's id.
    pub id: String,
    /// The event's name.
    pub name: String,
    /// The payload.
    pub data: Value,
    /// The time it was sent.
    pub at: Timestamp,
}

impl Event {
    /// The event of a run that is called directly.
    pub(crate) fn call(data: Value, now: Timestamp) -> Self {
        Self { id: new_id("event", now), name: "engine/called".to_owned(), data, at: now }
    }

    pub(crate) fn row(&self, tenant: &str) -> EventRow {
        EventRow {
            id: self.id.clone(),
            name: self.name.clone(),
            tenant: tenant.to_owned(),
            at: self.at,
            data: self.data.to_string(),
        }
    }

    /// # Errors
    /// `Internal` when the stored data are not JSON.
    pub(crate) fn from_row(row: EventRow) -> Result<Self> {
        let data = stored_json("event", &row.id, &row.data)?;
        Ok(Self { id: row.id, name: row.name, data, at: row.at })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::to_value(self).expect("an event is plain data")
    }
}

/// A condition on events of one name.
#[derive(Debug, Clone, Default)]
pub struct Matching {
    pub(crate) equal: Option<(String, Value)>,
    pub(crate) expression: Option<String>,
}

impl Matching {
    /// Matches every event.
    pub fn any() -> Self {
        Self::default()
    }

    /// Matches events with this value at this path, such as `data.sourceId`. Waiting runs are
    /// looked up by it, so the cost of an event does not depend on the number of runs that wait for
    /// other values.
    pub fn equal(path: &str, value: impl Into<Value>) -> Self {
        Self { equal: Some((path.to_owned(), value.into())), expression: None }
    }

    /// Adds a condition: this expression must hold. In it, `event` is the run's own event and
    /// `async` is the one that arrived.
    #[must_use]
    pub fn when(mut self, expression: &str) -> Self {
        self.expression = Some(expression.to_owned());
        self
    }

    /// The condition's key, as stored and looked up.
    pub(crate) fn equality(&self) -> String {
        self.equal.as_ref().map_or_else(String::new, |(path, value)| format!("{path}={value}"))
    }
}

/// The key of the equality that an event fulfils at a path; `None` when the event has no value
/// there.
pub(crate) fn equality_at(event: &Value, path: &str) -> Option<String> {
    if path.is_empty() {
        return Some(String::new());
    }
    let value = path.split('.').try_fold(event, |value, field| value.get(field))?;
    Some(format!("{path}={value}"))
}

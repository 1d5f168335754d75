//! Events: what was said, by whom it is heard.

use campanile_base::{Timestamp, new_id};
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

impl NewEvent {
    /// An event of this name in `tenant`: nobody in another hears it.
    ///
    /// # Panics
    /// When `data` cannot be written as JSON, which plain structs always can.
    pub fn new(name: impl Into<String>, tenant: impl Into<String>, data: &impl Serialize) -> Self {
        let data = serde_json::to_value(data).expect("an event's data are plain");
        Self { name: name.into(), tenant: tenant.into(), data, id: None }
    }

    /// An id of the sender's: an event whose id was sent before in this tenant does nothing.
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

/// An event, as those who hear it see it; in expressions it is `event` or `async`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// What happened.
    pub name: String,
    /// To what.
    pub data: Value,
    /// When it was sent.
    pub at: Timestamp,
}

impl Event {
    /// What a run that is called directly has in place of one.
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

    pub(crate) fn from_row(row: EventRow) -> Self {
        let data = serde_json::from_str(&row.data).unwrap_or_default();
        Self { id: row.id, name: row.name, data, at: row.at }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::to_value(self).expect("an event is plain data")
    }
}

/// Which events of a name are meant.
#[derive(Debug, Clone, Default)]
pub struct Matching {
    pub(crate) equal: Option<(String, Value)>,
    pub(crate) expression: Option<String>,
}

impl Matching {
    /// All of them.
    pub fn any() -> Self {
        Self::default()
    }

    /// Those that have this value at this path, such as `data.sourceId`. However many runs wait for
    /// an event in this way, only those that it is meant for are looked at.
    pub fn equal(path: &str, value: impl Into<Value>) -> Self {
        Self { equal: Some((path.to_owned(), value.into())), expression: None }
    }

    /// And for which this expression holds, over the run's own `event` and the one that came,
    /// `async`.
    #[must_use]
    pub fn when(mut self, expression: &str) -> Self {
        self.expression = Some(expression.to_owned());
        self
    }

    /// As it is stored and looked up.
    pub(crate) fn equality(&self) -> String {
        self.equal.as_ref().map_or_else(String::new, |(path, value)| format!("{path}={value}"))
    }
}

/// The equality that an event fulfils at a path; none when it has nothing there.
pub(crate) fn equality_at(event: &Value, path: &str) -> Option<String> {
    if path.is_empty() {
        return Some(String::new());
    }
    let value = path.split('.').try_fold(event, |value, field| value.get(field))?;
    Some(format!("{path}={value}"))
}

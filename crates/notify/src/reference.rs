//! References: the names of users, tenants and objects.

use std::fmt;

use campanile_base::{Error, Result};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

/// The collection of users.
pub const USERS: &str = "$users";
/// The collection of tenants.
pub const TENANTS: &str = "$tenants";
/// The collection of audiences; a reference to one stands for its members.
pub const AUDIENCES: &str = "$audiences";
/// The longest id or collection, in characters.
const LONGEST: usize = 256;

/// The reference of a recipient. A user is written as its id alone; all others as `id` and
/// `collection`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    /// `$users`, `$tenants`, or a name that the caller has chosen.
    pub collection: String,
    /// The id, unique within the collection.
    pub id: String,
}

impl Reference {
    /// A user.
    pub fn user(id: impl Into<String>) -> Self {
        Self { collection: USERS.to_owned(), id: id.into() }
    }

    /// A tenant.
    pub fn tenant(id: impl Into<String>) -> Self {
        Self { collection: TENANTS.to_owned(), id: id.into() }
    }

    /// An object.
    pub fn object(collection: impl Into<String>, id: impl Into<String>) -> Self {
        Self { collection: collection.into(), id: id.into() }
    }

    /// True if it is a user.
    pub fn is_user(&self) -> bool {
        self.collection == USERS
    }

    /// Checks the length and the characters.
    ///
    /// # Errors
    /// `InvalidField`.
    pub fn checked(self) -> Result<Self> {
        for (field, word) in [("id", &self.id), ("collection", &self.collection)] {
            if word.is_empty() || word.chars().count() > LONGEST {
                return Err(Error::invalid_field(field, format!("must have between 1 and {LONGEST} characters")));
            }
            if word.contains(['/', '#', '\0']) {
                return Err(Error::invalid_field(field, "must not contain /, # or the character U+0000"));
            }
        }
        Ok(self)
    }

    /// Reads a reference of a request: an id, or an object with `id` and `collection`.
    ///
    /// # Errors
    /// `InvalidField`.
    pub fn parse(value: &Value) -> Result<Self> {
        let named = match value {
            Value::String(id) => Self::user(id),
            Value::Object(map) => Self::of_map(map)?,
            _ => return Err(Error::invalid_field("recipient", "must be an id, or an object with id and collection")),
        };
        named.checked()
    }

    pub(crate) fn of_map(map: &Map<String, Value>) -> Result<Self> {
        let word = |name: &str| map.get(name).and_then(Value::as_str);
        let id = word("id").ok_or_else(|| Error::invalid_field("id", "is required"))?;
        Ok(match word("collection") {
            Some(collection) => Self::object(collection, id),
            None => Self::user(id),
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.collection, self.id)
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self.is_user() {
            true => serializer.serialize_str(&self.id),
            false => json!({ "id": self.id, "collection": self.collection }).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Self::parse(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

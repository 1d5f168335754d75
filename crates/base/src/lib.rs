//! The basic types of every other crate: ids, timestamps, the clock, secrets, pages, and the kinds
//! of error that a caller can act on.
//!
//! Only this crate reads the system clock and the random source. It has no storage, no HTTP and no
//! async code. So everything above can be tested without them.

pub mod bounds;
mod cache;
mod clock;
mod error;
pub mod histogram;
mod html;
mod id;
mod json_values;
mod page;
pub mod plain_text;
pub mod schema_budget;
mod secret;
pub mod source_event;
mod thing;
mod time;
mod vault;
mod web_address;

pub use cache::{Cache, FOR_EVER};
pub use clock::Clock;
pub use error::{Error, Fault, Result};
pub use html::escape_html;
pub use id::{Kind, ksuid_of, lowest_id, lowest_ksuid, new_id, new_ksuid, new_uuid, random_bytes, time_of_id, uuid_of};
pub use json_values::ValueCount;
pub use page::{Cursor, Page, PageSize};
pub use secret::{Secret, constant_time_eq, random_token, sha256_hex};
pub use thing::Thing;
pub use time::Timestamp;
pub use vault::{Place, Vault};
pub use web_address::{LONGEST_ADDRESS, is_web_address};

/// Declares an id type: a string with a fixed prefix, which sorts by time of creation.
///
/// ```
/// campanile_base::id_type!(
///     /// One endpoint.
///     pub EndpointId, "ep"
/// );
/// let id = EndpointId::new(campanile_base::Timestamp::from_micros(1_700_000_000_000_000));
/// assert!(id.as_str().starts_with("ep_"));
/// ```
#[macro_export]
macro_rules! id_type {
    ($(#[$doc:meta])* $vis:vis $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis struct $name($crate::Kind);
        impl $name {
            /// A fresh id whose order is that of `at`.
            $vis fn new(at: $crate::Timestamp) -> Self {
                Self($crate::Kind::from($crate::new_id($prefix, at)))
            }
            /// The id as it is written everywhere.
            $vis fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self($crate::Kind::from(text))
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.as_str())
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d).map(Self::from)
            }
        }
    };
}

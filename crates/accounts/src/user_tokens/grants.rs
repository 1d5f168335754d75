//! Grants: the access that a user's token gives.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The grants in a token's claims.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Grants {
    /// Resources by their addresses, each with the names of its permissions. The values of the
    /// names are ignored.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    grants: BTreeMap<String, BTreeMap<String, Value>>,
    /// True if only these grants count, even for the user's own data.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    explicit_grants: bool,
}

impl Grants {
    /// Grants for these resources (such as `objects/projects/p1`), in addition to the user's own
    /// data.
    pub fn of<'g>(grants: impl IntoIterator<Item = (&'g str, &'g [&'g str])>) -> Self {
        let named = grants.into_iter().map(|(resource, permissions)| {
            let permissions = permissions.iter().map(|name| ((*name).to_owned(), Value::Array(Vec::new())));
            (format!("https://api.knock.app/v1/{resource}"), permissions.collect())
        });
        Self { grants: named.collect(), explicit_grants: false }
    }

    /// True if the user's own data needs no grant.
    pub fn opens_own(&self) -> bool {
        !self.explicit_grants
    }

    /// True if a permission is granted for a user.
    pub fn names_user(&self, user: &str, permission: &str) -> bool {
        self.names(&[format!("users/{user}")], permission)
    }

    /// True if a permission is granted for an object. Tenants are the objects of the collection
    /// `$tenants`.
    pub fn names_object(&self, collection: &str, id: &str, permission: &str) -> bool {
        let mut paths = vec![format!("objects/{collection}/{id}")];
        if collection == "$tenants" {
            paths.push(format!("tenants/{id}"));
        }
        self.names(&paths, permission)
    }

    /// The tenants to which feeds and preferences are limited; empty if no tenant is named.
    pub fn tenants(&self) -> Vec<&str> {
        let paths = self.grants.keys().map(|address| path_of(address));
        paths.filter_map(|path| path.strip_prefix("objects/$tenants/").or(path.strip_prefix("tenants/"))).collect()
    }

    fn names(&self, paths: &[String], permission: &str) -> bool {
        let named = self.grants.iter().filter(|(address, _)| paths.iter().any(|path| path == path_of(address)));
        named.flat_map(|(_, permissions)| permissions.keys()).any(|name| full_name(name) == permission)
    }
}

/// The path of an address, without its host.
fn path_of(address: &str) -> &str {
    address.split_once("/v1/").map_or(address, |(_, path)| path)
}

/// The full name of a permission. The documentation has further names for these two.
fn full_name(name: &str) -> &str {
    match name {
        "feed/read" | "user_feed/read" => "user/feed_read",
        "feed/write" | "user_feed/write" => "user/feed_write",
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn grants(claims: Value) -> Grants {
        serde_json::from_value(claims).unwrap()
    }

    #[test]
    fn a_token_without_grants_opens_its_own_user_and_nothing_else() {
        let plain = grants(json!({}));
        assert!(plain.opens_own());
        assert!(!plain.names_object("$tenants", "acme", "slack/channels_read"));
        assert!(plain.tenants().is_empty());
    }

    #[test]
    fn tenants_are_named_in_two_ways_and_under_any_host() {
        let named = grants(json!({ "grants": {
            "https://api.knock.app/v1/objects/$tenants/acme": { "slack/channels_read": [{}] },
            "https://bell.example.com/v1/tenants/other": { "feed/read": [] },
        } }));
        assert!(named.names_object("$tenants", "acme", "slack/channels_read"));
        assert!(!named.names_object("$tenants", "other", "slack/channels_read"));
        assert!(named.names_object("$tenants", "other", "user/feed_read"));
        assert_eq!(named.tenants(), ["acme", "other"]);
    }

    #[test]
    fn explicit_grants_close_what_is_not_named() {
        let explicit = grants(json!({ "explicit_grants": true,
            "grants": { "https://api.knock.app/v1/users/jane": { "user/feed_read": [] } } }));
        assert!(!explicit.opens_own());
        assert!(explicit.names_user("jane", "user/feed_read"));
        assert!(!explicit.names_user("jane", "preferences/read") && !explicit.names_user("john", "user/feed_read"));
    }
}

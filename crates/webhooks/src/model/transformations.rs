//! The script of an endpoint, as it is stored.

use std::collections::BTreeMap;

use campanile_base::{Error, Result, Timestamp, Vault};
use serde::{Deserialize, Serialize};

/// The transformation of an endpoint.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transformation {
    /// The script.
    pub code: Option<String>,
    /// True if it runs.
    pub enabled: bool,
    /// The variables that the script receives as `env`.
    pub variables: Option<BTreeMap<String, String>>,
    /// The time of the last change.
    pub updated_at: Option<Timestamp>,
}

impl Transformation {
    /// Its script, if it is to be run.
    pub(crate) fn script(&self) -> Option<&str> {
        self.code.as_deref().filter(|_| self.enabled)
    }
}

/// Decrypts a stored transformation; the default if none is stored.
pub(crate) fn opened(vault: &Vault, sealed: Option<&str>) -> Result<Transformation> {
    let Some(sealed) = sealed else { return Ok(Transformation::default()) };
    serde_json::from_str(vault.open(sealed)?.expose()).map_err(Error::internal)
}

//! The data by which the account to connect is found, beside the tokens: fields that a person fills
//! in, or what a provider says of a consent.

use std::collections::BTreeMap;

use campanile_base::{Error, Result};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The longest value of a field, in bytes.
const LONGEST: usize = 100;
/// The number of characters of an unknown name that a refusal repeats.
const NAME: usize = 64;

/// A field that a person fills in beside a token.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct TokenField {
    /// Its name in `fields` of `POST /api/connect/{provider}/token`.
    pub name: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// An example of a value.
    pub placeholder: &'static str,
    /// The value to fill in, in a sentence.
    pub hint: &'static str,
    /// True if it must be filled in.
    pub is_required: bool,
}

/// The values of fields by their names. None is empty.
pub(crate) type FieldValues = BTreeMap<String, String>;

/// Checks the values of fields, and leaves out those that are empty.
///
/// # Errors
/// `InvalidField` for a field that the provider does not have, for one that is missing, and for a value
/// that is too long or has characters that no name at a provider has.
pub(crate) fn checked_fields(known: &[TokenField], given: FieldValues) -> Result<FieldValues> {
    let trimmed = given.into_iter().map(|(name, value)| (name, value.trim().to_owned()));
    let given: FieldValues = trimmed.filter(|(_, value)| !value.is_empty()).collect();
    if let Some(unknown) = given.keys().find(|name| !known.iter().any(|field| field.name == name.as_str())) {
        let names: Vec<&str> = known.iter().map(|field| field.name).collect();
        let said =
            if names.is_empty() { "there are none".to_owned() } else { format!("they are {}", names.join(", ")) };
        let unknown: String = unknown.chars().take(NAME).collect();
        return Err(Error::invalid_field("fields", format!("has {unknown:?}; {said}")));
    }
    for field in known {
        match given.get(field.name) {
            None if field.is_required => return Err(Error::invalid_field(field.name, "must be filled in")),
            Some(value) if !is_plain(value) => {
                let rule = format!("must be at most {LONGEST} letters, digits and -._~");
                return Err(Error::invalid_field(field.name, rule));
            }
            _ => {}
        }
    }
    Ok(given)
}

/// True for a name or an id that can be a step of a path as it is.
pub(crate) fn is_plain(value: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    let is_step = value.chars().any(|c| c.is_ascii_alphanumeric());
    value.len() <= LONGEST && is_step && value.chars().all(is_name)
}

/// The things that a provider says of a consent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grant<'g> {
    /// The fields beside the tokens in the answer of the token endpoint.
    pub(crate) extra: &'g Map<String, Value>,
    /// The id of the installation with which the provider has led the person back. Anybody can
    /// write one.
    pub(crate) configuration: Option<&'g str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEAM: TokenField =
        TokenField { name: "team", label: "Team", placeholder: "acme", hint: "Its name.", is_required: false };

    fn values(pairs: &[(&str, &str)]) -> FieldValues {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn fields_are_those_of_the_provider_and_their_values_are_names() {
        assert_eq!(checked_fields(&[TEAM], values(&[("team", " acme ")])).unwrap(), values(&[("team", "acme")]));
        assert!(checked_fields(&[TEAM], values(&[("team", "  ")])).unwrap().is_empty());
        assert!(checked_fields(&[], values(&[("team", "")])).unwrap().is_empty());
        for (known, given) in [
            (TEAM, values(&[("tea", "acme")])),
            (TEAM, values(&[("team", "a/b")])),
            (TEAM, values(&[("team", "..")])),
            (TEAM, values(&[("team", &"x".repeat(101))])),
            (TokenField { is_required: true, ..TEAM }, values(&[])),
        ] {
            let refused = checked_fields(&[known], given);
            assert!(matches!(refused, Err(Error::InvalidField { .. })), "{refused:?}");
        }
    }
}

//! Query parameters of the Svix API, in all forms that its clients write.
//!
//! Names are in snake case; unknown ones are ignored. A value of the wrong kind is a 400. Lists
//! come as `a,b`, as repeated parameters, and as `name[]=a` or `name[0]=a`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use campanile_base::Timestamp;
use campanile_http::Web;

use super::error::{SvixError, SvixResult};

/// The default and the largest number of items of a page.
const LIMIT: i64 = 50;
const MOST: i64 = 250;

/// The parameters of a request.
pub(crate) struct Query(Vec<(String, String)>);

impl FromRequestParts<Web> for Query {
    type Rejection = SvixError;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, SvixError> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

impl Query {
    pub(crate) fn parse(query: &str) -> Self {
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The parameters without those of this name.
    pub(super) fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(known, _)| known != name).cloned().collect())
    }

    /// A text, if it is given and not empty. Of repeated ones, the last.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let given = self.0.iter().rev().find(|(known, _)| known == name);
        given.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A flag.
    pub(super) fn flag(&self, name: &str, otherwise: bool) -> SvixResult<bool> {
        match self.text(name) {
            None => Ok(otherwise),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(other) => Err(SvixError::query(format!("{name}: {other:?} is neither true nor false"))),
        }
    }

    /// A whole number.
    pub(super) fn number(&self, name: &str) -> SvixResult<Option<i64>> {
        let read = |text: &str| text.parse().map_err(|_| SvixError::query(format!("{name}: {text:?} is no number")));
        self.text(name).map(read).transpose()
    }

    /// The number of items that the request wants.
    pub(super) fn limit(&self) -> SvixResult<i64> {
        match self.number("limit")?.unwrap_or(LIMIT) {
            limit if limit < 0 => Err(SvixError::query("limit: it cannot be negative")),
            limit if limit > MOST => {
                Err(SvixError::value(&["query", "limit", "limit"], format!("Given limit must not exceed {MOST}")))
            }
            limit => Ok(limit),
        }
    }

    /// A point in time.
    pub(super) fn time(&self, name: &str) -> SvixResult<Option<Timestamp>> {
        let read = |text: &str| {
            parse_time(text).ok_or_else(|| SvixError::query(format!("{name}: {text:?} is no time with a zone")))
        };
        self.text(name).map(read).transpose()
    }

    /// A list of names.
    pub(crate) fn names(&self, name: &str) -> Option<Vec<String>> {
        let is_item = |known: &str| {
            known == name || known.strip_prefix(name).is_some_and(|rest| rest.starts_with('[') && rest.ends_with(']'))
        };
        let given = self.0.iter().filter(|(known, _)| is_item(known)).flat_map(|(_, value)| value.split(','));
        let names: Vec<String> = given.map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect();
        (!names.is_empty()).then_some(names)
    }

    /// A list of event types.
    pub(super) fn event_types(&self) -> SvixResult<Option<Vec<String>>> {
        let names = self.names("event_types");
        let is_plain = |name: &String| name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        match names.iter().flatten().all(|name| is_plain(name) && name.len() <= 256) {
            true => Ok(names),
            false => Err(SvixError::value(&["query", "__all__"], "event_types has something that is no event type")),
        }
    }
}

/// Reads RFC 3339, also with a space for the T and with ` UTC` for the Z.
pub(super) fn parse_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let text = match text.strip_suffix("UTC") {
        Some(before) => format!("{}Z", before.trim_end()),
        // A plus sign that was not encoded arrives as a space.
        None => match text.rsplit_once(' ') {
            Some((before, zone)) if zone.len() == 5 && zone.contains(':') && before.contains(':') => {
                format!("{before}+{zone}")
            }
            _ => text.to_owned(),
        },
    };
    // A date alone, or a time without a zone, is refused.
    let has_time = text.len() > 11 && text.as_bytes().get(10).is_some_and(|c| matches!(c, b'T' | b't' | b' '));
    let text = if has_time { format!("{}T{}", &text[..10], &text[11..]) } else { return None };
    Timestamp::parse(&text)
}

/// An optional number in a query that must be a value of an enumeration.
pub(super) fn one_of<T>(query: &Query, name: &str, read: impl Fn(i64) -> Option<T>) -> SvixResult<Option<T>> {
    let Some(number) = query.number(name)? else { return Ok(None) };
    read(number).map(Some).ok_or_else(|| SvixError::query(format!("{name}: {number} is none of its values")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_form_that_clients_write() {
        let expected = Timestamp::parse("2025-01-01T12:00:00.123Z");
        for text in [
            "2025-01-01T12:00:00.123Z",
            "2025-01-01 12:00:00.123 UTC",
            "2025-01-01T12:00:00.123+00:00",
            "2025-01-01T12:00:00.123 00:00",
            "2025-01-01 13:00:00.123+01:00",
        ] {
            assert_eq!(parse_time(text), expected, "{text}");
        }
        for text in ["2025-01-01", "2025-01-01T12:00:00", "1735732800", "soon", ""] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    #[test]
    fn lists_are_read_in_every_form() {
        let expected = Some(vec!["a".to_owned(), "b".to_owned()]);
        for query in [
            "event_types=a,b",
            "event_types=a&event_types=b",
            "event_types[]=a&event_types[]=b",
            "event_types[0]=a&event_types[1]=b",
        ] {
            assert_eq!(Query::parse(query).names("event_types"), expected, "{query}");
        }
        assert_eq!(Query::parse("event_types=").names("event_types"), None);
    }
}

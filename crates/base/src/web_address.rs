//! Addresses that a page may link to: those of the web.
//!
//! Addresses come from payloads and requests of others, and end in links of the console and in
//! answers to assistants. An address such as `javascript:…` would run in the reader's page.

use serde::{Deserialize as _, Deserializer};

/// The longest address, in bytes.
pub const LONGEST_ADDRESS: usize = 2_048;

/// True for an address whose scheme is `http` or `https`, without spaces and control characters, of
/// at most [`LONGEST_ADDRESS`] bytes.
pub fn is_web_address(text: &str) -> bool {
    let is_web = text.split_once("://").is_some_and(|(scheme, rest)| {
        let is_known = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
        is_known && !rest.is_empty() && !rest.starts_with('/')
    });
    is_web && text.len() <= LONGEST_ADDRESS && !text.contains(|c: char| c.is_control() || c.is_whitespace())
}

/// Reads an address; one that is not of the web counts as absent.
pub(crate) fn if_web<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| is_web_address(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_another_scheme_is_none() {
        for text in ["https://example.com", "http://localhost:4400/a?b#c", "HTTPS://example.com/ü", "https://[::1]/"] {
            assert!(is_web_address(text), "{text}");
        }
        let long = format!("https://example.com/{}", "x".repeat(LONGEST_ADDRESS));
        for text in [
            "javascript:alert(1)",
            "javascript://example.com/%0aalert(1)",
            " https://example.com",
            "https://example.com/\n",
            "https:example.com",
            "https://",
            "https:///etc",
            "//example.com",
            "example.com",
            "data:text/html,x",
            "file:///etc/passwd",
            "",
            &long,
        ] {
            assert!(!is_web_address(text), "{text}");
        }
    }
}

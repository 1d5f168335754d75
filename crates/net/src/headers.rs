//! Checks the headers that others add to our requests: endpoints, their scripts, channels, and
//! steps that call a system.
//!
//! Headers are refused if they decide the destination of a request, its framing, or its apparent
//! sender, or if receivers use them to verify our signature. A feature may refuse more.

/// The maximum length of a value, in bytes.
const LONGEST: usize = 4_096;
/// Headers that only the sender may set.
const RESERVED: [&str; 15] = [
    "connection",
    "content-length",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "max-forwards",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-real-ip",
];
/// Prefixes of more such headers.
const RESERVED_BEGINNINGS: [&str; 5] = ["proxy-", "x-forwarded-", "svix-", "x-svix-", "webhook-"];

/// Checks a header that a user wants to add.
///
/// # Errors
/// The reason for the refusal, without the value.
pub fn check_header(name: &str, value: &str) -> Result<(), &'static str> {
    check_header_name(name)?;
    if value.len() > LONGEST {
        return Err("its value is longer than 4096 bytes");
    }
    if is_header_value(value) { Ok(()) } else { Err("its value has characters that no header has") }
}

/// Checks the name of a header that a user wants to add.
///
/// # Errors
/// The reason for the refusal.
pub fn check_header_name(name: &str) -> Result<(), &'static str> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(is_token) {
        return Err("this is no name of a header");
    }
    let name = name.to_ascii_lowercase();
    let is_reserved =
        RESERVED.contains(&name.as_str()) || RESERVED_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning));
    if is_reserved { Err("it is not to be set") } else { Ok(()) }
}

fn is_header_value(text: &str) -> bool {
    text.chars().all(|c| c == '\t' || (' '..='~').contains(&c) || !c.is_ascii() && !c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_where_a_request_goes_or_whom_it_is_from_is_not_set() {
        for name in [
            "Host",
            "Connection",
            "Expect",
            "X-Forwarded-For",
            "x-forwarded-host",
            "Forwarded",
            "Content-Length",
            "Transfer-Encoding",
            "Upgrade",
            "TE",
            "Trailer",
            "Keep-Alive",
            "Proxy-Authorization",
            "proxy-connection",
            "webhook-id",
            "Webhook-Signature",
            "svix-id",
            "Svix-Timestamp",
        ] {
            assert!(check_header(name, "x").is_err(), "{name}");
        }
        for name in ["", "a b", "a:", "a\r\nb", "ä"] {
            assert!(check_header(name, "x").is_err(), "{name:?}");
        }
        for name in ["Authorization", "X-Api-Key", "Accept", "Cookie", "Date", "Content-Type", "x-webhook-signature"] {
            assert_eq!(check_header(name, "x"), Ok(()), "{name}");
        }
    }

    #[test]
    fn a_value_is_what_a_header_can_carry() {
        for value in ["", "a b\tc", "ünï"] {
            assert_eq!(check_header("x-a", value), Ok(()), "{value:?}");
            assert!(hyper::header::HeaderValue::try_from(value).is_ok(), "{value:?}");
        }
        for value in ["a\r\nb: c", "a\nb", "a\0b", "\u{7f}", "\u{85}"] {
            assert!(check_header("x-a", value).is_err(), "{value:?}");
        }
        assert!(check_header("x-a", &"x".repeat(4_097)).is_err());
    }
}

//! Properties of signatures, secrets and addresses that hold for any input.

use campanile_base::Timestamp;
use campanile_net::{Proxy, SigningSecret, parse_url, verify};
use proptest::prelude::*;

const NOW: i64 = 1_700_000_000;

fn secret() -> impl Strategy<Value = SigningSecret> {
    any::<bool>().prop_map(|is_key| if is_key { SigningSecret::generate_key() } else { SigningSecret::generate() })
}

proptest! {
    #[test]
    fn what_is_signed_is_verified_and_nothing_else_is(
        secret in secret(), other in secret(), id in "[a-zA-Z0-9_]{1,40}", body: Vec<u8>, at: usize, bit in 0..8u8,
    ) {
        let now = Timestamp::from_seconds(NOW);
        let signature = secret.sign(&id, NOW, &body);
        let is_good = |secret: &SigningSecret, id: &str, timestamp: &str, body: &[u8], signature: &str| {
            verify(secret, id, timestamp, body, signature, now).is_ok()
        };
        let (timestamp, several, other_id) = (NOW.to_string(), format!("v9,x v1,AAAA {signature}"), format!("{id}x"));
        prop_assert!(is_good(&secret, &id, &timestamp, &body, &signature));
        prop_assert!(is_good(&secret, &id, &timestamp, &body, &several));
        prop_assert!(!is_good(&other, &id, &timestamp, &body, &signature));
        prop_assert!(!is_good(&secret, &other_id, &timestamp, &body, &signature));
        prop_assert!(!is_good(&secret, &id, &(NOW - 301).to_string(), &body, &signature));
        let mut changed = body.clone();
        match changed.len() {
            0 => changed.push(0),
            length => changed[at % length] ^= 1 << bit,
        }
        prop_assert!(!is_good(&secret, &id, &timestamp, &changed, &signature));
        prop_assert_eq!(SigningSecret::parse(&secret.expose()).unwrap().sign(&id, NOW, &body), signature);
    }

    #[test]
    fn headers_of_any_kind_are_refused_and_break_nothing(
        id in ".*", timestamp in ".*", signature in "(v1a?,)?.*", body: Vec<u8>,
    ) {
        let (secret, now) = (SigningSecret::generate(), Timestamp::from_seconds(NOW));
        prop_assert!(verify(&secret, &id, &timestamp, &body, &signature, now).is_err());
        prop_assert!(verify(&secret, &id, &NOW.to_string(), &body, &signature, now).is_err());
    }

    #[test]
    fn secrets_addresses_and_proxies_of_any_kind_are_read_or_refused(text in "(whsec_|whsk_|https?://|socks5://)?.*") {
        if let Ok(secret) = SigningSecret::parse(&text) {
            prop_assert_eq!(SigningSecret::parse(&secret.expose()).unwrap().expose(), secret.expose());
        }
        if let Ok(url) = parse_url(&text) {
            prop_assert_eq!(parse_url(url.as_str()).unwrap(), url);
        }
        let _ = Proxy::parse(&text, std::slice::from_ref(&text));
    }
}

use campanile_net::hmac_hex;

use super::*;

const BODY: &[u8] = br#"{"a": 1}"#;

fn check(provider: Provider, secret: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Code> {
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    provider.verify(&[Secret::new(secret)], &headers, body).err().map(|error| error.code)
}

#[test]
fn pagerduty_may_send_a_signature_for_each_of_its_secrets() {
    let good = hmac_hex(HmacAlgorithm::Sha256, b"secret", BODY);
    let other = hmac_hex(HmacAlgorithm::Sha256, b"another", BODY);
    let sent =
        |value: &str, body: &[u8]| check(Provider::Pagerduty, "secret", &[("x-pagerduty-signature", value)], body);
    for list in [format!("v1={good}"), format!("v1={other},v1={good}"), format!("v1={other}, v1={good}")] {
        assert_eq!(sent(&list, BODY), None, "{list}");
        assert_eq!(sent(&list, b"{}"), Some(Code::InvalidSignature), "{list}");
    }
    for wrong in [good.clone(), format!("v2={good}"), format!("v1={other}"), "v1=".to_owned(), String::new()] {
        assert_eq!(sent(&wrong, BODY), Some(Code::InvalidSignature), "{wrong}");
    }
    assert_eq!(check(Provider::Pagerduty, "secret", &[], BODY), Some(Code::MissingSignature));
}

#[test]
fn gitlab_signs_with_a_signing_token_or_sends_its_secret_token() {
    let token = |secret: &str, token: &str| check(Provider::Gitlab, secret, &[("x-gitlab-token", token)], BODY);
    assert_eq!(token("a secret token", "a secret token"), None);
    assert_eq!(token("a secret token", "a secret tokem"), Some(Code::InvalidSignature));
    assert_eq!(token("a secret token", ""), Some(Code::InvalidSignature));

    let secret = SigningSecret::generate();
    let signature = secret.sign("msg-1", 1_800_000_000, BODY);
    let signed = |id: &str, body: &[u8]| {
        let headers = [("webhook-id", id), ("webhook-timestamp", "1800000000"), ("webhook-signature", &signature)];
        check(Provider::Gitlab, &secret.expose(), &headers, body)
    };
    assert_eq!(signed("msg-1", BODY), None);
    assert_eq!(signed("msg-2", BODY), Some(Code::InvalidSignature));
    assert_eq!(signed("msg-1", b"{}"), Some(Code::InvalidSignature));
    // Whoever learns a signing token cannot use it as a secret token.
    assert_eq!(token(&secret.expose(), &secret.expose()), Some(Code::InvalidSignature));
    assert_eq!(check(Provider::Gitlab, "a secret token", &[], BODY), Some(Code::MissingSignature));
}

//! Plain HMAC signatures: in hex, the format of most webhook providers, and in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// The hash of the HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HmacAlgorithm {
    /// SHA-1: Vercel, Twilio.
    Sha1,
    /// SHA-256: GitHub, Linear, Sentry, and most others.
    Sha256,
}

/// The signature of `body` in lower-case hex.
pub fn hmac_hex(algorithm: HmacAlgorithm, secret: &[u8], body: &[u8]) -> String {
    match algorithm {
        HmacAlgorithm::Sha1 => hex::encode(mac::<Hmac<Sha1>>(secret, body)),
        HmacAlgorithm::Sha256 => hex::encode(mac::<Hmac<Sha256>>(secret, body)),
    }
}

/// The signature of `body` in base64, the format of Twilio.
pub fn hmac_base64(algorithm: HmacAlgorithm, secret: &[u8], body: &[u8]) -> String {
    STANDARD.encode(match algorithm {
        HmacAlgorithm::Sha1 => mac::<Hmac<Sha1>>(secret, body),
        HmacAlgorithm::Sha256 => mac::<Hmac<Sha256>>(secret, body),
    })
}

/// True if `signature` is the signature of `body`, compared in constant time. A signature of
/// another length is false.
pub fn verify_hmac_hex(algorithm: HmacAlgorithm, secret: &[u8], body: &[u8], signature: &str) -> bool {
    let expected = hmac_hex(algorithm, secret, body);
    expected.as_bytes().ct_eq(signature.to_ascii_lowercase().as_bytes()).into()
}

/// True if two secrets are equal, in a time that depends on their lengths alone.
pub fn equal_in_constant_time(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

pub(crate) fn mac<M: Mac + hmac::digest::KeyInit>(secret: &[u8], body: &[u8]) -> Vec<u8> {
    let mut mac = <M as hmac::digest::KeyInit>::new_from_slice(secret).expect("an HMAC key may have any length");
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_githubs_documentation_verifies() {
        let (secret, body) = (b"It's a Secret to Everybody".as_slice(), b"Hello, World!".as_slice());
        let signature = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(verify_hmac_hex(HmacAlgorithm::Sha256, secret, body, signature));
        assert!(!verify_hmac_hex(HmacAlgorithm::Sha256, secret, b"Hello, World", signature));
        assert!(!verify_hmac_hex(HmacAlgorithm::Sha256, secret, body, ""));
    }
}

//! Signatures of the Standard Webhooks specification.
//!
//! The signed text is `{id}.{unix seconds}.{body}`. A symmetric key produces `v1,` and the base64
//! of an HMAC-SHA-256. An asymmetric key produces `v1a,` and the base64 of an Ed25519 signature. A
//! symmetric secret is written as `whsec_` and the base64 of 24 to 75 bytes, a private key as
//! `whsk_` and the base64 of 64 bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::Hmac;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::hmac::mac;

/// The maximum distance of a timestamp from the receiver's clock, in seconds.
const TOLERANCE: i64 = 300;

/// A signing key.
#[derive(Clone)]
pub enum SigningSecret {
    /// A shared secret.
    Hmac(Vec<u8>),
    /// A private key.
    Ed25519(Box<SigningKey>),
}

impl SigningSecret {
    /// Generates a shared secret of 24 random bytes.
    pub fn generate() -> Self {
        Self::Hmac(campanile_base::random_bytes::<24>().to_vec())
    }

    /// Generates a private key.
    pub fn generate_key() -> Self {
        Self::Ed25519(Box::new(SigningKey::from_bytes(&campanile_base::random_bytes::<32>())))
    }

    /// Parses a secret in its written form.
    ///
    /// # Errors
    /// A sentence that describes the problem, without the secret.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(body) = text.strip_prefix("whsec_") {
            let key = STANDARD.decode(body).map_err(|_| "the secret is not base64 after whsec_")?;
            return match key.len() {
                24..=75 => Ok(Self::Hmac(key)),
                length => Err(format!("the secret must have 24 to 75 bytes, not {length}")),
            };
        }
        let body = text.strip_prefix("whsk_").ok_or("the secret must begin with whsec_ or whsk_")?;
        let key = STANDARD.decode(body).ok().and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
        let key = key.ok_or("the key must be 64 bytes of base64 after whsk_")?;
        SigningKey::from_keypair_bytes(&key)
            .map(|key| Self::Ed25519(Box::new(key)))
            .map_err(|_| "the public half of the key does not belong to its private half".into())
    }

    /// The written form, private parts included.
    pub fn expose(&self) -> String {
        match self {
            Self::Hmac(key) => format!("whsec_{}", STANDARD.encode(key)),
            Self::Ed25519(key) => format!("whsk_{}", STANDARD.encode(key.to_keypair_bytes())),
        }
    }

    /// The value that a receiver needs for verification: the shared secret, or the public key.
    pub fn for_receiver(&self) -> String {
        match self {
            Self::Hmac(_) => self.expose(),
            Self::Ed25519(key) => format!("whpk_{}", STANDARD.encode(key.verifying_key().as_bytes())),
        }
    }

    /// The signature of one message at a given time, with its scheme.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let signed = [format!("{id}.{timestamp}.").as_bytes(), body].concat();
        match self {
            Self::Hmac(key) => format!("v1,{}", STANDARD.encode(mac::<Hmac<Sha256>>(key, &signed))),
            Self::Ed25519(key) => format!("v1a,{}", STANDARD.encode(key.sign(&signed).to_bytes())),
        }
    }
}

impl std::fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningSecret(…)")
    }
}

/// The reason for a rejected signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The timestamp is missing or too far from now.
    #[error("the timestamp is missing, too old or in the future")]
    Timestamp,
    /// None of the signatures matches.
    #[error("no signature fits")]
    Signature,
}

/// Verifies like a receiver: one of the space-separated signatures must match.
///
/// # Errors
/// When the message must not be trusted.
pub fn verify(
    secret: &SigningSecret,
    id: &str,
    timestamp: &str,
    body: &[u8],
    signatures: &str,
    now: campanile_base::Timestamp,
) -> Result<(), VerifyError> {
    let timestamp: i64 = timestamp.parse().map_err(|_| VerifyError::Timestamp)?;
    if (now.as_seconds() - timestamp).abs() > TOLERANCE {
        return Err(VerifyError::Timestamp);
    }
    if fits(secret, (id, timestamp), body, signatures) { Ok(()) } else { Err(VerifyError::Signature) }
}

/// True if one of the space-separated signatures is that of the message. The caller judges its age.
pub fn fits(secret: &SigningSecret, (id, timestamp): (&str, i64), body: &[u8], signatures: &str) -> bool {
    let expected = secret.sign(id, timestamp, body);
    signatures.split(' ').any(|signature| signature.as_bytes().ct_eq(expected.as_bytes()).into())
}

/// The signature of notifications: `t=<stamp>,s=<base64>`. It is an HMAC-SHA256 over the stamp, a
/// dot, and the body.
pub fn stamped(key: &str, stamp: i64, body: &[u8]) -> String {
    let stamped = [stamp.to_string().as_bytes(), b".", body].concat();
    format!("t={stamp},s={}", STANDARD.encode(mac::<Hmac<Sha256>>(key.as_bytes(), &stamped)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    #[test]
    fn the_published_vectors_are_reproduced() {
        let hmac = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(hmac.sign(ID, TIMESTAMP, BODY), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let key = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
        let key = SigningSecret::parse(key).unwrap();
        assert_eq!(key.for_receiver(), "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=");
        assert_eq!(
            key.sign(ID, TIMESTAMP, BODY),
            "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
        );
    }

    #[test]
    fn a_secret_is_read_and_written_unchanged_or_refused() {
        let text = format!("whsec_{}", "e".repeat(32));
        assert_eq!(SigningSecret::parse(&text).unwrap().expose(), text);
        for wrong in ["whsec_c2hvcnQ=", "secret", "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", "whsk_AAAA"] {
            assert!(SigningSecret::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn one_fitting_signature_among_several_is_enough_and_an_old_one_is_not() {
        let secret = SigningSecret::generate();
        let sent = format!("v1,AAAA {}", secret.sign(ID, TIMESTAMP, BODY));
        let now = campanile_base::Timestamp::from_seconds(TIMESTAMP + 10);
        assert_eq!(verify(&secret, ID, &TIMESTAMP.to_string(), BODY, &sent, now), Ok(()));
        assert_eq!(verify(&secret, ID, &TIMESTAMP.to_string(), b"{}", &sent, now), Err(VerifyError::Signature));
        let later = campanile_base::Timestamp::from_seconds(TIMESTAMP + 301);
        assert_eq!(verify(&secret, ID, &TIMESTAMP.to_string(), BODY, &sent, later), Err(VerifyError::Timestamp));
    }
}

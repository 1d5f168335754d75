//! Encryption of secrets at rest: XChaCha20-Poly1305 under one key of the installation.
//!
//! A sealed value is `v1.` and the URL-safe base64 of nonce and ciphertext. The prefix names the
//! scheme, so that a new scheme can be added without changing stored values.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::{Error, Result, Secret, random_bytes};

const SCHEME: &str = "v1.";
const NONCE_LENGTH: usize = 24;

/// Seals and opens secrets with the installation's key. Cheap to clone.
#[derive(Clone)]
pub struct Vault(std::sync::Arc<XChaCha20Poly1305>);

impl Vault {
    /// A new key, in the base64 that [`Vault::from_key`] reads.
    pub fn new_key() -> Secret {
        Secret::new(STANDARD.encode(random_bytes::<32>()))
    }

    /// From a key of 32 bytes in base64.
    ///
    /// # Errors
    /// `Invalid` when the text is not 32 bytes of base64.
    pub fn from_key(key: &Secret) -> Result<Self> {
        let bytes = STANDARD.decode(key.expose().trim()).ok().filter(|bytes| bytes.len() == 32);
        let bytes = bytes.ok_or_else(|| Error::invalid("the encryption key must be 32 bytes in base64"))?;
        Ok(Self(std::sync::Arc::new(XChaCha20Poly1305::new(bytes.as_slice().into()))))
    }

    /// Encrypts `secret` for storage.
    pub fn seal(&self, secret: &Secret) -> String {
        let nonce = random_bytes::<NONCE_LENGTH>();
        let sealed =
            self.0.encrypt(XNonce::from_slice(&nonce), secret.expose().as_bytes()).expect("a secret fits into memory");
        format!("{SCHEME}{}", URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Decrypts the output of [`Vault::seal`].
    ///
    /// # Errors
    /// `Internal` when it was sealed with another key or was altered.
    pub fn open(&self, sealed: &str) -> Result<Secret> {
        self.try_open(sealed).ok_or_else(|| {
            Error::internal("a stored secret cannot be opened: was it sealed with another encryption key?")
        })
    }

    fn try_open(&self, sealed: &str) -> Option<Secret> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed.strip_prefix(SCHEME)?).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LENGTH)?;
        let opened = self.0.decrypt(XNonce::from_slice(nonce), sealed).ok()?;
        String::from_utf8(opened).ok().map(Secret::new)
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_with_its_own_key_only() {
        let (ours, theirs) = (Vault::from_key(&Vault::new_key()).unwrap(), Vault::from_key(&Vault::new_key()).unwrap());
        let sealed = ours.seal(&Secret::new("whsec_abc"));
        assert!(!sealed.contains("whsec"));
        assert_eq!(ours.open(&sealed).unwrap().expose(), "whsec_abc");
        assert!(theirs.open(&sealed).is_err());
    }
}

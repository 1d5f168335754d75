//! Encryption of secrets at rest: XChaCha20-Poly1305 under one key of the installation.
//!
//! A sealed value is the name of its scheme and the URL-safe base64 of nonce and ciphertext. The
//! name lets a new scheme be added without changing stored values.
//!
//! * `v1.` opens anywhere: [`Vault::seal`].
//! * `v2.` is bound to a [`Place`]: [`Vault::seal_for`]. A value that is copied to another row, or
//!   to another organisation, does not open there.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::{Error, Result, Secret, random_bytes};

const ANYWHERE: &str = "v1.";
const IN_PLACE: &str = "v2.";
const NONCE_LENGTH: usize = 24;

/// The place of a sealed value in the database.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The owner of the row.
    pub organisation: &'a str,
    /// The table.
    pub table: &'static str,
    /// The row's id.
    pub id: &'a str,
    /// The column.
    pub column: &'static str,
}

impl Place<'_> {
    /// The associated data of the cipher. No part has a bar in it: tables and columns are constants,
    /// ids are letters, digits and underscores.
    fn bytes(&self) -> Vec<u8> {
        format!("{}|{}|{}|{}", self.organisation, self.table, self.id, self.column).into_bytes()
    }
}

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
        self.sealed(ANYWHERE, secret, b"")
    }

    /// Encrypts `secret` for storage in one place only.
    pub fn seal_for(&self, place: Place<'_>, secret: &Secret) -> String {
        self.sealed(IN_PLACE, secret, &place.bytes())
    }

    fn sealed(&self, scheme: &str, secret: &Secret, aad: &[u8]) -> String {
        let nonce = random_bytes::<NONCE_LENGTH>();
        let payload = Payload { msg: secret.expose().as_bytes(), aad };
        let sealed = self.0.encrypt(XNonce::from_slice(&nonce), payload).expect("a secret fits into memory");
        format!("{scheme}{}", URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Decrypts the output of [`Vault::seal`].
    ///
    /// # Errors
    /// `Internal` when it was sealed with another key or was altered.
    pub fn open(&self, sealed: &str) -> Result<Secret> {
        self.opened(sealed.strip_prefix(ANYWHERE), b"").ok_or_else(|| {
            Error::internal("a stored secret cannot be opened: was it sealed with another encryption key?")
        })
    }

    /// Decrypts the output of [`Vault::seal_for`], and that of [`Vault::seal`], which an earlier
    /// version may have stored in this place.
    ///
    /// # Errors
    /// `Internal` when it was sealed with another key or for another place, or was altered.
    pub fn open_for(&self, place: Place<'_>, sealed: &str) -> Result<Secret> {
        if sealed.starts_with(ANYWHERE) {
            return self.open(sealed);
        }
        self.opened(sealed.strip_prefix(IN_PLACE), &place.bytes()).ok_or_else(|| {
            let (table, column) = (place.table, place.column);
            Error::internal(format!(
                "the {column} of a {table} cannot be opened: were they sealed with another key, or for another row?"
            ))
        })
    }

    fn opened(&self, encoded: Option<&str>, aad: &[u8]) -> Option<Secret> {
        let bytes = URL_SAFE_NO_PAD.decode(encoded?).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LENGTH)?;
        let opened = self.0.decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad }).ok()?;
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

    #[test]
    fn a_value_that_is_copied_to_another_row_does_not_open_there() {
        let vault = Vault::from_key(&Vault::new_key()).unwrap();
        let own = Place { organisation: "org_1", table: "connection", id: "con_1", column: "credentials" };
        let sealed = vault.seal_for(own, &Secret::new("token"));
        assert_eq!(vault.open_for(own, &sealed).unwrap().expose(), "token");
        let others = [
            Place { organisation: "org_2", ..own },
            Place { table: "source", ..own },
            Place { id: "con_2", ..own },
            Place { column: "secret", ..own },
        ];
        for other in others {
            assert!(vault.open_for(other, &sealed).is_err(), "{other:?}");
        }
        assert!(vault.open(&sealed).is_err(), "without its place");
        assert!(vault.open_for(own, &sealed.replace("v2.", "v1.")).is_err(), "under the name of the other scheme");
        let old = vault.seal(&Secret::new("of an earlier version"));
        assert_eq!(vault.open_for(own, &old).unwrap().expose(), "of an earlier version");
    }
}

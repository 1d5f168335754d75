//! The proof key for a code (RFC 7636): only the one who began can exchange the code.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campanile_base::{Secret, random_token};
use sha2::{Digest as _, Sha256};

/// A code verifier: 43 characters that carry 256 random bits.
#[derive(Debug, Clone)]
pub struct Verifier(Secret);

impl Verifier {
    /// Draws a new one.
    #[allow(clippy::new_without_default, reason = "each is another one")]
    pub fn new() -> Self {
        Self(Secret::new(random_token("")))
    }

    /// One that was drawn before, and kept.
    pub fn kept(text: Secret) -> Self {
        Self(text)
    }

    /// The verifier itself, to be kept, and to be sent with the code.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The challenge of the method `S256`, which is sent first.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.expose().as_bytes()))
    }
}

//! Passwords: argon2id, on threads that may block, two at a time.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash as Parsed, PasswordHasher as _, PasswordVerifier as _, SaltString};
use campanile_base::{Error, Result, Secret, random_bytes};
use tokio::sync::Semaphore;

/// Each hash takes 19 MiB and some 20 ms: more at a time would only take memory.
static TURNS: Semaphore = Semaphore::const_new(2);

/// A password as it is stored: a PHC string with its own salt and cost.
#[derive(Debug, Clone)]
pub struct PasswordHash(pub(super) String);

/// Hashes a password.
///
/// # Errors
/// `Invalid` when it is too short or too long.
pub async fn hash(password: Secret) -> Result<PasswordHash> {
    super::check_password(&password)?;
    apart(move || {
        let salt = SaltString::encode_b64(&random_bytes::<16>()).map_err(|e| Error::internal(e.to_string()))?;
        let hash = Argon2::default().hash_password(password.expose().as_bytes(), &salt);
        hash.map(|hash| PasswordHash(hash.to_string())).map_err(|e| Error::internal(e.to_string()))
    })
    .await
}

/// Whether `password` is the one that was hashed. Without a hash the same time passes, so that
/// the answer does not tell who exists.
///
/// # Errors
/// `Internal` when the stored hash cannot be read.
pub async fn verify(password: Secret, stored: Option<PasswordHash>) -> Result<bool> {
    let Some(stored) = stored else {
        let _ = hash(Secret::new("nobody has this password")).await;
        return Ok(false);
    };
    apart(move || {
        let parsed = Parsed::new(&stored.0).map_err(|e| Error::internal(e.to_string()))?;
        Ok(Argon2::default().verify_password(password.expose().as_bytes(), &parsed).is_ok())
    })
    .await
}

async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let _turn = TURNS.acquire().await.expect("the semaphore is never closed");
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

//! Passwords: argon2id, on blocking threads, behind a bounded queue.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash as Parsed, PasswordHasher as _, PasswordVerifier as _, SaltString};
use campanile_base::bounds::{PASSWORD_BYTES, PASSWORDS_AT_A_TIME, PASSWORDS_WAITING};
use campanile_base::{Error, Result, Secret, random_bytes};
use tokio::sync::{Semaphore, SemaphorePermit};

/// The places in the queue.
static QUEUE: Semaphore = Semaphore::const_new(PASSWORDS_WAITING);
/// Each hash takes 19 MiB and about 20 ms; running more at a time would only cost memory.
static TURNS: Semaphore = Semaphore::const_new(PASSWORDS_AT_A_TIME);

/// A password as stored: a PHC string with its own salt and cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordHash(pub(super) String);

/// A place in the queue of passwords to hash.
#[derive(Debug)]
pub struct Place {
    _permit: SemaphorePermit<'static>,
}

/// Takes a place in the queue.
///
/// # Errors
/// `TooMany` when the queue is full.
pub fn queue() -> Result<Place> {
    let permit = QUEUE.try_acquire().map_err(|_| Error::TooMany)?;
    Ok(Place { _permit: permit })
}

/// Hashes a password.
///
/// # Errors
/// `Invalid` when it is too short or too long, `TooMany` when the queue is full.
pub async fn hash(password: Secret) -> Result<PasswordHash> {
    super::check_password(&password)?;
    hash_in(password, queue()?).await
}

async fn hash_in(password: Secret, place: Place) -> Result<PasswordHash> {
    apart(place, move || {
        let salt = SaltString::encode_b64(&random_bytes::<16>()).map_err(|e| Error::internal(e.to_string()))?;
        let hash = Argon2::default().hash_password(password.expose().as_bytes(), &salt);
        hash.map(|hash| PasswordHash(hash.to_string())).map_err(|e| Error::internal(e.to_string()))
    })
    .await
}

/// True if `password` is the one that was hashed. Without a hash, the same time is spent, so that
/// the response time does not show if an account exists.
///
/// # Errors
/// `Internal` when the stored hash cannot be read.
pub async fn verify(password: Secret, stored: Option<PasswordHash>, place: Place) -> Result<bool> {
    if password.expose().len() > PASSWORD_BYTES {
        return Ok(false);
    }
    let Some(stored) = stored else {
        let _ = hash_in(Secret::new("nobody has this password"), place).await;
        return Ok(false);
    };
    apart(place, move || {
        let parsed = Parsed::new(&stored.0).map_err(|e| Error::internal(e.to_string()))?;
        Ok(Argon2::default().verify_password(password.expose().as_bytes(), &parsed).is_ok())
    })
    .await
}

/// Runs work on a blocking thread. The place in the queue is held until the work is done, even if
/// the caller is gone.
async fn apart<T: Send + 'static>(place: Place, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let turn = TURNS.acquire().await.expect("the semaphore is never closed");
    let work = move || {
        let result = work();
        drop((turn, place));
        result
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

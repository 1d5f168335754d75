//! Passwords: argon2id, on threads that may block, behind a queue with a bound.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash as Parsed, PasswordHasher as _, PasswordVerifier as _, SaltString};
use campanile_base::bounds::{PASSWORD_BYTES, PASSWORDS_AT_A_TIME, PASSWORDS_WAITING};
use campanile_base::{Error, Result, Secret, random_bytes};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Places in the queue.
static QUEUE: Semaphore = Semaphore::const_new(PASSWORDS_WAITING);
/// Each hash takes 19 MiB and some 20 ms: more at a time would only take memory.
static TURNS: Semaphore = Semaphore::const_new(PASSWORDS_AT_A_TIME);

/// A password as it is stored: a PHC string with its own salt and cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordHash(pub(super) String);

/// A place in the queue of passwords to be hashed.
#[derive(Debug)]
pub struct Place {
    _permit: SemaphorePermit<'static>,
}

/// Takes a place in the queue.
///
/// # Errors
/// `TooMany` when it is full.
pub fn queue() -> Result<Place> {
    let permit = QUEUE.try_acquire().map_err(|_| Error::TooMany)?;
    Ok(Place { _permit: permit })
}

/// Hashes a password.
///
/// # Errors
/// `Invalid` when it is too short or too long, `TooMany` when too many wait.
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

/// Whether `password` is the one that was hashed. Without a hash the same time passes, so that
/// the answer does not tell who exists.
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

/// Works on a thread that may block. The turn and the place last as long as the work does, whether or not somebody still waits for it.
async fn apart<T: Send + 'static>(place: Place, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let turn = TURNS.acquire().await.expect("the semaphore is never closed");
    let work = move || {
        let result = work();
        drop((turn, place));
        result
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

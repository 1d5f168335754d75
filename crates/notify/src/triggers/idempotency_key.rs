//! The idempotency key of a request that may be repeated.

use campanile_base::sha256_hex;

/// The data by which a repeated request is recognised.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    /// The key that the caller has given.
    pub key: String,
    /// The hash of the request. A different request with the same key is an error.
    pub hash: String,
    /// The id of this request.
    pub request_id: String,
}

impl IdempotencyKey {
    /// Builds it from a request with an `Idempotency-Key`.
    pub fn of(key: &str, request: &[u8], request_id: String) -> Self {
        Self { key: key.to_owned(), hash: sha256_hex(request), request_id }
    }
}

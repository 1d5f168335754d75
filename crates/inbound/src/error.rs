//! The reasons why a delivery is refused, with the codes that senders see.

/// The reason why a delivery was refused. Nothing of it was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct IngestError {
    /// The stable code.
    pub code: Code,
    /// A sentence for the reader of the sender's log.
    pub message: String,
}

/// The stable codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// No such provider or source.
    NotFound,
    /// The signature header is missing.
    MissingSignature,
    /// The signature does not match the body and the source's secret.
    InvalidSignature,
    /// The body is empty.
    MissingPayload,
    /// The body or a header cannot be read.
    InvalidPayload,
    /// The body is larger than allowed.
    PayloadTooLarge,
    /// It was sent too long ago.
    TimestampTooOld,
    /// The time of sending cannot be parsed, or is in the future.
    TimestampInvalid,
    /// Nothing can be stored at present; the sender should try again.
    Unavailable,
    /// An error on our side; the sender should try again.
    Internal,
}

impl Code {
    /// The code as senders see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "NOT_FOUND",
            Self::MissingSignature => "MISSING_SIGNATURE",
            Self::InvalidSignature => "INVALID_SIGNATURE",
            Self::MissingPayload => "MISSING_PAYLOAD",
            Self::InvalidPayload => "INVALID_PAYLOAD",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::TimestampTooOld => "TIMESTAMP_TOO_OLD",
            Self::TimestampInvalid => "TIMESTAMP_INVALID",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL_ERROR",
        }
    }

    /// The HTTP status of the code.
    pub fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::MissingSignature | Self::InvalidSignature | Self::TimestampTooOld | Self::TimestampInvalid => 401,
            Self::MissingPayload | Self::InvalidPayload => 400,
            Self::PayloadTooLarge => 413,
            Self::Unavailable => 503,
            Self::Internal => 500,
        }
    }
}

impl IngestError {
    /// An error with this code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<campanile_base::Error> for IngestError {
    fn from(error: campanile_base::Error) -> Self {
        const AGAIN: &str = "the delivery could not be stored; please send it again";
        if let campanile_base::Error::Unavailable { .. } = &error {
            tracing::warn!(error = error.chain(), "a delivery could not be stored");
            return Self::new(Code::Unavailable, AGAIN);
        }
        tracing::error!(error = error.chain(), "a delivery could not be taken");
        Self::new(Code::Internal, AGAIN)
    }
}

impl From<campanile_db::Error> for IngestError {
    fn from(error: campanile_db::Error) -> Self {
        campanile_base::Error::from(error).into()
    }
}

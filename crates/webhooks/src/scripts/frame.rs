//! The messages between the server and a script worker: JSON, preceded by its length.

use campanile_base::bounds::{SCRIPT_INPUT_BYTES, SCRIPT_OUTPUT_BYTES};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The first message of a worker: it is ready.
pub(super) const READY: &str = "campanile script worker 1";
/// The longest frame: an input or an output, with room for the script beside it.
const LONGEST: usize =
    1024 * 1024 + if SCRIPT_INPUT_BYTES > SCRIPT_OUTPUT_BYTES { SCRIPT_INPUT_BYTES } else { SCRIPT_OUTPUT_BYTES };
/// The number of bytes that hold a frame's length, little-endian.
pub(super) const HEAD: usize = 4;

/// A script to call, and its input.
#[derive(Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) code: String,
    pub(super) input: Box<RawValue>,
}

/// The result of a call.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// The value that the handler returned.
    Returned(Box<RawValue>),
    /// The error.
    Failed(String),
    /// The script was stopped at its time limit.
    TooLong,
}

/// A value as a frame.
pub(super) fn written(value: &impl Serialize) -> std::io::Result<Vec<u8>> {
    let mut frame = vec![0; HEAD];
    serde_json::to_writer(&mut frame, value)?;
    let length = frame.len() - HEAD;
    let head = u32::try_from(length).ok().filter(|_| length <= LONGEST).ok_or_else(too_long)?;
    frame[..HEAD].copy_from_slice(&head.to_le_bytes());
    Ok(frame)
}

/// The length of the frame that follows this head.
pub(super) fn length(head: [u8; HEAD]) -> std::io::Result<usize> {
    let length = usize::try_from(u32::from_le_bytes(head)).unwrap_or(usize::MAX);
    if length <= LONGEST { Ok(length) } else { Err(too_long()) }
}

fn too_long() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, "the frame is too long")
}

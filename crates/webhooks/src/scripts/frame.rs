//! What the server and a script's process say to each other: JSON, with its length before it.

use campanile_base::bounds::{SCRIPT_INPUT_BYTES, SCRIPT_OUTPUT_BYTES};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What a process says when it is ready.
pub(super) const READY: &str = "campanile script worker 1";
/// The longest frame: an input or an output, with room for the script beside it.
const LONGEST: usize =
    1024 * 1024 + if SCRIPT_INPUT_BYTES > SCRIPT_OUTPUT_BYTES { SCRIPT_INPUT_BYTES } else { SCRIPT_OUTPUT_BYTES };
/// The length of a frame, little end first.
pub(super) const HEAD: usize = 4;

/// A script to call, and with what.
#[derive(Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) code: String,
    pub(super) input: Box<RawValue>,
}

/// What came of a call.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// What the handler returned.
    Returned(Box<RawValue>),
    /// Why it returned nothing.
    Failed(String),
    /// The time was over.
    TooLong,
}

/// A frame of a value.
pub(super) fn written(value: &impl Serialize) -> std::io::Result<Vec<u8>> {
    let mut frame = vec![0; HEAD];
    serde_json::to_writer(&mut frame, value)?;
    let length = frame.len() - HEAD;
    let head = u32::try_from(length).ok().filter(|_| length <= LONGEST).ok_or_else(too_long)?;
    frame[..HEAD].copy_from_slice(&head.to_le_bytes());
    Ok(frame)
}

/// How long the frame after this head is.
pub(super) fn length(head: [u8; HEAD]) -> std::io::Result<usize> {
    let length = usize::try_from(u32::from_le_bytes(head)).unwrap_or(usize::MAX);
    if length <= LONGEST { Ok(length) } else { Err(too_long()) }
}

fn too_long() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, "the frame is too long")
}

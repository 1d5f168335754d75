//! The data of server-sent events, out of pieces that may end anywhere.

use super::ModelError;

/// The longest line, in bytes.
const LONGEST: usize = 64 * 1024;

/// The begin of a line whose end has not come yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// The data of the events that are whole now. Each event has one line of data.
    ///
    /// # Errors
    /// `Unreadable` for a line that is too long, or is no text.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Vec<String>, ModelError> {
        self.rest.extend_from_slice(bytes);
        let mut found = Vec::new();
        let whole = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        for line in self.rest[..whole].split(|byte| *byte == b'\n') {
            let line = std::str::from_utf8(line).map_err(|_| ModelError::Unreadable)?.trim_end_matches('\r');
            let data = line.strip_prefix("data:").map(str::trim).filter(|data| !data.is_empty());
            found.extend(data.map(ToOwned::to_owned));
        }
        self.rest.drain(..whole);
        if self.rest.len() > LONGEST { Err(ModelError::Unreadable) } else { Ok(found) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_whole_wherever_the_pieces_end() {
        let text = "event: x\r\ndata: {\"a\":\"é\"}\r\n\r\n: comment\ndata:{}\n\ndata: [DONE]\n\n".as_bytes();
        for size in 1..text.len() {
            let mut lines = Lines::default();
            let found: Vec<String> = text.chunks(size).flat_map(|piece| lines.take(piece).unwrap()).collect();
            assert_eq!(found, ["{\"a\":\"é\"}", "{}", "[DONE]"], "{size}");
        }
        assert_eq!(Lines::default().take(&vec![b'x'; LONGEST + 1]), Err(ModelError::Unreadable));
        assert_eq!(Lines::default().take(b"data: \xff\n"), Err(ModelError::Unreadable));
    }
}

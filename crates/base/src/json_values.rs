//! Counts the values of a JSON text: each takes about seventy bytes of memory once it is parsed,
//! even if its text is short.

/// A running count of the values of a text: one, plus one for each comma and each opening bracket
/// outside of strings.
#[derive(Debug, Clone, Copy)]
pub struct ValueCount {
    values: usize,
    is_text: bool,
    is_escaped: bool,
}

impl Default for ValueCount {
    fn default() -> Self {
        Self { values: 1, is_text: false, is_escaped: false }
    }
}

impl ValueCount {
    /// Counts the next part of the text. Returns the number of values so far.
    pub fn add(&mut self, json: &[u8]) -> usize {
        for byte in json {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' if self.is_text => self.is_escaped = true,
                b'"' => self.is_text = !self.is_text,
                b',' | b'[' | b'{' if !self.is_text => self.values += 1,
                _ => {}
            }
        }
        self.values
    }

    /// Counts a whole text.
    pub fn of(json: &[u8]) -> usize {
        Self::default().add(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_however_the_text_is_cut() {
        let json = br#"{"a": [1, 2, {"b": "x,[{\",\\"}], "c": []}"#;
        assert_eq!(ValueCount::of(json), 8);
        let mut count = ValueCount::default();
        for byte in json.chunks(1) {
            count.add(byte);
        }
        assert_eq!(count.add(b""), 8);
    }
}

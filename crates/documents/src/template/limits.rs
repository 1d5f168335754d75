//! Scans a template's text before it is parsed. The parser recurses for each bracket, and accepts
//! input of any size.
//!
//! These are flat scans over the bytes, without a grammar. In doubt they count too much. Nested
//! blocks are counted [by the parser itself](super::blocks).

use campanile_base::bounds::{
    TEMPLATE_BLANKS, TEMPLATE_BRACKETS, TEMPLATE_BYTES, TEMPLATE_CONDITIONS, TEMPLATE_ELSIFS,
};

/// The most times that a byte is read, on average, in the search for ends of tags.
const READINGS: usize = 64;

/// Checks that a text may be parsed.
///
/// # Errors
/// The bound that is exceeded, as a sentence with the line.
pub(super) fn check(text: &str) -> Result<(), String> {
    if text.len() > TEMPLATE_BYTES {
        return Err(format!("the template is longer than {TEMPLATE_BYTES} bytes"));
    }
    let line = |at: usize| text[..at].matches('\n').count() + 1;
    if let Some(at) = blanks(text.as_bytes()) {
        return Err(format!("line {}: more than {TEMPLATE_BLANKS} blank characters follow each other", line(at)));
    }
    if let Some(at) = brackets(text.as_bytes()) {
        return Err(format!("line {}: brackets lie more than {TEMPLATE_BRACKETS} deep in each other", line(at)));
    }
    tags(text).map_err(|(at, why)| format!("line {}: {why}", line(at)))
}

/// The position at which too many blank characters follow each other.
fn blanks(text: &[u8]) -> Option<usize> {
    let mut row = 0;
    text.iter().position(|byte| {
        row = if byte.is_ascii_whitespace() { row + 1 } else { 0 };
        row > TEMPLATE_BLANKS
    })
}

/// The position at which brackets are nested too deep: `a[b[c[…`. Between nested brackets stand
/// only names, dots and numbers; any other character resets the depth. A quoted text after `[` is
/// scanned on its own.
fn brackets(text: &[u8]) -> Option<usize> {
    let mut parts = vec![(0, text.len())];
    while let Some((start, end)) = parts.pop() {
        let (mut depth, mut at, mut last) = (0_usize, start, 0_u8);
        while at < end {
            let byte = text[at];
            match byte {
                b'[' => depth += 1,
                b']' => depth = depth.saturating_sub(1),
                b'\'' | b'"' => {
                    let close = text[at + 1..end].iter().position(|other| *other == byte).map(|length| at + 1 + length);
                    match close.filter(|_| last == b'[') {
                        Some(close) => {
                            parts.push((at + 1, close));
                            at = close;
                        }
                        None => depth = 0,
                    }
                }
                b'.' | b'_' | b'-' | b'+' => {}
                _ if byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() => {}
                _ => depth = 0,
            }
            if depth > TEMPLATE_BRACKETS {
                return Some(at);
            }
            if !byte.is_ascii_whitespace() {
                last = byte;
            }
            at += 1;
        }
    }
    None
}

/// Checks tags and expressions. An error is the position, and a sentence.
fn tags(text: &str) -> Result<(), (usize, String)> {
    let bytes = text.as_bytes();
    let (mut readings, mut elsifs) = (0, 0);
    for (at, _) in text.match_indices('{') {
        let close = match bytes.get(at + 1) {
            Some(b'%') => b'%',
            Some(b'{') => b'}',
            _ => continue,
        };
        let end = end_of(bytes, at + 2, close);
        readings += end.unwrap_or(bytes.len()) - at;
        if readings > READINGS * (text.len() + 1024) {
            return Err((at, "too many tags are not closed".to_owned()));
        }
        let Some(end) = end else { continue };
        let words = words(&text[at + 2..end]);
        let is_tag = close == b'%';
        let name = words.first().copied().filter(|_| is_tag).unwrap_or_default();
        elsifs += usize::from(name == "elsif");
        if elsifs > TEMPLATE_ELSIFS {
            return Err((at, format!("the template has more than {TEMPLATE_ELSIFS} elsif")));
        }
        let joins = words.iter().filter(|word| matches!(**word, "and" | "or")).count();
        if joins > TEMPLATE_CONDITIONS && matches!(name, "if" | "elsif" | "unless") {
            return Err((at, format!("a condition has more than {TEMPLATE_CONDITIONS} of and, or")));
        }
        if let Some(number) = words.iter().find(|word| is_too_large(word)) {
            return Err((at, format!("the number {:.20}… is too large", number)));
        }
    }
    Ok(())
}

/// The end of a tag. Quoted texts are skipped.
fn end_of(bytes: &[u8], start: usize, close: u8) -> Option<usize> {
    let mut quote = None;
    (start..bytes.len()).find(|at| {
        let byte = bytes[*at];
        match quote {
            Some(open) => quote = (byte != open).then_some(open),
            None if byte == b'\'' || byte == b'"' => quote = Some(byte),
            None => return byte == close && bytes.get(at + 1) == Some(&b'}'),
        }
        false
    })
}

/// The words of a tag, without quoted texts.
fn words(tag: &str) -> Vec<&str> {
    let mut quote = None;
    let is_apart = |letter: char| {
        match quote {
            Some(open) if letter == open => quote = None,
            None if letter == '\'' || letter == '"' => quote = Some(letter),
            None => return !(letter.is_alphanumeric() || "_-.".contains(letter)),
            Some(_) => {}
        }
        true
    };
    tag.split(is_apart).map(|word| word.trim_matches('-')).filter(|word| !word.is_empty()).collect()
}

fn is_too_large(word: &str) -> bool {
    word.len() > 18 && word.bytes().all(|byte| byte.is_ascii_digit()) && word.parse::<i64>().is_err()
}

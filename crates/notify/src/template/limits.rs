//! Looks at a template's text before its parser does, which recurses for each bracket and takes what it is given.
//!
//! Flat scans over the bytes, without a grammar: where they cannot tell, they count too much. Blocks within blocks are counted
//! [by the parser itself](super::blocks).

use campanile_base::bounds::{
    TEMPLATE_BLANKS, TEMPLATE_BRACKETS, TEMPLATE_BYTES, TEMPLATE_CONDITIONS, TEMPLATE_ELSIFS,
};

/// How often a byte may be read while ends of tags are looked for.
const READINGS: usize = 64;

/// Whether the parser may see a text.
///
/// # Errors
/// A sentence, with the line.
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

/// Where too many blank characters follow each other.
fn blanks(text: &[u8]) -> Option<usize> {
    let mut row = 0;
    text.iter().position(|byte| {
        row = if byte.is_ascii_whitespace() { row + 1 } else { 0 };
        row > TEMPLATE_BLANKS
    })
}

/// Where brackets lie too deep: `a[b[c[…`. Between two of them stand names, dots and numbers; a text stands for itself.
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

/// What is wrong with a tag or an expression, and where.
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

/// Where a tag ends that begins here; texts in quotes are no ends.
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

/// The words of a tag, without what is in quotes.
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

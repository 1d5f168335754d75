//! Makes Markdown of MDX: without imports, exports, comments and the tags of components. Their text
//! stays. Fenced code and code between backticks is left as it is.

/// The longest tag, in bytes.
const LONGEST_TAG: usize = 8 * 1024;
/// After so many tags without an end, no more are looked for: each took a look at many bytes.
const MOST_OPEN_TAGS: usize = 1_000;
/// The most lines of an import or export.
const MOST_LINES: usize = 100;

/// The Markdown of an MDX text.
pub(crate) fn without_tags(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    // The mark that ends the fenced code.
    let mut fence: Option<String> = None;
    // The lines of an import so far, and its open brackets.
    let mut import: Option<(usize, i64)> = None;
    let mut is_behind_blank = true;
    let mut prose = String::new();
    for line in text.split_inclusive('\n') {
        let told = line.trim_start();
        let marks: String = told.chars().take_while(|c| matches!(c, '`' | '~')).collect();
        if let Some(open) = &fence {
            kept.push_str(line);
            if marks.starts_with(open.as_str()) && told.trim_end().len() == marks.len() {
                fence = None;
            }
            continue;
        }
        if let Some((lines, brackets)) = import {
            let brackets = brackets + balance(line);
            import = (brackets > 0 && lines < MOST_LINES && !line.trim().is_empty()).then_some((lines + 1, brackets));
            continue;
        }
        if is_behind_blank && (line.starts_with("import ") || line.starts_with("export ")) {
            let brackets = balance(line);
            import = (brackets > 0).then_some((1, brackets));
            continue;
        }
        is_behind_blank = told.is_empty();
        if marks.len() >= 3 {
            kept.push_str(&stripped(&std::mem::take(&mut prose)));
            kept.push_str(line);
            fence = Some(marks);
        } else {
            prose.push_str(line);
        }
        if fence.is_none() && told.is_empty() {
            kept.push_str(&stripped(&std::mem::take(&mut prose)));
        }
    }
    kept.push_str(&stripped(&prose));
    kept
}

fn balance(line: &str) -> i64 {
    line.bytes().map(|byte| i64::from(b"{([".contains(&byte)) - i64::from(b"})]".contains(&byte))).sum()
}

/// A paragraph without tags and comments.
fn stripped(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let (mut at, mut is_code, mut open_tags) = (0, false, 0);
    while let Some(found) = text[at..].find(['<', '{', '`']) {
        let mark = at + found;
        kept.push_str(&text[at..mark]);
        let rest = &text[mark..];
        let length = match rest.as_bytes()[0] {
            b'`' => {
                is_code = !is_code;
                None
            }
            _ if is_code || open_tags > MOST_OPEN_TAGS => None,
            b'<' => tag(rest),
            _ => rest.starts_with("{/*").then(|| within(rest).find("*/}").map(|end| end + 3)).flatten(),
        };
        if length.is_none() {
            kept.push_str(&rest[..1]);
            open_tags += usize::from(!is_code);
        }
        at = mark + length.unwrap_or(1);
    }
    kept.push_str(&text[at..]);
    kept
}

/// The length of the tag with which a text begins.
fn tag(text: &str) -> Option<usize> {
    let name = text[1..].strip_prefix('/').unwrap_or(&text[1..]);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '>') {
        return None;
    }
    let (mut quote, mut brackets) = (None, 0_i64);
    for (at, byte) in within(text).bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) => quote = (byte != open).then_some(open),
            (None, b'"' | b'\'') if brackets == 0 => quote = Some(byte),
            (None, b'{') => brackets += 1,
            (None, b'}') => brackets -= 1,
            (None, b'>') if brackets <= 0 => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The begin of a text, up to the longest tag.
fn within(text: &str) -> &str {
    let mut end = text.len().min(LONGEST_TAG);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

//! The text of an HTML page, and its outline by the headings. Scripts and styles are left out.
//!
//! The text is shown to nobody as HTML. So no tree is built, and a page that is not well formed is
//! read as far as it can be.

use crate::outline::{Cut, Outline};

/// The longest tag, in bytes.
const LONGEST_TAG: usize = 64 * 1024;
/// After so many tags without an end, no more are looked for: each took a look at many bytes.
const MOST_OPEN_TAGS: usize = 100;
/// The longest name of a character, such as `&eacute;`.
const LONGEST_NAME: usize = 12;
/// Elements without text for people.
const SKIPPED: &[&str] = &["script", "style", "template", "noscript", "svg", "head"];
/// Elements that begin a block.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "dd",
    "div",
    "dl",
    "dt",
    "figure",
    "footer",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "title",
    "ul",
];
/// Characters by their names.
const NAMES: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("ndash", '–'),
    ("mdash", '—'),
    ("hellip", '…'),
    ("copy", '©'),
    ("rsquo", '’'),
    ("lsquo", '‘'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("auml", 'ä'),
    ("ouml", 'ö'),
    ("uuml", 'ü'),
    ("szlig", 'ß'),
    ("eacute", 'é'),
    ("egrave", 'è'),
    ("middot", '·'),
];

/// The text of a page, and its outline.
pub(crate) fn read(html: &str) -> (String, Outline) {
    let mut page =
        Page { text: String::with_capacity(html.len() / 2), blocks: Vec::new(), from: 0, cut: Cut::Sentences };
    let (mut at, mut open_tags) = (0, 0);
    while at < html.len() {
        let Some(found) = html[at..].find('<') else { break };
        page.take(&html[at..at + found]);
        at += found;
        let read = if open_tags < MOST_OPEN_TAGS { tag(&html[at..]) } else { None };
        let Some((name, is_end, length)) = read else {
            // A comment, a declaration, or a mark that means itself.
            let skipped = comment(&html[at..]);
            if skipped.is_none() {
                page.take("<");
                open_tags += usize::from(html[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/'));
            }
            at += skipped.unwrap_or(1);
            continue;
        };
        at += length;
        if !is_end && SKIPPED.contains(&name.as_str()) {
            at += end_of(&html[at..], &name);
            continue;
        }
        page.mark(&name, is_end);
    }
    page.take(&html[at.min(html.len())..]);
    page.end(Part::Block);
    page.outline()
}

/// A part of the text that has ended.
enum Part {
    Block,
    Heading(u8),
}

struct Page {
    text: String,
    blocks: Vec<(std::ops::Range<usize>, Part, Cut)>,
    /// The first byte of the part that is open.
    from: usize,
    cut: Cut,
}

impl Page {
    fn take(&mut self, raw: &str) {
        let told = decoded(raw);
        if self.cut == Cut::Lines {
            self.text.push_str(&told);
            return;
        }
        for c in told.chars() {
            match c.is_whitespace() {
                true if self.text.len() == self.from || self.text.ends_with(char::is_whitespace) => {}
                true => self.text.push(' '),
                false => self.text.push(c),
            }
        }
    }

    fn mark(&mut self, name: &str, is_end: bool) {
        let level = name.strip_prefix('h').and_then(|level| level.parse::<u8>().ok()).filter(|n| (1..=6).contains(n));
        match (name, level) {
            (_, Some(level)) => self.end(if is_end { Part::Heading(level) } else { Part::Block }),
            ("br" | "tr", _) => {
                self.text.truncate(self.text.trim_end_matches(' ').len().max(self.from));
                self.text.push('\n');
            }
            ("td" | "th", _) => self.take(" "),
            ("pre" | "table", _) => {
                self.end(Part::Block);
                self.cut = if is_end { Cut::Sentences } else { Cut::Lines };
                if name == "table" {
                    // Spaces of the source mean nothing in a table.
                    self.cut = Cut::Sentences;
                }
            }
            _ if BLOCKS.contains(&name) => self.end(Part::Block),
            _ => {}
        }
    }

    fn end(&mut self, part: Part) {
        if self.text[self.from..].trim().is_empty() {
            self.text.truncate(self.from);
            return;
        }
        self.blocks.push((self.from..self.text.len(), part, self.cut));
        self.text.push_str("\n\n");
        self.from = self.text.len();
    }

    fn outline(self) -> (String, Outline) {
        let mut outline = Outline::new();
        for (range, part, cut) in self.blocks {
            match part {
                Part::Heading(level) => outline.heading(level, &self.text[range]),
                Part::Block => outline.block(&self.text, range, cut),
            }
        }
        (self.text, outline)
    }
}

/// The name of the tag with which a text begins, true for an end tag, and the length.
fn tag(html: &str) -> Option<(String, bool, usize)> {
    let inner = &html[1..];
    let is_end = inner.starts_with('/');
    let named = &inner[usize::from(is_end)..];
    let length = named.bytes().take_while(u8::is_ascii_alphanumeric).take(32).count();
    if length == 0 || !named.as_bytes()[0].is_ascii_alphabetic() {
        return None;
    }
    let mut quote = None;
    for (at, byte) in html.bytes().enumerate().take(LONGEST_TAG) {
        match (quote, byte) {
            (Some(open), _) => quote = (byte != open).then_some(open),
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return Some((named[..length].to_ascii_lowercase(), is_end, at + 1)),
            _ => {}
        }
    }
    None
}

/// The length of a comment or declaration with which a text begins.
fn comment(html: &str) -> Option<usize> {
    if html.starts_with("<!--") {
        return Some(html.find("-->").map_or(html.len(), |end| end + 3));
    }
    let is_declaration = html.starts_with("<!") || html.starts_with("<?");
    is_declaration.then(|| html.find('>').map_or(html.len(), |end| end + 1))
}

/// The length up to the end tag of an element, that included.
fn end_of(html: &str, name: &str) -> usize {
    let mut at = 0;
    while let Some(found) = html[at..].find("</") {
        at += found + 2;
        let is_end =
            html.as_bytes()[at..].get(..name.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(name.as_bytes()));
        if is_end {
            return html[at..].find('>').map_or(html.len(), |end| at + end + 1);
        }
    }
    html.len()
}

/// A text with its characters in place of their names.
fn decoded(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut at = 0;
    while let Some(found) = raw[at..].find('&') {
        text.push_str(&raw[at..at + found]);
        at += found;
        let length = raw.as_bytes()[at + 1..].iter().take(LONGEST_NAME + 1).position(|byte| *byte == b';');
        let name = length.and_then(|length| raw.get(at + 1..at + 1 + length));
        match name.and_then(character) {
            Some(c) => {
                text.push(c);
                at += length.unwrap_or_default() + 2;
            }
            None => {
                text.push('&');
                at += 1;
            }
        }
    }
    text.push_str(&raw[at..]);
    text
}

fn character(name: &str) -> Option<char> {
    let number = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => number.parse().ok(),
        },
        None => return NAMES.iter().find(|(known, _)| *known == name).map(|(_, c)| *c),
    };
    number.and_then(char::from_u32).filter(|c| !c.is_control() || c.is_whitespace())
}

//! The outline of a Markdown text.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::outline::{Cut, Outline};

/// The outline of a text. A block begins where a paragraph, an item of a list, a table or code
/// begins, and goes on to the next one. So whatever stands in between belongs to one of them.
pub(crate) fn outline(text: &str) -> Outline {
    let mut outline = Outline::new();
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES;
    let (mut open, mut line): (Option<Open>, _) = (None, Line::default());
    let mut heading: Option<(u8, String)> = None;
    // Headings within quotes and lists belong to their text.
    let mut depth = 0_usize;
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) if depth == 0 => {
                end(&mut outline, text, &mut open, range.start);
                heading = Some((level as u8, String::new()));
            }
            Event::End(TagEnd::Heading(_)) if depth == 0 => {
                if let Some((level, told)) = heading.take() {
                    outline.heading(level, &told);
                }
                open = Some(Open { from: range.end, looked_at: range.end, cut: Cut::Sentences });
            }
            Event::Text(told) | Event::Code(told) if heading.is_some() => push(&mut heading, &told),
            Event::SoftBreak | Event::HardBreak if heading.is_some() => push(&mut heading, " "),
            Event::Start(tag) => {
                let cut = match tag {
                    Tag::CodeBlock(_) | Tag::Table(_) => Some(Cut::Lines),
                    Tag::Paragraph | Tag::Item | Tag::HtmlBlock | Tag::FootnoteDefinition(_) => Some(Cut::Sentences),
                    _ => None,
                };
                if let Some(cut) = cut {
                    begin(&mut outline, text, (&mut open, &mut line), range.start, cut);
                }
                depth += usize::from(is_container(&tag));
            }
            Event::End(tag) => depth -= usize::from(is_container_end(tag)),
            _ => {}
        }
    }
    end(&mut outline, text, &mut open, text.len());
    outline
}

fn push(heading: &mut Option<(u8, String)>, text: &str) {
    if let Some((_, told)) = heading {
        told.push_str(text);
    }
}

fn is_container(tag: &Tag<'_>) -> bool {
    matches!(tag, Tag::BlockQuote(_) | Tag::List(_) | Tag::FootnoteDefinition(_))
}

fn is_container_end(tag: TagEnd) -> bool {
    matches!(tag, TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::FootnoteDefinition)
}

/// A block whose end is not known yet.
struct Open {
    from: usize,
    /// Before this there are only marks, if it is behind the begin.
    looked_at: usize,
    cut: Cut,
}

/// The line up to a place that only moves on. So a long line is looked at once.
#[derive(Default)]
struct Line {
    start: usize,
    at: usize,
    has_text: bool,
}

impl Line {
    fn move_on(&mut self, text: &str, at: usize) {
        let passed = &text[self.at.min(at)..at];
        let behind = passed.rfind('\n').map(|end| end + 1);
        if let Some(behind) = behind {
            (self.start, self.has_text) = (self.at + behind, false);
        }
        self.has_text |= has_text(&passed[behind.unwrap_or(0)..]);
        self.at = self.at.max(at);
    }
}

/// True if there is more than marks and the numbers of lists.
fn has_text(text: &str) -> bool {
    text.contains(char::is_alphabetic)
}

/// Begins a block, unless there are only marks before it, such as those of a list: they belong to
/// it.
fn begin(outline: &mut Outline, text: &str, (open, line): (&mut Option<Open>, &mut Line), at: usize, cut: Cut) {
    line.move_on(text, at);
    if let Some(open) = open.as_mut().filter(|open| !has_text(&text[open.looked_at.min(at)..at])) {
        (open.looked_at, open.cut) = (at, cut);
        return;
    }
    // With the line's indentation, and the marks before it.
    let from = if line.has_text { at } else { line.start };
    end(outline, text, open, from);
    *open = Some(Open { from, looked_at: at, cut });
}

fn end(outline: &mut Outline, text: &str, open: &mut Option<Open>, at: usize) {
    if let Some(Open { from, cut, .. }) = open.take() {
        outline.block(text, from..at.max(from), cut);
    }
}

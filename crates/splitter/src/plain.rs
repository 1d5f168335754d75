//! The outlines of texts that are read by their lines: plain text, reStructuredText, AsciiDoc.

use std::ops::Range;

use crate::outline::{Cut, Outline};

/// The marks under headings of reStructuredText.
const UNDERLINES: &str = "=-~^\"'`#*+:._<>";
/// The shortest line under a heading.
const SHORTEST: usize = 3;

/// The lines of a text: the bytes of each, without its end.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        start..start + line.trim_end().len()
    })
}

/// Paragraphs between blank lines, without headings.
pub(crate) fn paragraphs(text: &str) -> Outline {
    let mut outline = Outline::new();
    let mut paragraph = Paragraph::default();
    for line in lines(text) {
        match text[line.clone()].trim().is_empty() {
            true => paragraph.end(text, &mut outline),
            false => paragraph.take(line),
        }
    }
    paragraph.end(text, &mut outline);
    outline
}

/// Headings of AsciiDoc: `== Title`.
pub(crate) fn asciidoc(text: &str) -> Outline {
    let mut outline = Outline::new();
    let mut paragraph = Paragraph::default();
    for range in lines(text) {
        let line = &text[range.clone()];
        let marks = line.len() - line.trim_start_matches('=').len();
        if (1..=6).contains(&marks) && line[marks..].starts_with(' ') {
            paragraph.end(text, &mut outline);
            outline.heading(marks as u8, &line[marks..]);
        } else if line.trim().is_empty() {
            paragraph.end(text, &mut outline);
        } else {
            paragraph.take(range);
        }
    }
    paragraph.end(text, &mut outline);
    outline
}

/// Headings of reStructuredText: a line with a line of marks below it. The levels are in the order
/// in which the marks come first.
pub(crate) fn restructured(text: &str) -> Outline {
    let lines: Vec<Range<usize>> = lines(text).collect();
    let mut outline = Outline::new();
    let (mut paragraph, mut levels) = (Paragraph::default(), Vec::new());
    let mut n = 0;
    while n < lines.len() {
        let line = &text[lines[n].clone()];
        let below = lines.get(n + 1).and_then(|below| mark(&text[below.clone()]));
        let is_above = mark(line).is_some();
        let fits = |mark: &(char, usize)| {
            !is_above && !line.trim().is_empty() && !line.starts_with(' ') && mark.1 >= line.chars().count().min(80)
        };
        if let Some((mark, _)) = below.filter(fits) {
            paragraph.end(text, &mut outline);
            let known = levels.iter().position(|other| *other == mark);
            let level = known.unwrap_or_else(|| {
                levels.push(mark);
                levels.len() - 1
            });
            outline.heading(u8::try_from(level + 1).unwrap_or(u8::MAX), line);
            n += 2;
            continue;
        }
        match line.trim().is_empty() || is_above {
            true => paragraph.end(text, &mut outline),
            false => paragraph.take(lines[n].clone()),
        }
        n += 1;
    }
    paragraph.end(text, &mut outline);
    outline
}

/// The mark of a line that has nothing but it, and its length.
fn mark(line: &str) -> Option<(char, usize)> {
    let line = line.trim_end();
    let first = line.chars().next().filter(|c| UNDERLINES.contains(*c))?;
    let length = line.chars().count();
    (length >= SHORTEST && line.chars().all(|c| c == first)).then_some((first, length))
}

/// The lines of a paragraph while they are read.
#[derive(Default)]
struct Paragraph(Option<Range<usize>>);

impl Paragraph {
    fn take(&mut self, line: Range<usize>) {
        self.0 = Some(self.0.take().map_or(line.start, |range| range.start)..line.end);
    }

    fn end(&mut self, text: &str, outline: &mut Outline) {
        if let Some(range) = self.0.take() {
            outline.block(text, range, Cut::Sentences);
        }
    }
}

//! The outline of a program: its parts begin at lines of the lowest indentation behind a blank line.

use crate::outline::{Cut, Outline};

/// The words before the name of a part.
const WORDS: &[&str] = &[
    "fn",
    "def",
    "class",
    "func",
    "function",
    "interface",
    "type",
    "struct",
    "enum",
    "trait",
    "impl",
    "mod",
    "module",
    "object",
    "protocol",
    "message",
    "service",
];
/// The words that may stand before those.
const BEFORE: &[&str] = &[
    "pub",
    "pub(crate)",
    "pub(super)",
    "async",
    "export",
    "default",
    "public",
    "private",
    "protected",
    "static",
    "abstract",
    "final",
    "unsafe",
    "const",
    "open",
    "internal",
    "sealed",
    "data",
    "override",
];
/// The longest name of a part, in characters.
const LONGEST: usize = 120;
/// The lines that are looked at for a mark of generated files.
const MARKED_LINES: usize = 20;
/// The mean length of the lines of a minified file.
const MINIFIED: usize = 200;

/// True for a program that was generated or minified: nobody reads it.
pub fn is_generated(content: &str) -> bool {
    let lines = content.lines().count().max(1);
    let is_marked = content.lines().take(MARKED_LINES).any(|line| {
        let line = line.to_ascii_lowercase();
        line.contains("do not edit") || line.contains("@generated")
    });
    is_marked || content.len() / lines > MINIFIED
}

/// The parts of a program. The heading of each is the line that names it.
pub(crate) fn outline(text: &str) -> Outline {
    let mut outline = Outline::new();
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let lowest = text.lines().filter(|line| !line.trim().is_empty()).map(indentation).min().unwrap_or(0);
    let (mut start, mut at, mut is_behind_blank, mut named) = (0, 0, false, None::<String>);
    for line in text.split_inclusive('\n') {
        let is_blank = line.trim().is_empty();
        if is_behind_blank && !is_blank && indentation(line) == lowest && at > start {
            part(&mut outline, text, (start, at), named.take());
            start = at;
        }
        if named.is_none() {
            named = name(line);
        }
        (is_behind_blank, at) = (is_blank, at + line.len());
    }
    part(&mut outline, text, (start, text.len()), named);
    outline
}

fn part(outline: &mut Outline, text: &str, (from, until): (usize, usize), name: Option<String>) {
    if let Some(name) = name {
        outline.heading(1, &name);
    }
    outline.block(text, from..until, Cut::Lines);
}

/// The line, if it names a part of a program.
fn name(line: &str) -> Option<String> {
    let mut words = line.split_whitespace().skip_while(|word| BEFORE.contains(word));
    let first = words.next()?;
    let is_name = WORDS.contains(&first) && words.next().is_some();
    let line = || line.trim().trim_end_matches(['{', ':', '(']).trim_end();
    is_name.then(|| line().chars().take(LONGEST).collect())
}

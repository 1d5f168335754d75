//! Expands `{% liquid %}`, a tag in which each line is a tag, before parsing: the parser has no
//! such tag. One-line comments, `{% # … %}`, are replaced as well. Line numbers stay the same.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with each line of a `liquid` tag as a tag of its own.
pub(super) fn unfolded(text: &str) -> Cow<'_, str> {
    let (mut out, mut kept, mut at) = (String::new(), 0, 0);
    while let Some(start) = text[at..].find("{%").map(|found| at + found) {
        let Some(end) = text[start..].find("%}").map(|found| start + found + 2) else { break };
        let tag = Tag::of(&text[start..end]);
        at = match tag.name {
            // The content of these blocks is no tag.
            "raw" | "comment" => end_of(text, end, tag.name),
            "liquid" => {
                out.push_str(&text[kept..start]);
                tag.write_lines(&mut out);
                kept = end;
                end
            }
            name if name.starts_with('#') => {
                out.push_str(&text[kept..start]);
                comment(tag.trims, &"\n".repeat(text[start..end].matches('\n').count()), &mut out);
                kept = end;
                end
            }
            _ => end,
        };
    }
    if kept == 0 {
        return text.into();
    }
    out.push_str(&text[kept..]);
    out.into()
}

/// The position after the end tag of an open block; the end of the text if there is none.
fn end_of(text: &str, from: usize, name: &str) -> usize {
    let mut at = from;
    while let Some(start) = text[at..].find("{%").map(|found| at + found) {
        let Some(end) = text[start..].find("%}").map(|found| start + found + 2) else { break };
        if Tag::of(&text[start..end]).name.strip_prefix("end") == Some(name) {
            return end;
        }
        at = start + 2;
    }
    text.len()
}

/// A tag as it is written, from `{%` to `%}`.
struct Tag<'t> {
    /// True if the tag removes the blanks before it, and those after it.
    trims: (bool, bool),
    name: &'t str,
    /// The text behind the name.
    rest: &'t str,
}

impl<'t> Tag<'t> {
    fn of(text: &'t str) -> Self {
        let inner = &text[2..text.len() - 2];
        let trims = (inner.starts_with('-'), inner.len() > 1 && inner.ends_with('-'));
        let inner = &inner[usize::from(trims.0)..inner.len() - usize::from(trims.1)];
        let begins = inner.len() - inner.trim_start().len();
        let name = inner[begins..].split(|letter: char| letter.is_whitespace()).next().unwrap_or_default();
        Self { trims, name, rest: &inner[begins + name.len()..] }
    }

    /// Writes each line as a tag. The first and the last trim as the whole did. Empty lines and
    /// comments are left out.
    fn write_lines(&self, out: &mut String) {
        let lines: Vec<&str> = self.rest.split('\n').collect();
        let is_tag = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let last = lines.iter().rposition(|line| is_tag(line));
        let (mut is_first, mut new_lines) = (true, String::new());
        for (number, line) in lines.iter().enumerate() {
            let new_line = if number > 0 { "\n" } else { "" };
            // Inside a tag a line break is no text. So the line breaks of omitted lines go into the
            // next tag, or into a comment.
            new_lines.push_str(new_line);
            if !is_tag(line) {
                continue;
            }
            let begins = if is_first && self.trims.0 { "{%-" } else { "{%" };
            let ends = if last == Some(number) && self.trims.1 { "-%}" } else { "%}" };
            let _ = write!(out, "{begins}{new_lines} {} {ends}", line.trim());
            new_lines.clear();
            is_first = false;
        }
        if is_first || !new_lines.is_empty() {
            comment((is_first && self.trims.0, self.trims.1), &new_lines, out);
        }
    }
}

/// Writes an empty comment with the given line breaks.
fn comment(trims: (bool, bool), new_lines: &str, out: &mut String) {
    let (begins, ends) = (if trims.0 { "{%-" } else { "{%" }, if trims.1 { "-%}" } else { "%}" });
    let _ = write!(out, "{begins} comment{new_lines} %}}{{% endcomment {ends}");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::template::Template;

    #[test]
    fn each_line_is_a_tag() {
        let text =
            "a {%- liquid\n\tassign x = 1\n# nothing\n\n  if x == 1\n echo 'b' | upcase\n  endif\n-%} c{% # note %}";
        assert_eq!(Template::parse(text).unwrap().render(&json!({})).unwrap(), "aBc");
        assert_eq!(unfolded(text).matches('\n').count(), text.matches('\n').count(), "lines keep their numbers");
    }

    #[test]
    fn what_is_raw_or_open_is_left_as_it_is() {
        for text in ["{% raw %}{% liquid\n echo 1 %}{% endraw %}", "{% liquid echo 1", "{%", "{%%}", "{%-%}", "plain"] {
            assert_eq!(unfolded(text), text);
        }
    }
}

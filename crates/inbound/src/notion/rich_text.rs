//! Notion's rich text as Markdown: marks, links, mentions and equations.
//!
//! Few characters are escaped, since the text is searched: only those at the beginning of a line that
//! would make it a heading, a list, a quote or a table.

use serde_json::Value;

use super::address_of;

/// The marks of a run of text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Marks {
    bold: bool,
    italic: bool,
    struck: bool,
    code: bool,
}

/// A run of text with the same marks and the same link.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    text: String,
    marks: Marks,
    link: Option<String>,
}

/// A rich text as Markdown. It may have several lines.
pub fn markdown(rich: &Value) -> String {
    let mut runs: Vec<Run> = Vec::new();
    for item in rich.as_array().into_iter().flatten() {
        let run = Run::of(item);
        match runs.last_mut() {
            Some(last) if last.marks == run.marks && last.link == run.link => last.text.push_str(&run.text),
            _ => runs.push(run),
        }
    }
    runs.iter().map(Run::markdown).collect()
}

/// A rich text without marks and links.
pub fn plain(rich: &Value) -> String {
    rich.as_array().into_iter().flatten().filter_map(|item| item["plain_text"].as_str()).collect()
}

/// A text on one line.
pub(super) fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A link; the label alone if the address is not one that a reader can follow.
pub(super) fn link(label: &str, address: &str) -> String {
    let label = on_one_line(label);
    let Some(address) = absolute(address) else { return label };
    let label = if label.is_empty() { address.clone() } else { label };
    format!("[{}]({address})", label.replace('[', "\\[").replace(']', "\\]"))
}

/// A text whose lines begin no heading, list, quote or table.
pub(super) fn without_block_marks(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let rest = line.trim_start();
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let is_number = (1..10).contains(&digits) && rest[digits..].starts_with([')', '.']);
        let after = rest.trim_start_matches('#');
        let is_heading = after.len() < rest.len() && (after.is_empty() || after.starts_with(' '));
        let is_line = ["---", "===", "***", "```", "~~~"].iter().any(|mark| rest.starts_with(mark));
        let is_mark = is_heading || is_line || rest.starts_with(['>', '|']);
        let is_item = ["- ", "* ", "+ "].iter().any(|mark| rest.starts_with(mark)) || rest == "-";
        let blanks = &line[..line.len() - rest.len()];
        match is_number {
            true => format!("{blanks}{}\\{}", &rest[..digits], &rest[digits..]),
            false if is_mark || is_item => format!("{blanks}\\{rest}"),
            false => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The address in full. Notion writes those of its own pages without a host.
fn absolute(address: &str) -> Option<String> {
    let address = address.trim();
    let full = match address.strip_prefix('/') {
        Some(path) if !path.starts_with('/') => format!("{}{path}", super::PAGES),
        _ => address.to_owned(),
    };
    let known = ["https://", "http://", "mailto:"].iter().any(|scheme| full.starts_with(scheme));
    let plain = |c: char| !c.is_control() && !c.is_whitespace();
    if !known || !full.chars().all(plain) {
        return None;
    }
    Some(full.replace('(', "%28").replace(')', "%29").replace('<', "%3C").replace('>', "%3E"))
}

impl Run {
    fn of(item: &Value) -> Self {
        let noted = &item["annotations"];
        let is = |mark: &str| noted[mark].as_bool().unwrap_or(false);
        let marks = Marks { bold: is("bold"), italic: is("italic"), struck: is("strikethrough"), code: is("code") };
        let link = item["href"].as_str().map(str::to_owned);
        let plain = || item["plain_text"].as_str().unwrap_or_default().to_owned();
        match item["type"].as_str() {
            Some("equation") => {
                let text = item["equation"]["expression"].as_str().map(|expression| format!("${expression}$"));
                Self { text: text.unwrap_or_else(plain), marks: Marks::default(), link }
            }
            Some("mention") => {
                let (text, address) = mention(&item["mention"], plain());
                Self { text, marks, link: address.or(link) }
            }
            _ => Self { text: plain(), marks, link },
        }
    }

    fn markdown(&self) -> String {
        // Marks must stand close to the text.
        let text = self.text.trim();
        if text.is_empty() {
            return self.text.clone();
        }
        let start = self.text.len() - self.text.trim_start().len();
        let (before, after) = (&self.text[..start], &self.text[start + text.len()..]);
        let mut marked = if self.marks.code { as_code(text) } else { text.to_owned() };
        for (is_marked, mark) in [(self.marks.bold, "**"), (self.marks.italic, "*"), (self.marks.struck, "~~")] {
            if is_marked {
                marked = format!("{mark}{marked}{mark}");
            }
        }
        if let Some(address) = &self.link {
            marked = link(&marked, address);
        }
        format!("{before}{marked}{after}")
    }
}

/// The text of a mention, and the address that it leads to.
fn mention(mention: &Value, plain: String) -> (String, Option<String>) {
    let kind = mention["type"].as_str().unwrap_or_default();
    let of = &mention[kind];
    let text = |field: &str| of[field].as_str().map(str::to_owned);
    match kind {
        "user" => {
            let name = of["name"].as_str().unwrap_or_else(|| plain.trim_start_matches('@'));
            (format!("@{name}"), None)
        }
        "date" => (date(of).unwrap_or(plain), None),
        "page" | "database" => (plain, text("id").map(|id| address_of(&id))),
        "link_preview" => (plain, text("url")),
        "link_mention" => (text("title").unwrap_or(plain), text("href")),
        "custom_emoji" => (text("name").map_or(plain, |name| format!(":{name}:")), None),
        _ => (plain, None),
    }
}

/// A date, or a range of dates.
pub(super) fn date(date: &Value) -> Option<String> {
    let start = date["start"].as_str()?;
    Some(match date["end"].as_str() {
        Some(end) => format!("{start} to {end}"),
        None => start.to_owned(),
    })
}

/// A piece of code within backticks, more of them than it has itself.
fn as_code(text: &str) -> String {
    let fence = "`".repeat(longest_run(text, '`') + 1);
    let blank = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{blank}{}{blank}{fence}", text.replace('\n', " "))
}

/// The length of the longest run of a character.
pub(super) fn longest_run(text: &str, wanted: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

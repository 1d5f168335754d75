//! The blocks of a Notion page as Markdown.
//!
//! Pure: the caller has fetched the blocks. A block that has no form in Markdown, or that could not be
//! fetched, leaves a comment and is counted; it never spoils the page. Files that Notion keeps have
//! addresses that end after an hour, so the address of the block stands for them.

#[cfg(test)]
mod tests;

use campanile_base::bounds::KEPT_DOCUMENT_BYTES;
use serde_json::Value;

use super::address_of;
use super::rich_text::{self, link, longest_run, markdown, on_one_line, without_block_marks};
use crate::sync::skips::{SkipCounts, SkipReason};

/// The most blocks above another.
pub const DEPTH: usize = 24;
/// The most blocks of a page.
pub const BLOCKS: usize = 10_000;

/// A block with its children.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Its id.
    pub id: String,
    /// Its type, such as `paragraph`.
    pub kind: String,
    /// The fields of the type.
    pub content: Value,
    /// The blocks below it, in order.
    pub children: Vec<Block>,
    /// The reason why it has no children here, although Notion says that it has.
    pub missing: Option<SkipReason>,
}

/// A page as Markdown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RenderedPage {
    /// The text.
    pub markdown: String,
    /// The parts that are not in it.
    pub skipped: SkipCounts,
}

impl Block {
    /// The block of an answer, without children. Returns `None` if it has no id or no type.
    pub fn of(answer: &Value) -> Option<Self> {
        let (id, kind) = (answer["id"].as_str()?, answer["type"].as_str()?);
        let content = answer[kind].clone();
        Some(Self { id: id.to_owned(), kind: kind.to_owned(), content, children: Vec::new(), missing: None })
    }

    /// The id of the block whose children this one shows; its own unless it is a copy.
    pub fn children_id(&self) -> &str {
        self.content["synced_from"]["block_id"].as_str().unwrap_or(&self.id)
    }

    fn text(&self) -> String {
        markdown(&self.content["rich_text"])
    }
}

/// Turns the blocks of a page into Markdown.
pub fn render(blocks: &[Block]) -> RenderedPage {
    let mut renderer = Renderer { skipped: SkipCounts::default(), blocks: 0 };
    let mut markdown = renderer.blocks(blocks, 0);
    if markdown.len() > KEPT_DOCUMENT_BYTES {
        let end = (0..=KEPT_DOCUMENT_BYTES).rev().find(|end| markdown.is_char_boundary(*end)).unwrap_or(0);
        markdown.truncate(end);
        renderer.skipped.add(SkipReason::TooLarge);
    }
    RenderedPage { markdown, skipped: renderer.skipped }
}

struct Renderer {
    skipped: SkipCounts,
    /// The blocks so far.
    blocks: usize,
}

impl Renderer {
    fn blocks(&mut self, blocks: &[Block], depth: usize) -> String {
        if depth > DEPTH && !blocks.is_empty() {
            return self.left_out(SkipReason::TooDeep, "blocks below too many others");
        }
        let (mut text, mut before, mut number) = (String::new(), "", 0);
        for block in blocks {
            self.blocks += 1;
            if self.blocks > BLOCKS {
                // Counted once, however many there are.
                if self.skipped.of(SkipReason::TooManyBlocks) == 0 {
                    let note = self.left_out(SkipReason::TooManyBlocks, "the other blocks of the page");
                    text = joined(text, "\n\n", &note);
                }
                break;
            }
            let follows = block.kind == "numbered_list_item" && before == block.kind;
            let first = block.content["list_start_index"].as_u64().unwrap_or(1);
            number = if follows { number + 1 } else { first };
            let rendered = self.block(block, number, depth);
            if rendered.trim().is_empty() {
                continue;
            }
            let gap = if is_item(&block.kind) && before == block.kind { "\n" } else { "\n\n" };
            text = joined(text, gap, &rendered);
            before = &block.kind;
        }
        text
    }

    fn block(&mut self, block: &Block, number: u64, depth: usize) -> String {
        let (kind, content) = (block.kind.as_str(), &block.content);
        match kind {
            "paragraph" | "template" => self.followed(without_block_marks(&block.text()), block, depth),
            "heading_1" | "heading_2" | "heading_3" | "heading_4" => self.heading(block, depth),
            "bulleted_list_item" | "toggle" => self.item("- ", block, depth),
            "numbered_list_item" => self.item(&format!("{number}. "), block, depth),
            "to_do" => {
                let is_done = content["checked"].as_bool().unwrap_or(false);
                self.item(if is_done { "- [x] " } else { "- [ ] " }, block, depth)
            }
            "quote" => self.quote(without_block_marks(&block.text()), block, depth),
            "callout" => {
                let text = without_block_marks(&block.text());
                let icon = content["icon"]["emoji"].as_str().map(|icon| format!("{icon} ")).unwrap_or_default();
                self.quote(format!("{icon}{text}"), block, depth)
            }
            "code" => code(content),
            "equation" => match content["expression"].as_str() {
                Some(expression) => format!("$$\n{expression}\n$$"),
                None => self.unsupported(kind),
            },
            "divider" => "---".to_owned(),
            "table" => self.table(block),
            "column_list" | "column" | "tab" | "synced_block" => self.followed(String::new(), block, depth),
            "meeting_notes" | "transcription" => self.meeting(block, depth),
            "child_page" | "child_database" => {
                link(content["title"].as_str().unwrap_or_default(), &address_of(&block.id))
            }
            "link_to_page" => self.link_to_page(content),
            "bookmark" | "embed" | "link_preview" => {
                link(&rich_text::plain(&content["caption"]), content["url"].as_str().unwrap_or_default())
            }
            "image" | "video" | "audio" | "pdf" | "file" => file(block),
            "table_of_contents" | "breadcrumb" => String::new(),
            "unsupported" => self.unsupported(content["block_type"].as_str().unwrap_or(kind)),
            _ => self.unsupported(kind),
        }
    }

    /// The children of a block, or the note that they are missing.
    fn children(&mut self, block: &Block, depth: usize) -> String {
        match block.missing {
            Some(reason) => {
                let note = match reason {
                    SkipReason::NotShared => "a part that is not shared with the integration",
                    _ => "a part that could not be read",
                };
                self.left_out(reason, note)
            }
            None => self.blocks(&block.children, depth + 1),
        }
    }

    /// A text, and the children below it. They are not indented: four blanks would make them code.
    fn followed(&mut self, text: String, block: &Block, depth: usize) -> String {
        let children = self.children(block, depth);
        joined(text, "\n\n", &children)
    }

    fn heading(&mut self, block: &Block, depth: usize) -> String {
        let level = usize::from(block.kind.as_bytes()[block.kind.len() - 1] - b'0');
        let text = on_one_line(&block.text());
        let line = if text.is_empty() { String::new() } else { format!("{} {text}", "#".repeat(level)) };
        self.followed(line, block, depth)
    }

    fn item(&mut self, mark: &str, block: &Block, depth: usize) -> String {
        let text = without_block_marks(&block.text());
        let children = self.children(block, depth);
        let gap = if block.children.iter().all(|child| is_item(&child.kind)) { "\n" } else { "\n\n" };
        // What stands below an item is indented by its mark, that of a task by two.
        let blanks = " ".repeat(mark.find(". ").map_or(2, |dot| dot + 2));
        format!("{mark}{}", indented(&joined(text, gap, &children), &blanks))
    }

    fn quote(&mut self, text: String, block: &Block, depth: usize) -> String {
        let children = self.children(block, depth);
        let lines = joined(text, "\n\n", &children);
        lines.lines().map(|line| format!("> {line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }

    fn meeting(&mut self, block: &Block, depth: usize) -> String {
        if block.content["children"]["transcript_block_id"].is_string() {
            self.skipped.add(SkipReason::Transcript);
        }
        let title = on_one_line(&markdown(&block.content["title"]));
        self.followed(without_block_marks(&title), block, depth)
    }

    fn table(&mut self, block: &Block) -> String {
        if block.missing.is_some() {
            return self.children(block, 0);
        }
        let rows: Vec<&Block> = block.children.iter().filter(|row| row.kind == "table_row").collect();
        self.blocks += rows.len();
        let cells = |row: &Block| -> Vec<String> {
            let cells = row.content["cells"].as_array().into_iter().flatten();
            cells.map(|cell| markdown(cell).trim().replace('|', "\\|").replace('\n', "<br>")).collect()
        };
        let mut rows: Vec<Vec<String>> = rows.into_iter().map(cells).collect();
        let Some(width) = rows.iter().map(Vec::len).max().filter(|width| *width > 0) else { return String::new() };
        if !block.content["has_column_header"].as_bool().unwrap_or(false) {
            rows.insert(0, vec![String::new(); width]);
        }
        let mut lines: Vec<String> = rows.into_iter().map(|row| line(row, width)).collect();
        lines.insert(1, format!("|{}", " --- |".repeat(width)));
        lines.join("\n")
    }

    fn link_to_page(&mut self, content: &Value) -> String {
        let kind = content["type"].as_str().unwrap_or_default();
        match (kind, content[kind].as_str()) {
            ("page_id", Some(id)) => link("page", &address_of(id)),
            ("database_id", Some(id)) => link("database", &address_of(id)),
            ("comment_id", Some(id)) => link("comment", &address_of(id)),
            _ => self.unsupported("link_to_page"),
        }
    }

    fn unsupported(&mut self, kind: &str) -> String {
        let kind: String = kind.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect();
        self.skipped.add(SkipReason::UnsupportedBlock);
        format!("<!-- unsupported: {kind} -->")
    }

    fn left_out(&mut self, reason: SkipReason, note: &str) -> String {
        self.skipped.add(reason);
        format!("<!-- left out: {note} -->")
    }
}

fn is_item(kind: &str) -> bool {
    matches!(kind, "bulleted_list_item" | "numbered_list_item" | "to_do" | "toggle")
}

fn joined(mut text: String, gap: &str, more: &str) -> String {
    if !text.is_empty() && !more.is_empty() {
        text.push_str(gap);
    }
    text.push_str(more);
    text
}

/// A text whose lines after the first one begin with blanks.
fn indented(text: &str, blanks: &str) -> String {
    let lines = text.split('\n').enumerate().map(|(at, line)| match at {
        0 => line.to_owned(),
        _ if line.is_empty() => String::new(),
        _ => format!("{blanks}{line}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A row of a table.
fn line(mut cells: Vec<String>, width: usize) -> String {
    cells.resize(width, String::new());
    let cells: String = cells.iter().map(|cell| format!(" {cell} |")).collect();
    format!("|{cells}")
}

fn code(content: &Value) -> String {
    let text = rich_text::plain(&content["rich_text"]);
    let fence = "`".repeat(longest_run(&text, '`').max(2) + 1);
    let language = content["language"].as_str().filter(|language| *language != "plain text").unwrap_or_default();
    let language: String = language.chars().filter(|c| !c.is_whitespace() && *c != '`').take(40).collect();
    let caption = on_one_line(&markdown(&content["caption"]));
    joined(format!("{fence}{language}\n{text}\n{fence}"), "\n\n", &without_block_marks(&caption))
}

/// A file or a picture. The address of one that Notion keeps is that of the block.
fn file(block: &Block) -> String {
    let content = &block.content;
    let (kept, external) = (address_of(&block.id), content["external"]["url"].as_str());
    let caption = on_one_line(&rich_text::plain(&content["caption"]));
    let name = content["name"].as_str().map(str::to_owned).unwrap_or_default();
    let label = [caption, name, block.kind.clone()].into_iter().find(|label| !label.is_empty()).unwrap_or_default();
    let shown = link(&label, external.unwrap_or(&kept));
    match block.kind == "image" && external.is_some() && shown.starts_with('[') {
        true => format!("!{shown}"),
        false => shown,
    }
}

//! Notion: pages as Markdown.

pub mod markdown;
pub mod properties;
pub mod rich_text;

/// The beginning of the address of a page or a block; its id follows, without hyphens.
const PAGES: &str = "https://www.notion.so/";

/// The address of a page, a database or a block.
pub(crate) fn address_of(id: &str) -> String {
    let id: String = id.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    format!("{PAGES}{id}")
}

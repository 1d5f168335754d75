//! Converts Markdown to mrkdwn, Slack's dialect of it.
//!
//! Source: Slack's documentation of formatting text for app surfaces.

use campanile_base::bounds::MARKDOWN_BYTES;
use pulldown_cmark::{Event, Options, Tag, TagEnd};

use crate::markdown::events;

/// Converts a text. One that is too long or too deep is shown as plain text.
pub fn of_markdown(markdown: &str) -> String {
    let Some(events) = events(markdown.trim(), Options::ENABLE_STRIKETHROUGH, MARKDOWN_BYTES) else {
        return escaped(markdown.trim());
    };
    let mut text = String::with_capacity(markdown.len());
    let (mut links, mut lists): (Vec<String>, Vec<Option<u64>>) = (Vec::new(), Vec::new());
    for event in events {
        match event {
            Event::Text(said) => text.push_str(&escaped(&said)),
            Event::Code(said) => text.extend(["`", &escaped(&said), "`"]),
            Event::SoftBreak | Event::HardBreak => text.push('\n'),
            Event::Rule => text.push_str("\n---\n"),
            Event::Start(Tag::Strong | Tag::Heading { .. }) | Event::End(TagEnd::Strong) => text.push('*'),
            Event::Start(Tag::Emphasis) | Event::End(TagEnd::Emphasis) => text.push('_'),
            Event::Start(Tag::Strikethrough) | Event::End(TagEnd::Strikethrough) => text.push('~'),
            Event::Start(Tag::CodeBlock(_)) => text.push_str("```\n"),
            Event::End(TagEnd::CodeBlock) => text.push_str("```\n\n"),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                text.extend(["<", &escaped(&dest_url), "|"]);
                links.push(dest_url.into_string());
            }
            Event::End(TagEnd::Link | TagEnd::Image) if links.pop().is_some() => text.push('>'),
            Event::Start(Tag::List(first)) => lists.push(first),
            Event::End(TagEnd::List(_)) => {
                lists.pop();
                text.push('\n');
            }
            Event::Start(Tag::Item) => text.push_str(&bullet(&mut lists)),
            Event::End(TagEnd::Item) => text.push('\n'),
            Event::Start(Tag::BlockQuote(_)) => text.push_str("> "),
            Event::End(TagEnd::Heading(_)) => text.push_str("*\n\n"),
            Event::End(TagEnd::Paragraph) => text.push_str("\n\n"),
            _ => {}
        }
    }
    text.trim().to_owned()
}

fn bullet(lists: &mut [Option<u64>]) -> String {
    let indent = "    ".repeat(lists.len().saturating_sub(1));
    match lists.last_mut() {
        Some(Some(number)) => {
            *number += 1;
            format!("{indent}{}. ", *number - 1)
        }
        _ => format!("{indent}• "),
    }
}

/// Escapes a text for Slack. Slack knows these three entities only, and would show any other as it
/// is.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::of_markdown;

    #[test]
    fn what_slack_spells_otherwise_is_translated() {
        assert_eq!(of_markdown("**bold** *it* ~~no~~ `a<b`"), "*bold* _it_ ~no~ `a&lt;b`");
        assert_eq!(of_markdown("# Title\n\n[a & b](https://x.y)"), "*Title*\n\n<https://x.y|a &amp; b>");
        let nested = format!("{}x", "- ".repeat(30_000));
        assert_eq!(of_markdown(&nested), nested, "lists that lie in each other are not indented without end");
        assert_eq!(of_markdown("- one\n- two\n\n1. a\n2. b"), "• one\n• two\n\n1. a\n2. b");
    }
}

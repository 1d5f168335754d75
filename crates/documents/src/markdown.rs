//! Renders Markdown to HTML that is safe to show, whatever the data contain.
//!
//! The author's HTML is kept as far as it is safe. Attributes that a text brings (`class`, `id`,
//! `style`) are removed, so that no element can look like another part of the page. Text of
//! strangers, such as the title of an issue, should go through the filter `escape_markdown`: it is
//! plain text then, and makes no links and no images.
//!
//! Cleaning takes time that grows with the square of the depth of the HTML. Some of that HTML is
//! written by end users, for example in their names. So the Markdown and the HTML in it are
//! measured first. A text that exceeds a bound is not refused, because one user's name must not
//! keep a message from others. It is shown as plain text instead.

use std::sync::LazyLock;

use ammonia::Builder;
use campanile_base::bounds::{HTML_BYTES, HTML_TAGS, MARKDOWN_BYTES, MARKDOWN_DEPTH, MARKDOWN_EVENTS, TEMPLATE_BYTES};
use campanile_base::escape_html;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, html as write};

/// The `rel` of links. The target gets no handle of this page and no referrer, and search engines
/// are told not to follow.
const REL: &str = "noopener noreferrer nofollow";

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::default();
    cleaner.link_rel(Some(REL));
    cleaner
});

/// Renders Markdown to safe HTML: no scripts, no event handlers, no `javascript:` or `data:` links.
/// A text that exceeds a bound is shown as plain text.
pub fn html(markdown: &str) -> String {
    safe_html(markdown).unwrap_or_else(|| as_text(markdown))
}

/// The same; `None` if the Markdown is too long or too deep, or if the HTML is too large.
fn safe_html(markdown: &str) -> Option<String> {
    let events = events(markdown, options(), MARKDOWN_BYTES)?;
    let is_plain = events.iter().all(is_harmless);
    let html = written(events)?;
    // HTML written from harmless events is clean already, and its only `<a` are those of links.
    if is_plain {
        return Some(html.replace("<a href=", &format!("<a rel=\"{REL}\" href=")));
    }
    if tags(&html) > HTML_TAGS {
        return None;
    }
    Some(CLEANER.clean(&html).to_string()).filter(|html| html.len() <= HTML_BYTES)
}

/// Escapes all ASCII punctuation, so that Markdown shows the text as it is, HTML included.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Renders a template's Markdown without cleaning, since its author is trusted.
pub fn template_html(markdown: &str) -> String {
    events(markdown, options(), TEMPLATE_BYTES).and_then(written).unwrap_or_else(|| as_text(markdown))
}

/// The events of a Markdown text; `None` if it is longer than `most` bytes, too deep, or has too
/// many events.
pub fn events(markdown: &str, options: Options, most: usize) -> Option<Vec<Event<'_>>> {
    if markdown.len() > most {
        return None;
    }
    let (mut events, mut depth) = (Vec::new(), 0_usize);
    for event in Parser::new_ext(markdown, options) {
        match &event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MARKDOWN_DEPTH || events.len() >= MARKDOWN_EVENTS {
            return None;
        }
        events.push(event);
    }
    Some(events)
}

fn written(events: Vec<Event<'_>>) -> Option<String> {
    let mut html = String::new();
    write::push_html(&mut html, events.into_iter());
    html.truncate(html.trim_end().len());
    (html.len() <= HTML_BYTES).then_some(html)
}

/// HTML that shows the text as it is.
fn as_text(text: &str) -> String {
    format!("<p>{}</p>", escape_html(text))
}

/// The number of opening tags. No element lies deeper than that.
fn tags(html: &str) -> usize {
    html.as_bytes().windows(2).filter(|pair| pair[0] == b'<' && pair[1].is_ascii_alphabetic()).count()
}

/// The text of a page, for programs that do not show HTML. It is a flat scan, so pages of any depth
/// are safe.
pub fn text_of_html(html: &str) -> String {
    let bare = bare(html);
    let bare = bare.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">");
    let bare = bare.replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
    let lines: Vec<&str> = bare.lines().map(str::trim).collect();
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        if !line.is_empty() || (index > 0 && !lines[index - 1].is_empty()) {
            text.push_str(line);
            text.push('\n');
        }
    }
    text.trim().to_owned()
}

/// HTML without tags, comments, scripts and styles. Blocks end with a new line.
fn bare(html: &str) -> String {
    const LINES: [&str; 8] = ["/p", "/div", "/tr", "/h1", "/h2", "/h3", "/li", "br"];
    let (mut out, mut rest) = (String::with_capacity(html.len()), html);
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        let inside = &rest[start + 1..];
        if let Some(comment) = inside.strip_prefix("!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        if !inside.starts_with(|letter: char| letter.is_ascii_alphabetic() || "/!?".contains(letter)) {
            out.push('<');
            rest = inside;
            continue;
        }
        let end = inside.find('>');
        let name = inside.split(|letter: char| letter.is_whitespace() || letter == '>').next().unwrap_or_default();
        let name = name.trim_end_matches('/').to_ascii_lowercase();
        if LINES.contains(&name.as_str()) {
            out.push('\n');
        }
        rest = end.map_or("", |end| &inside[end + 1..]);
        if matches!(name.as_str(), "script" | "style") {
            let close = format!("</{name}");
            rest = rest.find(&close).map_or("", |end| &rest[end..]);
        }
    }
    out + rest
}

fn options() -> Options {
    Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS
}

fn is_harmless(event: &Event<'_>) -> bool {
    match event {
        Event::Html(_) | Event::InlineHtml(_) => false,
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
            ["https://", "http://", "mailto:", "/"].iter().any(|start| dest_url.starts_with(start))
        }
        // The word after a fence becomes a class.
        Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
            language.chars().all(|c| c.is_ascii_alphanumeric() || "-_+#".contains(c))
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_html() {
        assert_eq!(
            html("**Ada** wrote [here](https://x.example)"),
            "<p><strong>Ada</strong> wrote <a rel=\"noopener noreferrer nofollow\" href=\"https://x.example\">here</a></p>"
        );
    }

    #[test]
    fn what_could_do_harm_is_taken_out() {
        for markdown in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "[x](data:text/html,1)",
        ] {
            let html = html(markdown);
            assert!(!html.contains("alert(1)") || html.contains("&lt;"), "{html}");
            assert!(
                !html.contains("javascript:") && !html.contains("onerror") && !html.contains("data:text"),
                "{html}"
            );
        }
        assert!(html("a <b>bold</b> word").contains("<b>bold</b>"));
    }

    #[test]
    fn nothing_in_a_text_looks_like_another_part_of_the_page() {
        for markdown in [
            "<a class=\"fixed inset-0 z-50\" id=x style=\"top:0\" href=\"https://x.example\">x</a>",
            "<div class=\"fixed inset-0\" id=\"root\" style=\"position:fixed\">x</div>",
            "```a\tfixed\tinset-0\nx\n```",
            "<img src=\"https://x.example/y.png\" class=\"fixed\" style=\"z-index:9\">",
        ] {
            let html = html(markdown);
            assert!(!html.contains("fixed") && !html.contains("id=") && !html.contains("style="), "{html}");
        }
        let links =
            html("<b>x</b> [a](https://x.example) <a href=\"https://y.example\" rel=\"opener\" target=\"_self\">b</a>");
        assert_eq!(links.matches(&format!("rel=\"{REL}\"")).count(), 2, "{links}");
        assert!(html("```rust\nlet x;\n```").contains("language-rust"));
    }

    #[test]
    fn what_strangers_wrote_is_text() {
        for text in [
            "HashSet<Type> & Co. &amp; more",
            "[log in](https://example.net/login)",
            "![x](https://example.net/p.gif)",
            "<https://example.net> **bold** _it_ ~~no~~ `code`",
            "1. a - # > | table | x ===",
            "<a class=\"fixed inset-0\" href=\"https://evil.example\">x</a>",
            r"\[x](https://example.net) \",
            "[x]: https://example.net",
        ] {
            let html = html(&format!("**{}** scored", escaped(text)));
            let shown = html.strip_prefix("<p><strong>").and_then(|html| html.strip_suffix("</strong> scored</p>"));
            let expected = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let shown = shown.map(|shown| shown.replace("&quot;", "\""));
            assert_eq!(shown.as_deref(), Some(expected.as_str()), "{html}");
        }
        let lines = html(&escaped("x\n# head\n- item\n\n> said\n---\n```\nx"));
        assert!(
            !lines.contains("<h1") && !lines.contains("<li") && !lines.contains("<hr") && !lines.contains("<code"),
            "{lines}"
        );
    }

    #[test]
    fn a_page_has_a_text() {
        assert_eq!(text_of_html("<style>p{}</style><h1>Hi &amp; ho</h1><p>a<br>b</p><p>c</p>"), "Hi & ho\na\nb\nc");
        assert_eq!(text_of_html("a<!-- <p>no</p> --><script>x < y</script> 1 < 2 <a href='x'>b</a>"), "a 1 < 2 b");
        assert_eq!(text_of_html("&amp;lt; <p"), "&lt;");
    }

    #[test]
    fn deep_or_large_html_of_outsiders_is_shown_as_text_at_once() {
        let began = std::time::Instant::now();
        let attributes: String = (0..400).map(|index| format!("<b id={index}>")).collect();
        for markdown in [
            "<div>".repeat(40_000),
            "<div>".repeat(3_000),
            format!("{attributes}{}", "<p>".repeat(400)),
            ">".repeat(10_000),
            "x".repeat(300_000),
        ] {
            let html = html(&markdown);
            assert!(html.starts_with("<p>") && !html.contains("<div>"), "{}", markdown.len());
            assert!(html.contains(&escape_html(&markdown[..9])), "nothing is lost: {}", markdown.len());
            text_of_html(&markdown.repeat(10));
        }
        assert!(html("<div><b>as ever</b></div>").contains("<b>as ever</b>"));
        assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
    }
}

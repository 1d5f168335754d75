//! Markdown to HTML that a page may show, whatever came in with the data.
//!
//! What the author of a template wrote is kept as far as it is safe. No attribute of an element may make it look like
//! another part of the page: there is no `class`, `id` or `style`. What strangers wrote (the title of an issue) is to be put into a
//! template by the filter `escape_markdown`: it is text then, and makes no links and no images.

use std::sync::LazyLock;

use ammonia::Builder;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, html as write};

/// What links are marked with: the page that is left is not told of, not handed over, and does not vouch for the other.
const REL: &str = "noopener noreferrer nofollow";

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::default();
    cleaner.link_rel(Some(REL));
    cleaner
});

/// HTML that is safe to show: no scripts, no handlers, links to the web and to mail only.
pub(crate) fn html(markdown: &str) -> String {
    let events: Vec<Event<'_>> = Parser::new_ext(markdown, options()).collect();
    let mut html = String::with_capacity(markdown.len() * 2);
    let is_plain = events.iter().all(is_harmless);
    write::push_html(&mut html, events.into_iter());
    let html = html.trim_end();
    // What the writer makes of harmless events is clean already, and has no `<a` but of links.
    if is_plain {
        html.replace("<a href=", &format!("<a rel=\"{REL}\" href="))
    } else {
        CLEANER.clean(html).to_string()
    }
}

/// Text that Markdown shows as it is: every character that means something there is escaped, HTML's too.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// HTML of a template that its author is trusted with: nothing is taken out.
pub(crate) fn template_html(markdown: &str) -> String {
    let mut html = String::new();
    write::push_html(&mut html, Parser::new_ext(markdown, options()));
    html
}

/// The text of a page, for those who do not show HTML.
pub(crate) fn text_of_html(html: &str) -> String {
    let mut broken = html.to_owned();
    for tag in ["</p>", "</div>", "</tr>", "</h1>", "</h2>", "</h3>", "</li>", "<br>", "<br/>", "<br />"] {
        broken = broken.replace(tag, &format!("{tag}\n"));
    }
    let bare = Builder::empty().clean(&broken).to_string();
    let bare = bare.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
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
    }
}

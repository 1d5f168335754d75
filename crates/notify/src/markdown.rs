//! Markdown to HTML that a page may show, whatever came in with the data.

use std::sync::LazyLock;

use ammonia::Builder;
use pulldown_cmark::{Event, Options, Parser, Tag, html as write};

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::default();
    cleaner.link_rel(Some("noopener noreferrer")).add_generic_attributes(["class"]);
    cleaner
});

/// HTML that is safe to show: no scripts, no handlers, links to the web and to mail only.
pub(crate) fn html(markdown: &str) -> String {
    let events: Vec<Event<'_>> = Parser::new_ext(markdown, options()).collect();
    let mut html = String::with_capacity(markdown.len() * 2);
    let is_plain = events.iter().all(is_harmless);
    write::push_html(&mut html, events.into_iter());
    let html = html.trim_end();
    // What the writer makes of harmless events is clean already.
    if is_plain { html.to_owned() } else { CLEANER.clean(html).to_string() }
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
            "<p><strong>Ada</strong> wrote <a href=\"https://x.example\">here</a></p>"
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
    fn a_page_has_a_text() {
        assert_eq!(text_of_html("<style>p{}</style><h1>Hi &amp; ho</h1><p>a<br>b</p><p>c</p>"), "Hi & ho\na\nb\nc");
    }
}

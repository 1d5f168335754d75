use std::ops::Range;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::tokens::Tokens;

fn source(format: Format, content: &str) -> Source<'_> {
    Source { content, format, path: "docs/02-deploy-guide.md", title: None }
}

fn markdown(content: &str) -> SplitDocument {
    split(source(Format::Markdown, content), Sizes::default())
}

/// The headings and the text of each piece.
fn told(document: &SplitDocument) -> Vec<(String, &str)> {
    let piece = |piece: &Piece| (piece.headings.join(" › "), &document.text[piece.range.clone()]);
    document.pieces.iter().map(piece).collect()
}

/// A paragraph of so many tokens, with a word of its own.
fn paragraph(word: &str, tokens: usize) -> String {
    (0..tokens).map(|n| if n % 10 == 0 { word } else { "plain" }).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_section_is_a_piece_with_the_path_of_its_headings() {
    let (intro, install, linux) = (paragraph("intro", 40), paragraph("install", 40), paragraph("linux", 40));
    let content = format!("# Deploy\n\n{intro}\n\n## Install\n\n{install}\n\n### Linux\n\n{linux}\n\n## Empty\n");
    let document = markdown(&content);
    assert_eq!(document.title, "Deploy");
    let expected = [
        ("Deploy".to_owned(), intro.as_str()),
        ("Deploy › Install".to_owned(), install.as_str()),
        ("Deploy › Install › Linux".to_owned(), linux.as_str()),
    ];
    assert_eq!(told(&document), expected);
}

#[test]
fn blocks_are_packed_up_to_the_target_and_long_ones_cut_with_an_overlap() {
    let content = format!("{}\n\n{}\n\n{}", paragraph("a", 100), paragraph("b", 70), paragraph("c", 100));
    let sizes: Vec<usize> = markdown(&content).pieces.iter().map(|piece| piece.tokens).collect();
    assert_eq!(sizes, [170, 100]);
    let long = markdown(&paragraph("long", 500));
    assert!(long.pieces.len() >= 3);
    for two in long.pieces.windows(2) {
        let common = count_tokens(&long.text[two[1].range.start..two[0].range.end]);
        assert!((1..=40).contains(&common), "{common}");
    }
}

#[test]
fn fenced_code_and_tables_are_whole_or_cut_at_lines() {
    let code: String = (0..20).map(|n| format!("let x{n} = {n};\n")).collect();
    let content = format!("{}\n\n```rust\n{code}```\n\nafter", paragraph("before", 120));
    let document = markdown(&content);
    let with_code = told(&document).into_iter().find(|(_, text)| text.contains("x0")).unwrap().1;
    assert!(with_code.starts_with("```rust") && with_code.contains("x19"), "{with_code}");
    let rows: String = (0..300).map(|n| format!("| row {n} | value {n} |\n")).collect();
    let table = markdown(&format!("| a | b |\n|---|---|\n{rows}"));
    assert!(table.pieces.len() > 5);
    for (_, text) in told(&table) {
        assert!(text.lines().all(|line| line.starts_with('|') && line.ends_with('|')), "{text}");
    }
}

#[test]
fn small_sections_join_the_one_before_them() {
    let content = format!("## One\n\n{}\n\n## Two\n\na few words\n\n## Three\n\nand more\n", paragraph("one", 60));
    let document = markdown(&content);
    assert_eq!(document.pieces.len(), 1, "{:?}", told(&document));
    assert!(told(&document)[0].1.contains("## Two") && told(&document)[0].1.ends_with("and more"));
    let apart = format!("# A\n\n{}\n\n# B\n\n## C\n\na few words\n", paragraph("one", 60));
    assert_eq!(markdown(&apart).pieces.len(), 2, "they have other parents");
}

#[test]
fn a_change_in_one_section_leaves_the_other_pieces_as_they_are() {
    let sections: Vec<String> =
        (0..1_000).map(|n| format!("## Section {n}\n\n{}\n\n", paragraph(&format!("w{n}"), 50 + n % 200))).collect();
    let before = markdown(&sections.concat());
    let mut changed = sections;
    changed[500].push_str("One more sentence.\n\n");
    let after = markdown(&changed.concat());
    let (before, after) = (told(&before), told(&after));
    let same = after.iter().filter(|piece| before.contains(piece)).count();
    assert!(after.len() - same <= 2, "{} of {}", same, after.len());
}

#[test]
fn front_matter_gives_the_title_and_is_no_text() {
    let content = "---\ntitle: \"How to: deploy\"\ndescription: In short\ntags: [ops, 'on call']\nslug: ops/deploy\n\
        nested:\n  title: no\n---\n\n# Another\n\nText.\n";
    let document = markdown(content);
    assert_eq!((document.title.as_str(), document.slug.as_str()), ("How to: deploy", "ops/deploy"));
    assert_eq!((document.description.as_deref(), document.tags.len()), (Some("In short"), 2));
    assert_eq!(told(&document), [("How to: deploy › Another".to_owned(), "Text.")]);
    let toml = markdown("+++\ntitle = \"Deploy\"\ntags = [\"a\"]\n+++\nText.");
    assert_eq!((toml.title.as_str(), toml.tags), ("Deploy", vec!["a".to_owned()]));
    assert_eq!(told(&markdown("---\nno end"))[0].1.lines().last(), Some("no end"));
}

#[test]
fn without_a_title_a_document_is_called_by_its_name() {
    let document = markdown("Only text.");
    assert_eq!((document.title.as_str(), document.slug.as_str()), ("Deploy guide", "docs/02-deploy-guide"));
    let index = Source { path: "docs/operations/index.md", ..source(Format::Markdown, "Text.") };
    assert_eq!(split(index, Sizes::default()).title, "Operations");
}

#[test]
fn mdx_is_read_without_imports_and_tags() {
    let content = "import { Card } from './card'\nexport const x = {\n  a: 1,\n}\n\n# Cards\n\n<Card title=\"a > b\" on={() => 1}>\n\
        Inner **text**\n</Card>\n\n{/* hidden */}Shown `<Kept />`\n\n```jsx\nimport y\n<Kept />\n```\n";
    let document = split(source(Format::Mdx, content), Sizes::default());
    let text = &document.text;
    assert!(text.contains("Inner **text**") && text.contains("Shown `<Kept />`"), "{text}");
    assert!(text.contains("import y\n<Kept />"), "{text}");
    assert!(!text.contains("./card") && !text.contains("Card title") && !text.contains("hidden"), "{text}");
    assert!(!text.contains("a: 1"), "{text}");
}

#[test]
fn html_is_read_as_text_under_its_headings() {
    let content = "<html><head><title>x</title><style>p{}</style></head><body><h1>Deploy</h1><p>First\n  text &amp; more.\
        <script>if (a < b) {}</script></p><h2>Install</h2><ul><li>one<li>two</ul><pre>  a\n    b</pre></body></html>";
    let document = split(source(Format::Html, content), Sizes { least: 0, ..Sizes::default() });
    let expected =
        [("Deploy".to_owned(), "First text & more."), ("Deploy › Install".to_owned(), "one\n\ntwo\n\n  a\n    b")];
    assert_eq!(told(&document), expected);
}

#[test]
fn headings_of_other_markup_are_found() {
    let sizes = Sizes { least: 0, ..Sizes::default() };
    let rst = split(source(Format::Rst, "======\nDeploy\n======\n\nText.\n\nInstall\n-------\n\nMore.\n"), sizes);
    assert_eq!(told(&rst), [("Deploy".to_owned(), "Text."), ("Deploy › Install".to_owned(), "More.")]);
    let adoc = split(source(Format::Asciidoc, "= Deploy\n\nText.\n\n== Install\n\nMore.\n"), sizes);
    assert_eq!(told(&adoc), told(&rst));
}

#[test]
fn code_is_split_at_its_parts() {
    let body: String = (0..8).map(|n| format!("    call_{n}();\n\n")).collect();
    let content = format!("use a::b;\n\npub fn first() {{\n{body}}}\n\npub fn second() {{\n{body}}}\n");
    let document = split(Source { path: "src/lib.rs", ..source(Format::Code, &content) }, Sizes::default());
    let headings: Vec<String> = told(&document).into_iter().map(|(headings, _)| headings).collect();
    assert_eq!(headings, ["Lib", "Lib › pub fn first()", "Lib › pub fn second()"]);
    assert!(is_generated("// Code generated by x. DO NOT EDIT.\n") && is_generated(&"x;".repeat(500)));
    assert!(!is_generated(&content));
}

#[test]
fn a_text_of_headings_alone_is_found_by_them() {
    let content: String = (0..5_000).map(|n| format!("# Heading {n}\n")).collect();
    let document = markdown(&content);
    assert!(told(&document).iter().any(|(_, text)| text.contains("Heading 4999")));
}

/// Texts that are hard to read. Twice the length must take about twice the time.
#[test]
fn hostile_texts_are_split_in_a_moment() {
    let repeated = |text: &str| text.repeat((64 << 10) / text.len());
    let texts = [
        "#",
        "# ",
        "# a\n",
        "> ",
        ">",
        "- ",
        "* a\n",
        "1. ",
        "[",
        "![",
        "](",
        "*",
        "**a",
        "*a_",
        "`",
        "``a",
        "a",
        "a ",
        "\n",
        " ",
        "\t- ",
        "|",
        "|a",
        "|a\n|-\n",
        "<",
        "<a",
        "<a \"",
        "</",
        "<!--",
        "<!",
        "&",
        "&#1;",
        "{",
        "{/*",
        "<A",
        "é",
        "漢",
        "```\n",
        "~~~",
        "=\n",
        "a\n=\n",
        "a\n\n",
        "import {\n",
        "<p>",
        "<pre>",
        "<h1>",
        "<script>",
        "\\",
        "[a]: b\n",
        "[^a]: b\n",
        "<a href='",
        "    a\n\n",
        "fn a\n\n",
        "> - 1. ",
        "- a\n  > b\n",
        "_a*",
        "[a](",
        "<b>*",
    ];
    for format in Format::ALL {
        for text in texts {
            let content = repeated(text);
            let began = Instant::now();
            let document = split(source(format, &content), Sizes::default());
            let took = began.elapsed();
            check(&document, Sizes::default());
            // A hundred times what is measured, and a tenth of what looking at each pair of bytes takes.
            assert!(took < Duration::from_secs(5), "{} of {text:?}: {took:?}", format.as_str());
        }
    }
}

/// The bytes that two ranges share.
fn common(one: &Range<usize>, other: &Range<usize>) -> Range<usize> {
    other.start.max(one.start)..one.end.min(other.end).max(other.start)
}

/// The rules for the pieces of all documents.
fn check(document: &SplitDocument, sizes: Sizes) {
    let text = &document.text;
    for piece in &document.pieces {
        let told = text.get(piece.range.clone()).expect("within the text, and not within a character");
        assert!(!told.trim().is_empty());
        assert_eq!(told.trim_end(), told);
        assert!(piece.tokens <= sizes.most);
        assert_eq!(piece.headings[0], document.title);
        assert!(!document.title.is_empty() && is_slug(&document.slug), "{:?}", document.slug);
    }
    for two in document.pieces.windows(2) {
        assert!(two[0].range.start < two[1].range.start && two[0].range.end < two[1].range.end);
        let common = common(&two[0].range, &two[1].range);
        assert!(count_tokens(&text[common.clone()]) <= sizes.overlap, "{common:?}");
    }
}

proptest! {
    #[test]
    fn every_byte_of_a_plain_text_is_in_a_piece(text in "([a-zé漢]{1,12}|[.!?,] |\\n\\n|\\n| ){0,400}") {
        let document = split(source(Format::Text, &text), Sizes { target: 20, most: 30, overlap: 5, least: 4 });
        check(&document, Sizes { target: 20, most: 30, overlap: 5, least: 4 });
        for (start, end) in Tokens::of(&document.text) {
            let is_within = |piece: &Piece| piece.range.start <= start && end <= piece.range.end;
            prop_assert!(document.pieces.iter().any(is_within), "{start}..{end} of {text:?}");
        }
    }

    #[test]
    fn every_word_of_markdown_is_in_a_piece_or_in_a_heading(
        text in "(# h[0-9]{1,3}\\n|## k[0-9]{1,3}\\n|\\n\\n|- w[0-9]{1,4}\\n|  - x[0-9]{1,4}\\n|> q[0-9]{1,4}\\n|\\| c[0-9] \\| d \\|\\n|\
            \\|---\\|---\\|\\n|```\\ncode[0-9]{1,3}\\n```\\n|[a-z]{1,9} |1\\. n[0-9]{1,3}\\n|<p>t[0-9]</p>\\n){0,120}"
    ) {
        let sizes = Sizes { target: 20, most: 30, overlap: 5, least: 4 };
        let document = split(source(Format::Markdown, &text), sizes);
        check(&document, sizes);
        let words = |text: &str| text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect::<Vec<_>>();
        let mut found: std::collections::HashSet<String> =
            document.pieces.iter().flat_map(|piece| words(&document.text[piece.range.clone()])).collect();
        let headings: Vec<String> = document.text.lines().filter(|line| line.contains('#')).map(str::to_owned).collect();
        found.extend(headings.iter().flat_map(|heading| words(heading)));
        for word in words(&document.text) {
            prop_assert!(word.is_empty() || found.contains(&word), "{word:?} of {text:?}");
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), number in 0..7_usize) {
        let text = String::from_utf8_lossy(&bytes);
        check(&split(source(Format::ALL[number], &text), Sizes::default()), Sizes::default());
    }

    #[test]
    fn no_markup_makes_it_panic(
        text in "([<>/!&;#{}\\[\\]()*_`~|=:+\\-\\\\\"' \\n\\t]|[a-c]|<p|<h1>|</|<!--|\\{/\\*|---\\n|```|import |é|\\r\\n){0,200}",
        number in 0..7_usize,
    ) {
        check(&split(source(Format::ALL[number], &text), Sizes::default()), Sizes::default());
    }
}

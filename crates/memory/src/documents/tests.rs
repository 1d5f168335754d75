use campanile_base::Error;

use super::document::ChunkView;
use super::prepared::{DocumentInput, prepare, text_of};
use super::reading::count_characters;

fn input(content: &str) -> DocumentInput {
    DocumentInput { path: Some("docs/a.md".into()), content: content.into(), ..DocumentInput::default() }
}

fn field(refused: Result<super::PreparedDocument, Error>) -> &'static str {
    match refused.err() {
        Some(Error::InvalidField { field, .. }) => field,
        other => panic!("a field is at fault, not {other:?}"),
    }
}

#[test]
fn documents_out_of_bounds_are_refused_by_field() {
    assert!(prepare(input("Text.")).is_ok());
    let many: String = (0..250_000).map(|n| format!("{n}.")).collect();
    for content in ["", " \n ", "a\0b", &"x ".repeat((2 << 20) / 2 + 1), &many] {
        assert_eq!(field(prepare(input(content))), "content");
    }
    // All passages of this are equal.
    assert!(prepare(input(&"#".repeat(2 << 20))).unwrap().hashes.len() < 5);
    assert_eq!(field(prepare(DocumentInput { path: None, ..input("a") })), "externalId");
    assert_eq!(field(prepare(DocumentInput { path: Some("a\nb".into()), ..input("a") })), "externalId");
    assert_eq!(field(prepare(DocumentInput { title: Some("x".repeat(301)), ..input("a") })), "title");
    assert_eq!(field(prepare(DocumentInput { url: Some("javascript:x".into()), ..input("a") })), "url");
    assert_eq!(field(prepare(DocumentInput { format: Some("pdf".into()), ..input("a") })), "format");
    assert!(matches!(text_of(vec![0xff, 0xfe]), Err(Error::InvalidField { field: "content", .. })));
}

#[test]
fn equal_pieces_under_equal_headings_are_one() {
    let same = format!("# A\n\n{}\n\n# A\n\n{}\n", "one two three ".repeat(20), "one two three ".repeat(20));
    assert_eq!(prepare(input(&same)).unwrap().hashes.len(), 1);
}

#[test]
fn bytes_become_characters() {
    let text = "é漢a🎉b";
    let view = |start, end| ChunkView { no: 0, headings: Vec::new(), start, end, tokens: 0 };
    let mut chunks = [view(0, 5), view(2, 10), view(10, 11)];
    count_characters(text, &mut chunks);
    let places: Vec<_> = chunks.iter().map(|chunk| (chunk.start, chunk.end)).collect();
    assert_eq!(places, [(0, 2), (1, 4), (4, 5)]);
}

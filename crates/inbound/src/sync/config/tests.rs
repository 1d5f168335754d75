use super::*;

fn config(text: &str) -> Result<SyncConfig, ConfigError> {
    read(text.as_bytes())
}

fn refused(text: &str) -> String {
    config(text).expect_err(text).to_string()
}

#[test]
fn a_file_with_all_fields_is_read() {
    let text =
        "# ours\nversion: 1\nstore: the-docs\ninclude:\n  - 'docs/**/*.md'\n  - README.md\nexclude: [docs/drafts/**]\n";
    let read = config(text).unwrap();
    assert_eq!(read.store.as_deref(), Some("the-docs"));
    assert!(read.rules.is_document("docs/a/b.md") && read.rules.is_document("README.md"));
    assert!(!read.rules.is_document("docs/drafts/b.md") && !read.rules.is_document("src/b.md"));
}

#[test]
fn store_and_exclude_may_be_absent() {
    let read = config("version: 1\ninclude: ['**/*.md']").unwrap();
    assert!(read.store.is_none() && read.rules.is_document("a/b.md"));
}

#[test]
fn an_error_names_the_line_and_the_expected() {
    let cases = [
        ("", "line 1: the file must be a mapping that begins with version: 1"),
        ("- a\n- b\n", "line 1: the file must be a mapping that begins with version: 1"),
        ("include: [a]\n", "line 1: the field version must be 1; it is missing"),
        ("version: 2\ninclude: [a]\n", "line 1: the field version must be 1"),
        ("version: 1\n", "line 1: the field include is missing; it must be a list of globs"),
        ("version: 1\n\ninclude: docs\n", "line 3: the field include must be a list of globs"),
        ("version: 1\ninclude: []\n", "line 2: the field include must have at least one glob"),
        ("version: 1\ninclude:\n  - a\n  - /b\n", "line 4: the glob \"/b\" must not begin with a slash"),
        ("version: 1\ninclude: [a]\nexclude:\n  - 'x/[b'\n", "line 4: the glob \"x/[b\" cannot be read"),
        ("version: 1\ninclude:\n  - {a: b}\n", "line 3: an entry of include must be a text"),
        ("version: 1\ninclude:\n  a: b\n", "line 3: the field include must be a text or a list of texts"),
        ("version: 1\ninclude: [a]\nincludes: [a]\n", "line 3: the field \"includes\" is unknown"),
        ("version: 1\ninclude: [a]\ninclude: [b]\n", "line 3: the field include is there twice"),
        ("version: 1\nstore: My Docs\ninclude: [a]\n", "line 2: the field store must be 1 to 20 small letters"),
        ("version: 1\nstore: a--b\ninclude: [a]\n", "line 2: the field store must be"),
        ("version: 1\ninclude: [a\n", "line 2: the file is no YAML"),
        ("version: 1\ninclude: [a]\n---\nversion: 1\n", "line 3: the file must have one document only"),
        ("version: &v 1\ninclude: [*v]\n", "line 1: anchors and aliases are not allowed"),
    ];
    for (text, expected) in cases {
        let said = refused(text);
        assert!(said.starts_with(expected), "{text:?}: {said}");
    }
    assert_eq!(read(b"version: 1\n\xff\n").unwrap_err().to_string(), "line 2: the file must be UTF-8");
}

#[test]
fn a_file_is_bounded() {
    let long = format!("version: 1\ninclude: [a]\n# {}", "x".repeat(FILE_BYTES));
    assert!(refused(&long).contains("at most 65536 bytes"));
    let many: String = (0..200).map(|n| format!("  - a{n}\n")).collect();
    assert!(refused(&format!("version: 1\ninclude:\n{many}")).starts_with("line 2: there must be at most 100 globs"));
    let deep = format!("version: 1\ninclude: {}{}", "[".repeat(20_000), "]".repeat(20_000));
    assert!(refused(&deep).contains("line 2"));
}

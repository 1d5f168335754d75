//! The front matter of a document: fields in YAML between lines of `---`, or in TOML between lines
//! of `+++`.
//!
//! Only four fields are read, each of one line or a list of lines, so no reader of all of YAML is
//! needed. Front matter that is not understood is left out of the text all the same.

/// The lines that are looked at for the end of the front matter.
const MOST_LINES: usize = 1_000;
/// The longest value, in characters.
const LONGEST: usize = 1_000;
/// The most tags.
const MOST_TAGS: usize = 50;

/// The fields that are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FrontMatter {
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) slug: Option<String>,
    pub(crate) tags: Vec<String>,
}

/// The front matter of a content, and the rest.
pub(crate) fn read(content: &str) -> (FrontMatter, &str) {
    let mut lines = content.split_inclusive('\n');
    let first = lines.next().unwrap_or_default();
    let (fence, separator) = match first.trim_end() {
        "---" => ("---", ':'),
        "+++" => ("+++", '='),
        _ => return (FrontMatter::default(), content),
    };
    let (mut at, mut inner) = (first.len(), Vec::new());
    for line in lines.take(MOST_LINES) {
        at += line.len();
        if line.trim_end() == fence {
            return (fields(&inner, separator), &content[at..]);
        }
        inner.push(line.trim_end());
    }
    // A line across the page, and no front matter.
    (FrontMatter::default(), content)
}

fn fields(lines: &[&str], separator: char) -> FrontMatter {
    let mut fields = FrontMatter::default();
    let mut is_of_tags = false;
    for line in lines {
        if let Some(item) = line.trim_start().strip_prefix("- ").filter(|_| is_of_tags) {
            fields.tags.push(value(item));
            continue;
        }
        if line.starts_with(char::is_whitespace) {
            continue;
        }
        let Some((name, told)) = line.split_once(separator) else { continue };
        let told = told.trim();
        is_of_tags = name.trim() == "tags" && told.is_empty();
        let text = || Some(value(told)).filter(|value| !value.is_empty());
        match name.trim() {
            "title" => fields.title = text(),
            "description" => fields.description = text(),
            "slug" => fields.slug = text(),
            "tags" => fields.tags = list(told),
            _ => {}
        }
    }
    fields.tags.retain(|tag| !tag.is_empty());
    fields.tags.truncate(MOST_TAGS);
    fields
}

/// A value without its quotes, of one line.
fn value(text: &str) -> String {
    let text = text.trim();
    let quoted = ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    quoted.unwrap_or(text).chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The values of `[one, "two"]`, or of `one, two`.
fn list(text: &str) -> Vec<String> {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    inner.split(',').map(value).collect()
}

//! The title and the slug of a document.

/// The longest title, in characters.
const LONGEST_TITLE: usize = 300;
/// The longest slug.
pub const LONGEST_SLUG: usize = 256;

/// The title: the given one, or that of the front matter, or the first heading, or the name of the
/// file without its place in an order (`01-`).
pub(crate) fn choose(given: Option<&str>, front: Option<&str>, heading: Option<&str>, path: &str) -> String {
    let told = [given, front, heading].into_iter().flatten().map(one_line).find(|title| !title.is_empty());
    told.unwrap_or_else(|| title_of_path(path))
}

/// A text on one line, not too long.
pub(crate) fn one_line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST_TITLE) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

/// The title of a document that names none itself.
pub fn title_of_path(path: &str) -> String {
    let mut parts = path.rsplit('/').filter(|part| !part.is_empty());
    let name = parts.next().unwrap_or("Document");
    let stem = without_ending(name);
    // The page of a folder is called after it.
    let stem = if stem.eq_ignore_ascii_case("index") { parts.next().unwrap_or(stem) } else { stem };
    let digits = stem.len() - stem.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let ordered = stem[digits..].strip_prefix(['-', '_', '.']).filter(|rest| digits > 0 && !rest.is_empty());
    let words = one_line(&ordered.unwrap_or(stem).replace(['-', '_'], " "));
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => "Document".to_owned(),
    }
}

fn without_ending(name: &str) -> &str {
    name.rsplit_once('.').map(|(stem, _)| stem).filter(|stem| !stem.is_empty()).unwrap_or(name)
}

/// True for a slug that can be used as it is.
pub fn is_slug(text: &str) -> bool {
    (1..=LONGEST_SLUG).contains(&text.len()) && text.bytes().all(is_of_slug)
}

fn is_of_slug(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_./-".contains(&byte)
}

/// The slug: that of the front matter, or the path without its ending, or the title.
pub(crate) fn slug(front: Option<&str>, path: &str, title: &str) -> String {
    if let Some(front) = front.filter(|front| is_slug(front)) {
        return front.to_owned();
    }
    slug_of_path(path, title)
}

/// The slug of a document that names none itself.
pub fn slug_of_path(path: &str, title: &str) -> String {
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
    let of_path = slugged(&format!("{folder}/{}", without_ending(name)));
    let of_title = || Some(slugged(&title.to_lowercase())).filter(|slug| !slug.is_empty());
    Some(of_path).filter(|slug| !slug.is_empty()).or_else(of_title).unwrap_or_else(|| "document".to_owned())
}

/// A text with a hyphen for all that cannot stand in a slug. The end is kept, which tells more.
fn slugged(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        match u8::try_from(c).is_ok_and(is_of_slug) {
            true => slug.push(c),
            false if slug.ends_with(['-', '/']) => {}
            false => slug.push('-'),
        }
    }
    let from = slug.len().saturating_sub(LONGEST_SLUG);
    slug[from..].trim_matches(['-', '/', '.']).to_owned()
}

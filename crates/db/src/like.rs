//! Patterns of `LIKE`.

/// The pattern of texts that contain `text`, for `LIKE … ESCAPE '\'`. Its special characters stand
/// for themselves.
pub fn containing(text: &str) -> String {
    format!("%{}%", escaped(text))
}

/// The pattern of texts that begin with `text`, likewise.
pub fn beginning_with(text: &str) -> String {
    format!("{}%", escaped(text))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

//! Patterns of `LIKE`.

/// The pattern of texts that contain `text`, for `LIKE … ESCAPE '\'`. Its special characters stand
/// for themselves.
pub fn containing(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

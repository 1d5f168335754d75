//! The fence around a text of others in a prompt.

/// A text that cannot close the marks it stands between.
pub fn fenced(text: &str) -> String {
    text.replace('<', "‹").replace('>', "›")
}

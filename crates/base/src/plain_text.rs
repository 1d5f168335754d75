//! Texts of others, made harmless: without characters that nobody sees.
//!
//! They end in terminals, mails, pages and prompts. A control character moves a terminal's cursor or
//! changes its title, and a direction mark makes a text read differently from what it says.

/// True for a character that shows nothing of its own, but changes how others are shown.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The text without control characters and direction marks, on one line.
pub fn one_line(text: &str) -> String {
    let seen: String = text.chars().filter(|c| !is_unseen(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text without control characters and direction marks; its lines and tabs stay.
pub fn plain_lines(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !(c.is_control() || is_unseen(*c))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_move_a_terminal_is_gone() {
        let text = "esc \u{1b}[31mRED\u{1b}]0;owned\u{7} \r\nline\t2 \u{202e}evil\u{9b}2J";
        assert_eq!(one_line(text), "esc [31mRED ]0;owned line 2 evil 2J");
        assert_eq!(plain_lines(text), "esc [31mRED]0;owned \nline\t2 evil2J");
        assert_eq!(one_line("naïve 日本語 ‏שלום"), "naïve 日本語 שלום");
    }
}

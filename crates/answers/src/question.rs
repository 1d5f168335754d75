//! Reads a question: the words to search for, the things whose state it asks for, and the time. Pure.

use std::sync::LazyLock;
use std::time::Duration;

use campanile_base::plain_text::one_line;
use campanile_base::{Error, Result, Timestamp};
use campanile_memory::search::named_time;
use campanile_search::terms::is_stop_word;
use regex::Regex;

/// The longest question, in characters: the longest query of a search.
pub(crate) const LONGEST: usize = 1_000;
/// The most names that are looked up for one question.
const MOST_NAMES: usize = 40;
/// The smallest difference of two times.
pub(crate) const INSTANT: Duration = Duration::from_micros(1);
/// The most words of a name.
const WORDS_OF_NAME: usize = 4;

/// Words by which people ask, and which no event is about.
const ASKING: &[&str] = &[
    "please",
    "tell",
    "me",
    "show",
    "explain",
    "give",
    "us",
    "about",
    "any",
    "anything",
    "happened",
    "happen",
    "know",
    "list",
    "find",
    "whose",
    "whom",
    "should",
    "could",
    "would",
    "currently",
    "now",
    "today",
];
/// Words that ask for a state, in no order.
const STATE_WORDS: &[(&str, &str)] = &[
    ("status", "status"),
    ("state", "status"),
    ("open", "status"),
    ("closed", "status"),
    ("merged", "status"),
    ("done", "status"),
    ("resolved", "status"),
    ("deployed", "status"),
    ("finished", "status"),
    ("failed", "status"),
    ("assigned", "assignee"),
    ("assignee", "assignee"),
    ("owner", "assignee"),
    ("owns", "assignee"),
    ("lead", "assignee"),
    ("priority", "priority"),
    ("urgent", "priority"),
    ("health", "health"),
    ("healthy", "health"),
    ("track", "health"),
    ("progress", "progress"),
    ("far", "progress"),
];
/// Words that ask for all changes of a state.
const HISTORY_WORDS: &[&str] = &["history", "changes", "changed", "timeline", "when"];
/// Words that stand for what was spoken of before.
const POINTING: &[&str] =
    &["it", "its", "that", "this", "they", "them", "those", "these", "he", "she", "his", "her", "there"];

/// `ENG-42`, `acme/shop#12`, `#12`, and the id of a deployment.
static IDENTIFIERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b[a-z][a-z0-9]{0,9}-[0-9a-z]{1,8}\b|[\w.-]+/[\w.-]+#\d{1,9}\b|#\d{1,9}\b|\bdpl_\w+")
        .expect("the pattern is a constant")
});
static DATE: LazyLock<Regex> = LazyLock::new(|| {
    let time = r"(?:[t ](\d{1,2}:\d{2}(?::\d{2})?)(z|[+-]\d{2}:\d{2})?)?";
    let pattern = format!(r"(?i)\b(on|at|of|by|in|before|as of)\s+(\d{{4}}-\d{{2}}-\d{{2}}){time}\b");
    Regex::new(&pattern).expect("the pattern is a constant")
});

/// A filter that names the end of a time: `before:2026-11-01`.
static BEFORE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:before|until):(\d{4}-\d{2}-\d{2})\b").expect("the pattern is a constant"));

/// A question that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// The question, on one line.
    pub(crate) text: String,
    /// The words to search for.
    pub(crate) query: String,
    /// Identifiers in it.
    pub(crate) identifiers: Vec<String>,
    /// Words in it that may be the name of a project or a service.
    pub(crate) names: Vec<String>,
    /// The kinds of state that it asks for; empty if it asks for none.
    pub(crate) states: Vec<&'static str>,
    /// True if it asks for all changes.
    pub(crate) is_history: bool,
    /// The time that it asks about.
    pub(crate) at: Option<Timestamp>,
}

impl Question {
    /// The time whose states are asked for; `None` for the present and for all times.
    pub(crate) fn states_at(&self) -> Option<Timestamp> {
        self.at.filter(|_| !self.states.is_empty() && !self.is_history)
    }
}

/// Reads a question. `before` is the question before it in its session.
///
/// # Errors
/// `InvalidField` for a question without words, or one that is too long.
pub(crate) fn read(text: &str, before: Option<&str>, now: Timestamp) -> Result<Question> {
    let text = one_line(text);
    if text.chars().count() > LONGEST {
        return Err(Error::invalid_field("question", format!("must have at most {LONGEST} characters")));
    }
    if !text.chars().any(char::is_alphanumeric) {
        return Err(Error::invalid_field("question", "must have words"));
    }
    let mut identifiers = identifiers(&text);
    let mut query = query(&text);
    if let Some(before) = before.map(one_line).filter(|_| identifiers.is_empty() && leans_on_before(&text)) {
        identifiers = self::identifiers(&before);
        let context = if identifiers.is_empty() { self::query(&before) } else { identifiers.join(" ") };
        query = cut(&format!("{query} {context}"), LONGEST);
    }
    let words: Vec<String> = words(&text).map(str::to_lowercase).collect();
    let mut states: Vec<&'static str> = Vec::new();
    for (word, state) in STATE_WORDS {
        if words.iter().any(|said| said == word) && !states.contains(state) {
            states.push(state);
        }
    }
    let is_history = words.iter().any(|word| HISTORY_WORDS.contains(&word.as_str()));
    if is_history && states.is_empty() && !identifiers.is_empty() {
        states.push("status");
    }
    let at = time(&text, now);
    let names = if states.is_empty() { Vec::new() } else { names(&text) };
    Ok(Question { query, identifiers, names, states, is_history, at, text })
}

/// The time whose state is asked for: that of a date, or else the end of a time in words, as searches read it.
/// `None` for the present, and for what is to come.
fn time(text: &str, now: Timestamp) -> Option<Timestamp> {
    let of_filter = || {
        let day = BEFORE.captures(text)?.get(1)?.as_str();
        Some(Timestamp::parse(&format!("{day}T00:00:00Z"))?.minus(INSTANT))
    };
    let in_words = || named_time(text, now)?.end.filter(|end| *end <= now).map(|end| end.minus(INSTANT));
    DATE.captures(text).and_then(|found| date(&found)).or_else(of_filter).or_else(in_words)
}

/// A date: a day stands for its end, or for its begin behind `before`. A time without a zone is in UTC.
fn date(found: &regex::Captures<'_>) -> Option<Timestamp> {
    let part = |n: usize| found.get(n).map(|part| part.as_str().to_uppercase());
    let (word, day) = (part(1)?, part(2)?);
    let Some(time) = part(3) else {
        return match word.as_str() {
            "BEFORE" => Timestamp::parse(&format!("{day}T00:00:00Z")).map(|day| day.minus(INSTANT)),
            _ => Timestamp::parse(&format!("{day}T23:59:59Z")),
        };
    };
    let time = if time.len() < 5 { format!("0{time}") } else { time };
    let seconds = if time.len() < 8 { ":00" } else { "" };
    Timestamp::parse(&format!("{day}T{time}{seconds}{}", part(4).unwrap_or_else(|| "Z".to_owned())))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
        .map(|word| word.trim_matches(|c: char| "?!.,;()؟،。？！".contains(c)))
        .filter(|word| !word.is_empty())
}

/// The words to search for: all but those by which people ask and those without a meaning of their own,
/// unless nothing is left. Within quotes every word counts.
fn query(text: &str) -> String {
    let undated = DATE.replace_all(text, " ");
    let has_phrase = undated.contains('"');
    let is_asking = |word: &&str| {
        let lower = word.to_lowercase();
        let asks = ASKING.contains(&lower.as_str()) || matches!(lower.as_str(), "status" | "state" | "history");
        !has_phrase && (asks || is_stop_word(word))
    };
    let kept: Vec<&str> = words(&undated).filter(|word| !is_asking(word)).collect();
    if kept.is_empty() { words(text).collect::<Vec<_>>().join(" ") } else { kept.join(" ") }
}

fn identifiers(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    // A plain word with a hyphen, such as `roll-back`, is no identifier.
    let has_digit = |text: &&str| text.contains(|c: char| c.is_ascii_digit());
    for identifier in IDENTIFIERS.find_iter(text).map(|found| found.as_str()).filter(has_digit) {
        if !found.iter().any(|known| known.eq_ignore_ascii_case(identifier)) {
            found.push(identifier.to_owned());
        }
    }
    found.truncate(MOST_NAMES / 4);
    found
}

/// Runs of words that may be the name of a project or a service, the longest first.
fn names(text: &str) -> Vec<String> {
    let words: Vec<&str> = words(text).collect();
    let mut names: Vec<String> = Vec::new();
    for length in (1..=WORDS_OF_NAME.min(words.len())).rev() {
        for run in words.windows(length) {
            let is_edge = |word: &str| is_stop_word(word) || ASKING.contains(&word.to_lowercase().as_str());
            if names.len() < MOST_NAMES && !is_edge(run[0]) && !is_edge(run[length - 1]) {
                names.push(run.join(" "));
            }
        }
    }
    names
}

/// True for a question that cannot be understood alone.
fn leans_on_before(text: &str) -> bool {
    let words: Vec<String> = words(text).map(str::to_lowercase).collect();
    let points = words.iter().any(|word| POINTING.contains(&word.as_str()));
    let content = words.iter().filter(|word| !is_stop_word(word) && !ASKING.contains(&word.as_str())).count();
    points || content <= 2
}

/// The first characters of a text.
pub(crate) fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Saturday.
    fn now() -> Timestamp {
        Timestamp::parse("2026-11-28T07:00:00Z").unwrap()
    }

    fn asked(text: &str) -> Question {
        read(text, None, now()).unwrap()
    }

    #[test]
    fn a_state_is_asked_for_at_the_end_of_a_time_in_words() {
        for (said, meant) in [
            ("in October", "2026-10-31T23:59:59.999999Z"),
            ("last month", "2026-10-31T23:59:59.999999Z"),
            ("on October 15", "2026-10-15T23:59:59.999999Z"),
            ("yesterday", "2026-11-27T23:59:59.999999Z"),
            ("before November", "2026-10-31T23:59:59.999999Z"),
            ("before:2026-11-01", "2026-10-31T23:59:59.999999Z"),
            ("before 2026-11-01", "2026-10-31T23:59:59.999999Z"),
        ] {
            let question = asked(&format!("what was the status of ENG-5 {said}"));
            assert_eq!(question.at.map(|at| at.to_string()).as_deref(), Some(meant), "{said}");
        }
        for present in ["what is the status of ENG-5", "what is the status of ENG-5 today", "is ENG-5 done this week"] {
            assert_eq!(asked(present).at, None, "{present}");
        }
    }

    #[test]
    fn identifiers_states_and_times_are_read() {
        let question = asked("What is the status of eng-42 as of 2026-10-04?");
        assert_eq!((question.identifiers, question.states), (vec!["eng-42".to_owned()], vec!["status"]));
        assert_eq!(question.at, Timestamp::parse("2026-10-04T23:59:59Z"));
        assert_eq!(question.query, "eng-42");
        for (said, meant) in [
            ("at 2026-02-04T11:00:00Z", "2026-02-04T11:00:00Z"),
            ("at 2026-02-04 11:00", "2026-02-04T11:00:00Z"),
            ("before 2026-02-04T9:30+02:00", "2026-02-04T07:30:00Z"),
        ] {
            let question = asked(&format!("What was the status of eng-42 {said}?"));
            assert_eq!((question.at, question.query.as_str()), (Timestamp::parse(meant), "eng-42"), "{said}");
        }
        assert_eq!(asked("who is assigned to acme/shop#12").identifiers, ["acme/shop#12"]);
        assert_eq!(asked("who is assigned to acme/shop#12").states, ["assignee"]);
        assert!(asked("how do we roll-back a deployment").identifiers.is_empty());
        assert!(asked("why do payments time out").states.is_empty());
        let question = asked("How healthy is the Checkout Redesign project?");
        assert!(question.names.contains(&"Checkout Redesign".to_owned()), "{:?}", question.names);
        assert!(asked("history of #7").is_history);
    }

    #[test]
    fn a_follow_up_leans_on_the_question_before() {
        let read = |text: &str, before: &str| read(text, Some(before), now()).unwrap();
        assert_eq!(read("who fixed it?", "what happened to ENG-42").identifiers, ["ENG-42"]);
        assert!(read("and why?", "the checkout times out").query.contains("checkout times out"));
        let own = read("why did the nightly backup of the database stop", "the checkout times out");
        assert!(!own.query.contains("checkout"));
        assert_eq!(read("who fixed ENG-7", "what of ENG-42").identifiers, ["ENG-7"]);
    }

    #[test]
    fn questions_out_of_bounds_are_refused_and_odd_ones_are_read() {
        assert!(read(&"x".repeat(LONGEST + 1), None, now()).is_err());
        for empty in ["", "   ", "?!", "\u{0}\u{1}", "\u{202e}"] {
            assert!(read(empty, None, now()).is_err(), "{empty:?}");
        }
        assert_eq!(asked("why\u{0}\ndid \u{202e}it fail").text, "why did it fail");
        assert_eq!(asked("ما حالة ENG-42").identifiers, ["ENG-42"]);
        assert_eq!(asked("the status").query, "the status");
    }
}

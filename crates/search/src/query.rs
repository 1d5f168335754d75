//! A query, as people write it.
//!
//! ```text
//! rate limit "connection reset" source:github after:2026-10-01 -type:push -nightly
//! ```
//!
//! Words may stand in any form and order. A quoted phrase must be there as it is. A known field with
//! a colon is a filter; `name:value` with another name is a word. A minus before a filter or a word
//! excludes, but a query of such words alone looks for them: `-Werror`.

use std::ops::Range;

use crate::terms::{Splitter, Term, folded, is_asking_word, is_identifier, is_question, is_stop_word};

/// A word of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryWord {
    /// As written.
    pub written: String,
    /// Its terms: a passage that has one of them has the word.
    pub terms: Vec<String>,
    /// True for an identifier such as `ABC-123`.
    pub is_identifier: bool,
}

/// A filter within the text of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name before the colon.
    pub name: String,
    /// The text behind it.
    pub value: String,
    /// True if it excludes.
    pub is_not: bool,
}

/// A query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// The text without its filters.
    pub text: String,
    /// The words that give the score, each once.
    pub words: Vec<QueryWord>,
    /// Phrases that must be in the heading or the body.
    pub phrases: Vec<String>,
    /// Words that must not be in the heading or the body.
    pub excluded: Vec<String>,
    /// Filters.
    pub fields: Vec<Field>,
}

impl Query {
    /// Reads a query. `fields` are the known names of filters.
    pub fn read(text: &str, fields: &[&str]) -> Self {
        let mut query = Self::default();
        let (mut words, mut excluded, mut is_asking) = (String::new(), Vec::new(), false);
        for token in tokens(text) {
            match token {
                Token::Phrase(phrase) => {
                    is_asking = true;
                    words.push_str(phrase);
                    query.phrases.extend(Some(phrase.trim().to_owned()).filter(|phrase| !phrase.is_empty()));
                }
                Token::Plain(plain) => match field(plain, fields) {
                    Some(field) => {
                        is_asking = true;
                        query.fields.push(field);
                    }
                    None => match excluded_word(plain) {
                        Some(word) => excluded.push((plain, word)),
                        None => {
                            is_asking = true;
                            words.push_str(plain);
                        }
                    },
                },
            }
            words.push(' ');
        }
        match is_asking {
            true => query.excluded = excluded.into_iter().map(|(_, word)| word.to_owned()).collect(),
            false => excluded.iter().for_each(|(plain, _)| words.push_str(&format!("{plain} "))),
        }
        query.words = words_of(&words);
        query.text = words.trim().to_owned();
        query
    }

    /// The query without a part of its text, which was understood as something else than words.
    pub fn without(&self, part: Range<usize>) -> Self {
        let text = format!("{} {}", &self.text[..part.start], &self.text[part.end..]);
        // What is left is of the same question.
        let mut words = words_of(&self.text);
        let left = words_of(&text);
        words.retain(|word| left.iter().any(|other| other.terms == word.terms));
        // Without the part, what is left may say nothing: `what did we do`.
        words.retain(|word| !is_stop_word(&word.written) && !is_asking_word(&word.written));
        Self { words, text: text.trim().to_owned(), ..self.clone() }
    }

    /// The query by whole identifiers alone, if it consists of identifiers: `ABC-123`, but neither
    /// `abc` nor `123`.
    pub fn exact(&self) -> Option<Self> {
        if self.words.is_empty() || self.words.iter().any(|word| !word.is_identifier) {
            return None;
        }
        let whole = |word: &QueryWord| {
            let is_whole = |term: &&String| term.starts_with("sha:") || **term == folded(&word.written);
            let terms = word.terms.iter().filter(is_whole).cloned().collect();
            QueryWord { terms, ..word.clone() }
        };
        Some(Self { words: self.words.iter().map(whole).collect(), ..self.clone() })
    }

    /// True if it begins as a question does: `which deployment …`.
    pub fn is_question(&self) -> bool {
        is_question(&self.text)
    }

    /// True if it asks for nothing but filters.
    pub fn is_without_words(&self) -> bool {
        self.words.is_empty() && self.phrases.is_empty()
    }
}

enum Token<'t> {
    Phrase(&'t str),
    Plain(&'t str),
}

/// The words and phrases of a text. A quote that does not end is a plain character. The value of a
/// filter may be quoted: `actor:"Jane Doe"`.
fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = text.trim_start();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let token = match rest.strip_prefix('"').and_then(|inner| inner.find('"').map(|end| &inner[..end])) {
            Some(phrase) => {
                rest = &rest[phrase.len() + 2..];
                Token::Phrase(phrase)
            }
            None => {
                let (plain, after) = rest.split_at(plain_end(rest));
                rest = after;
                Token::Plain(plain)
            }
        };
        rest = rest.trim_start();
        Some(token)
    })
}

fn plain_end(text: &str) -> usize {
    let space = text.find(char::is_whitespace).unwrap_or(text.len());
    match text[..space].find(":\"") {
        Some(quote) => text[quote + 2..].find('"').map_or(space, |end| quote + 2 + end + 1),
        None => space,
    }
}

fn field(token: &str, known: &[&str]) -> Option<Field> {
    let (is_not, rest) = token.strip_prefix('-').map_or((false, token), |rest| (true, rest));
    let (name, value) = rest.split_once(':')?;
    let name = name.to_ascii_lowercase();
    let value = value.trim_matches('"').trim();
    let is_known = known.contains(&name.as_str()) && !value.is_empty();
    is_known.then(|| Field { name, value: value.to_owned(), is_not })
}

/// The word that a token excludes. A flag of one letter is a word: `grep -v`.
fn excluded_word(token: &str) -> Option<&str> {
    let word = token.strip_prefix('-')?;
    let letters = word.chars().take_while(|letter| letter.is_alphabetic()).count();
    (letters > 1).then_some(word)
}

/// The terms of each word of a phrase.
pub(crate) fn words_in(phrase: &str) -> Vec<Vec<String>> {
    let mut words: Vec<(u32, Vec<String>)> = Vec::new();
    Splitter::default().split(phrase, &mut |term| match words.last_mut() {
        Some((position, terms)) if *position == term.position => terms.push(term.text.to_owned()),
        _ => words.push((term.position, vec![term.text.to_owned()])),
    });
    words.into_iter().map(|(_, terms)| terms).collect()
}

/// The words of a text, each once. Of three words or more, those without meaning are left out.
fn words_of(text: &str) -> Vec<QueryWord> {
    let mut words: Vec<(u32, QueryWord)> = Vec::new();
    Splitter::default().split(text, &mut |term: &Term<'_>| {
        if words.last().is_none_or(|(position, _)| *position != term.position) {
            let written = text[term.start..term.end].to_owned();
            let is_identifier = is_identifier(&written);
            words.push((term.position, QueryWord { written, terms: Vec::new(), is_identifier }));
        }
        let word = words.last_mut().filter(|(_, word)| !word.terms.iter().any(|known| known == term.text));
        if let Some((_, word)) = word {
            word.terms.push(term.text.to_owned());
        }
    });
    let mut words: Vec<QueryWord> = words.into_iter().map(|(_, word)| word).collect();
    let asks = is_question(text);
    let says_nothing = |word: &QueryWord| is_stop_word(&word.written) || asks && is_asking_word(&word.written);
    if words.len() > 2 && !words.iter().all(says_nothing) {
        words.retain(|word| !says_nothing(word));
    }
    let mut seen = std::collections::HashSet::new();
    words.retain(|word| seen.insert(word.terms.clone()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[&str] = &["source", "type", "actor", "after"];

    fn words(query: &Query) -> Vec<&str> {
        query.words.iter().map(|word| word.written.as_str()).collect()
    }

    #[test]
    fn words_phrases_and_filters_are_told_apart() {
        let query = Query::read("rate limit \"connection reset\" source:github actor:\"Jane Doe\" -type:push", FIELDS);
        assert_eq!(words(&query), ["rate", "limit", "connection", "reset"]);
        assert_eq!(query.phrases, ["connection reset"]);
        let fields: Vec<_> = query.fields.iter().map(|f| (f.name.as_str(), f.value.as_str(), f.is_not)).collect();
        assert_eq!(fields, [("source", "github", false), ("actor", "Jane Doe", false), ("type", "push", true)]);
    }

    #[test]
    fn a_minus_before_a_word_excludes_it() {
        let query = Query::read("rate limit -nightly -rate-limiter -type:push", FIELDS);
        assert_eq!((words(&query), query.text.trim()), (vec!["rate", "limit"], "rate limit"));
        assert_eq!((query.excluded.len(), query.fields.len()), (2, 1));
        assert_eq!(query.excluded, ["nightly", "rate-limiter"]);
        assert_eq!(Query::read("source:github -nightly", FIELDS).excluded, ["nightly"]);
        let flag = Query::read("-Werror", FIELDS);
        assert_eq!((words(&flag), flag.excluded.is_empty()), (vec!["Werror"], true), "nothing else is asked for");
        for plain in ["grep -v pattern", "1 - 2", "dash- less", "offset -5", "--no-verify hook"] {
            assert!(Query::read(plain, FIELDS).excluded.is_empty(), "{plain}");
        }
    }

    #[test]
    fn an_unknown_field_and_an_open_quote_are_words() {
        let query = Query::read("std::io:error \"half", FIELDS);
        assert!(query.fields.is_empty() && query.phrases.is_empty());
        assert_eq!(words(&query), ["std", "io:error", "half"]);
    }

    #[test]
    fn words_without_meaning_are_left_out_of_longer_queries() {
        assert_eq!(words(&Query::read("how do we deploy the site", FIELDS)), ["deploy", "site"]);
        assert_eq!(words(&Query::read("to be or not", FIELDS)), ["not"]);
        assert_eq!(words(&Query::read("the who", FIELDS)), ["the", "who"]);
        assert_eq!(words(&Query::read("what is it", FIELDS)), ["what", "is", "it"]);
    }

    #[test]
    fn identifiers_alone_are_asked_for_whole() {
        let exact = Query::read("ABC-123", FIELDS).exact().expect("an identifier");
        assert_eq!(exact.words[0].terms, ["abc-123"]);
        assert!(Query::read("fix ABC-123", FIELDS).exact().is_none());
        let exact = Query::read("9fceb02d0ae598e9", FIELDS).exact().expect("a commit");
        assert!(exact.words[0].terms.contains(&"sha:9fceb02".to_owned()));
    }

    #[test]
    fn nothing_is_a_query_without_words() {
        for text in ["", "   ", "\"\"", "?!…", "source:github"] {
            assert!(Query::read(text, FIELDS).is_without_words(), "{text}");
        }
    }
}

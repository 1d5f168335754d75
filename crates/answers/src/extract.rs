//! Makes an answer of sentences as they stand in the passages, and of known states. Pure.

use std::collections::HashSet;

use campanile_base::Timestamp;
use campanile_memory::states::StateView;

use crate::question::Question;
use crate::retrieval::{Found, PassageText};
use crate::sentences::{best, quoted, terms};

/// The answer where nothing fits.
pub(crate) const NOTHING: &str = "Nothing in this workspace matches.";
/// The line before passages that lack an important part of the question.
const NEAREST: &str = "No passage has all of the question. The nearest:";
/// The changes of a history that are told.
const CHANGES: usize = 8;

/// The lines of an answer; `None` if nothing answers the question.
pub(crate) fn lines(question: &Question, found: &Found) -> Option<Vec<String>> {
    let mut lines = states(question, found);
    if lines.is_empty() && !found.is_nothing {
        lines.extend(found.is_low.then(|| NEAREST.to_owned()));
        let wanted = terms(&question.query);
        lines.extend(telling(found, &wanted).into_iter().map(|text| {
            let passage = &text.passage;
            let sentences = best(&text.body, &wanted, &passage.title);
            let title = without_kind(&passage.title);
            let begin = passage.snippet.strip_prefix(title).unwrap_or(&passage.snippet);
            let said = if sentences.is_empty() { quoted(begin) } else { sentences.join(" ") };
            let from = format!("From “{title}” ({}, {})", provider(&passage.source), day(passage.occurred_at));
            if said.is_empty() { format!("{from} [{}].", passage.n) } else { format!("{from}: {said} [{}]", passage.n) }
        }));
    }
    (!lines.is_empty()).then_some(lines)
}

/// The passages that have at least half as many of the wanted words as the one with the most: what shares a common
/// word with a question says nothing of it.
fn telling<'f>(found: &'f Found, wanted: &HashSet<String>) -> Vec<&'f PassageText> {
    let shared = |text: &PassageText| {
        let mut words = terms(&text.body);
        words.extend(terms(&text.passage.title));
        words.intersection(wanted).count()
    };
    let counted: Vec<(usize, &PassageText)> =
        found.texts.iter().filter(|text| text.is_hit).map(|text| (shared(text), text)).collect();
    let most = counted.iter().map(|(count, _)| *count).max().unwrap_or(0);
    counted.into_iter().filter(|(count, _)| count * 2 >= most).map(|(_, text)| text).collect()
}

/// A line for each thing whose state is asked for, or for each change of its history.
fn states(question: &Question, found: &Found) -> Vec<String> {
    let number =
        |view: &StateView| found.number_of(&view.observation_id).map(|n| format!(" [{n}]")).unwrap_or_default();
    if question.is_history {
        let told = found.states.iter().filter(|view| question.states.contains(&view.state.as_str())).take(CHANGES);
        return told.map(|view| format!("{}.{}", change(view), number(view))).collect();
    }
    let mut lines: Vec<(String, String)> = Vec::new();
    for view in &found.states {
        let thing = format!("{} ({})", view.name, view.entity.id);
        let said = format!("{}{}", held(view), number(view));
        match lines.iter_mut().find(|(known, _)| *known == thing) {
            Some((_, line)) => line.push_str(&format!("; {said}")),
            None => lines.push((thing, format!("{}: {said}", view.name))),
        }
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

/// `status In Progress since 2026-10-04, by ada, before that Todo`.
fn held(view: &StateView) -> String {
    let value = view.value.as_deref().unwrap_or("nobody");
    let until = view.valid_to.map(|end| format!(" until {}", day(end))).unwrap_or_default();
    let by = view.changed_by.as_ref().map(|by| format!(", by {}", by.name)).unwrap_or_default();
    let before = view.previous.as_deref().map(|before| format!(", before that {before}")).unwrap_or_default();
    format!("{} {value} since {}{until}{by}{before}", view.state, day(view.valid_from))
}

/// `2026-10-04: status of ENG-42 from Todo to In Progress, by ada`.
fn change(view: &StateView) -> String {
    let value = view.value.as_deref().unwrap_or("nobody");
    let by = view.changed_by.as_ref().map(|by| format!(", by {}", by.name)).unwrap_or_default();
    let from = view.previous.as_deref().map(|before| format!(" from {before}")).unwrap_or_default();
    format!("{}: {} of {}{from} to {value}{by}", day(view.valid_from), view.state, view.name)
}

/// A title without the kind of event before it: `[PR Opened] Fix the bell`.
fn without_kind(title: &str) -> &str {
    let rest = title.strip_prefix('[').and_then(|rest| rest.split_once("] "));
    rest.map_or(title, |(_, rest)| rest.trim())
}

/// The name of a provider as it writes it itself.
fn provider(source: &str) -> &str {
    match source {
        "github" => "GitHub",
        "vercel" => "Vercel",
        "linear" => "Linear",
        "sentry" => "Sentry",
        "pagerduty" => "PagerDuty",
        "gitlab" => "GitLab",
        other => other,
    }
}

fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::AnswerPassage;

    fn text(n: usize, title: &str, body: &str) -> PassageText {
        let passage = AnswerPassage {
            n,
            id: format!("obs_{n}"),
            title: title.to_owned(),
            url: String::new(),
            source: "github".to_owned(),
            event_type: "push".to_owned(),
            occurred_at: Timestamp::from_micros(0),
            snippet: String::new(),
        };
        PassageText { passage, body: body.to_owned(), is_hit: true }
    }

    #[test]
    fn a_passage_that_shares_one_common_word_with_the_question_is_not_quoted() {
        let texts = vec![
            text(1, "Gateway", "The payment gateway times out under load."),
            text(2, "Picnic", "Load the car for the picnic."),
            text(3, "Payment", "The gateway was slow for payments."),
        ];
        let found = Found { texts, ..Found::default() };
        let told = |question: &str| {
            telling(&found, &terms(question)).into_iter().map(|text| text.passage.n).collect::<Vec<_>>()
        };
        assert_eq!(told("payment gateway timeouts under load"), [1, 3]);
        assert_eq!(told("load"), [1, 2], "all that has the only word");
        assert_eq!(told("money machine"), [1, 2, 3], "they fit by their meaning alone");
    }
}

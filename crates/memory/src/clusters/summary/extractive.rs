//! A summary of sentences that the observations have themselves: their titles, and the first sentences
//! of their texts. Pure.
//!
//! A sentence counts by the likeness of its observation to the whole cluster, by its significance and by
//! its age. Each further one must say something else: what it shares with those already chosen is taken
//! off (maximal marginal relevance).

use std::collections::BTreeMap;

use campanile_base::Timestamp;
use campanile_base::source_event::cut;
use campanile_search::terms::Splitter;

use super::{LONGEST, SummaryDraft, SummaryInput, SummaryText};
use crate::clusters::assignment::affinity::cosine;
use crate::clusters::assignment::words;

/// The longest sentence, in characters.
const LONGEST_SENTENCE: usize = 180;
/// Events whose titles only name a project and a branch. They are counted at the begin.
const NAMELESS: [&str; 3] = ["deployment.created", "deployment.succeeded", "deployment.ready"];
/// A sentence or a title with fewer words says nothing by itself.
const FEWEST_WORDS: usize = 4;
const FEWEST_WORDS_OF_TITLE: usize = 3;
/// The share of a sentence's own weight, beside what it shares with others.
const OWN: f32 = 0.7;
/// The weight of the first sentence of a text, beside its title.
const BODY: f32 = 0.9;
/// Sentences that share more than this say the same.
const SAME: f32 = 0.6;
/// The weight of a sentence is halved in this time.
const HALVED: f32 = 7.0 * 24.0 * 3_600.0;

/// The phrases of event types: types, one of them, several.
const PHRASES: [(&[&str], &str, &str); 12] = [
    (&["pull_request.merged"], "pull request merged", "pull requests merged"),
    (&["issues.closed", "issue.resolved"], "issue closed", "issues closed"),
    (&["issues.opened", "issue.created"], "issue opened", "issues opened"),
    (&["pull_request.opened"], "pull request opened", "pull requests opened"),
    (&["deployment.succeeded", "deployment.ready"], "deployment", "deployments"),
    (
        &["deployment.error", "deployment_status.failure", "deployment_status.error"],
        "failed deployment",
        "failed deployments",
    ),
    (&["workflow_run.failure", "check_suite.failure"], "failed check", "failed checks"),
    (
        &["pull_request_review.approved", "pull_request_review.changes_requested", "pull_request_review.commented"],
        "review",
        "reviews",
    ),
    (&["event_alert.triggered", "metric_alert.triggered"], "alert", "alerts"),
    (&["release.published"], "release", "releases"),
    (&["push"], "push", "pushes"),
    (
        &[
            "comment.created",
            "issue_comment.created",
            "pull_request_review_comment.created",
            "discussion_comment.created",
            "commit_comment.created",
        ],
        "comment",
        "comments",
    ),
];
/// The most phrases.
const MOST_PHRASES: usize = 4;

struct Sentence<'t> {
    text: String,
    at: Timestamp,
    weight: f32,
    terms: BTreeMap<String, f32>,
    of: &'t SummaryText,
}

/// Writes the summary.
pub(super) fn write(input: &SummaryInput, now: Timestamp) -> SummaryDraft {
    let begin = figures(input);
    let room = LONGEST.saturating_sub(begin.chars().count());
    let mut chosen = chosen(sentences(input, now), room);
    chosen.sort_by_key(|sentence| sentence.at);
    let text = chosen.iter().fold(begin, |text, sentence| format!("{text} {}", sentence.text));
    SummaryDraft { text: cut(&text, LONGEST), method: "extractive".to_owned() }
}

/// The number of events, their dates, and what they were.
pub(super) fn figures(input: &SummaryInput) -> String {
    let day = |at: Timestamp| at.to_string().chars().take(10).collect::<String>();
    let (first, last) = (day(input.first_at), day(input.last_at));
    let when = if first == last { format!("on {first}") } else { format!("from {first} to {last}") };
    let phrases = PHRASES.iter().filter_map(|(types, one, several)| {
        let count: i64 = types.iter().filter_map(|kind| input.by_type.get(*kind)).sum();
        match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            many => Some(format!("{many} {several}")),
        }
    });
    let phrases: Vec<String> = phrases.take(MOST_PHRASES).collect();
    let events = if input.observations == 1 { "event" } else { "events" };
    match phrases.is_empty() {
        true => format!("{} {events} {when}.", input.observations),
        false => format!("{} {events} {when}: {}.", input.observations, phrases.join(", ")),
    }
}

fn sentences(input: &SummaryInput, now: Timestamp) -> Vec<Sentence<'_>> {
    let mut splitter = Splitter::default();
    let mut sentences = Vec::new();
    for of in input.texts.iter().filter(|text| !NAMELESS.contains(&text.event_type.as_str())) {
        let age = now.since(of.occurred_at).as_secs_f32();
        let weight = of.likeness * (0.5 + of.significance as f32 / 200.0) * 0.5_f32.powf(age / HALVED);
        let body = first_sentence(&of.body).map(|text| (text, BODY));
        // A title that was cut is the begin of a text without a title.
        let is_cut = body.is_some() && of.title.ends_with("...");
        let title = Some((plain(&of.title), 1.0)).filter(|_| !is_cut);
        for (text, share) in title.into_iter().chain(body) {
            let terms = words::terms(&mut splitter, &text, "");
            if text.split_whitespace().count() >= FEWEST_WORDS_OF_TITLE && !terms.is_empty() {
                sentences.push(Sentence { text: ended(&text), at: of.occurred_at, weight: weight * share, terms, of });
            }
        }
    }
    let heaviest = sentences.iter().map(|sentence| sentence.weight).fold(0.0, f32::max);
    sentences.iter_mut().filter(|_| heaviest > 0.0).for_each(|sentence| sentence.weight /= heaviest);
    sentences
}

/// The sentences that say the most together, within so many characters.
fn chosen(mut left: Vec<Sentence<'_>>, mut room: usize) -> Vec<Sentence<'_>> {
    let mut chosen: Vec<Sentence<'_>> = Vec::new();
    loop {
        left.retain(|sentence| sentence.text.chars().count() < room);
        let shared = |sentence: &Sentence<'_>| {
            chosen.iter().map(|other| cosine(&sentence.terms, &other.terms)).fold(0.0, f32::max)
        };
        let marginal = |sentence: &Sentence<'_>| OWN * sentence.weight - (1.0 - OWN) * shared(sentence);
        // Of equal ones the first: texts are ordered from the newest on, and titles come first.
        let best = left
            .iter()
            .enumerate()
            .filter(|(_, sentence)| shared(sentence) <= SAME)
            .reduce(|best, next| if marginal(next.1) > marginal(best.1) { next } else { best });
        let Some((at, _)) = best else { return chosen };
        let sentence = left.remove(at);
        // Title and first sentence of one observation would be half of the summary.
        left.retain(|other| !std::ptr::eq(other.of, sentence.of));
        room -= sentence.text.chars().count() + 1;
        chosen.push(sentence);
    }
}

/// The first sentence of a text that is prose: without headings, code and lists of links.
fn first_sentence(body: &str) -> Option<String> {
    let mut is_code = false;
    for line in body.lines().map(str::trim) {
        if line.starts_with("```") {
            is_code = !is_code;
            continue;
        }
        if is_code || line.starts_with(['#', '|', '<', '>']) {
            continue;
        }
        let plain = plain(line.trim_start_matches(['-', '*', '+', ' ']));
        let end = plain.find(". ").or_else(|| plain.find("! ")).map_or(plain.len(), |at| at + 1);
        let sentence = &plain[..end];
        if sentence.split_whitespace().count() >= FEWEST_WORDS && !sentence.ends_with(':') {
            return Some(cut(sentence, LONGEST_SENTENCE));
        }
    }
    None
}

/// A line without the marks of Markdown.
fn plain(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['[', '*', '`']) {
        plain.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let link = rest[at..].starts_with('[').then(|| after.split_once("](")).flatten();
        rest = match link.and_then(|(text, target)| Some((text, target.split_once(')')?.1))) {
            Some((text, behind)) => {
                plain.push_str(&text.replace(['*', '`'], ""));
                behind
            }
            None => {
                if rest[at..].starts_with('[') {
                    plain.push('[');
                }
                after
            }
        };
    }
    plain.push_str(rest);
    // The signs of headings stand in the middle where lines were joined.
    let words = plain.split_whitespace().filter(|word| !word.chars().all(|c| c == '#'));
    words.collect::<Vec<_>>().join(" ")
}

/// A sentence that ends with its sign.
fn ended(text: &str) -> String {
    let text = cut(text.trim(), LONGEST_SENTENCE);
    if text.ends_with(['.', '!', '?', '…']) { text } else { format!("{text}.") }
}

//! Puts a thread together from the observations that refer to its issue or pull request. Pure.

use std::collections::HashMap;

use campanile_base::source_event::ReferenceKind;
use serde_json::{Map, Value};

use super::{Referring, Thread, ThreadKind, ThreadLink, ThreadMention, ThreadPart, ThreadPartKind};
use crate::observations::{Observation, ObservationDetail};
use crate::search::ActorName;

/// The most links of a thread, and the most mentions.
const MOST_LINKS: usize = 100;
/// The kinds of things that are links.
const LINKED: [ReferenceKind; 4] =
    [ReferenceKind::Issue, ReferenceKind::Pr, ReferenceKind::Commit, ReferenceKind::Deployment];

/// The thread of these observations, in any order; `None` if none of them is a part of it.
pub(super) fn assemble(kind: ThreadKind, key: &str, found: Vec<Referring>, is_cut: bool) -> Option<Thread> {
    let (parts, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| one.is_part);
    let mut parts: Vec<ObservationDetail> = parts.into_iter().map(|one| one.detail).collect();
    parts.sort_by(|a, b| {
        let at = |one: &ObservationDetail| (one.observation.occurred_at, one.observation.id.to_string());
        at(a).cmp(&at(b))
    });
    let newest = parts.last()?;
    let updated_at = newest.observation.occurred_at;
    let about: Vec<&ObservationDetail> = parts.iter().filter(|part| kind_of(part) == ThreadPartKind::Event).collect();
    // What is known of it is in its own newest event; of one that was only commented on, little is.
    let shown = about.last().copied().unwrap_or(newest);
    let names = |wanted: ReferenceKind| {
        let named = shown.references.iter().filter(|reference| reference.kind == wanted);
        named.map(|reference| reference.id.clone()).collect::<Vec<_>>()
    };
    let is_own = |id: &str| key.eq_ignore_ascii_case(id) || key.to_lowercase().ends_with(&id.to_lowercase());
    let address = shown.references.iter().find(|it| it.kind == kind.reference() && is_own(&it.id));
    let url = address.and_then(|reference| reference.url.clone()).or_else(|| shown.observation.url.clone());
    Some(Thread {
        id: super::id(kind, key),
        kind,
        key: key.to_owned(),
        provider: shown.observation.provider.clone(),
        title: title(shown),
        url,
        status: None,
        author: about.first().and_then(|first| person(&first.observation)),
        assignees: names(ReferenceKind::Assignee),
        reviewers: names(ReferenceKind::Reviewer),
        co_authors: Vec::new(),
        labels: names(ReferenceKind::Label),
        milestone: text(&shown.metadata, "milestone"),
        links: links(&about, is_own),
        mentions: mentions(others),
        updated_at,
        is_cut,
        markdown: String::new(),
        parts: said_and_done(&parts, &title(shown)),
    })
}

/// The authors of pushes who are not the author of the thread, each once.
pub(super) fn co_authors(thread: &Thread, pushes: &[Map<String, Value>]) -> Vec<String> {
    let author = thread.author.as_ref().map(|author| author.name.as_str());
    let mut names: Vec<String> = Vec::new();
    for of in pushes.iter().filter_map(|push| push.get("authors")?.as_array()).flatten() {
        let is_author = of["username"].as_str().is_some_and(|login| Some(login) == author);
        let Some(name) = of["name"].as_str().filter(|name| !is_author && Some(*name) != author) else { continue };
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The title without what happened: `[PR Merged] Ring only once` is `Ring only once`.
fn title(of: &ObservationDetail) -> String {
    let own = ["prTitle", "issueTitle"].iter().find_map(|field| text(&of.metadata, field));
    let whole = &of.observation.title;
    own.unwrap_or_else(|| match whole.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((_, title)) => title.to_owned(),
        None => whole.clone(),
    })
}

fn links(about: &[&ObservationDetail], is_own: impl Fn(&str) -> bool) -> Vec<ThreadLink> {
    let mut links: Vec<ThreadLink> = Vec::new();
    for reference in about.iter().rev().flat_map(|one| &one.references) {
        let is_new = |known: &ThreadLink| known.kind != reference.kind.as_str() || known.id != reference.id;
        if LINKED.contains(&reference.kind) && !is_own(&reference.id) && links.iter().all(is_new) {
            links.push(ThreadLink {
                kind: reference.kind.as_str(),
                id: reference.id.clone(),
                label: reference.label.clone(),
                url: reference.url.clone(),
            });
        }
    }
    links.truncate(MOST_LINKS);
    links
}

fn mentions(mut others: Vec<Referring>) -> Vec<ThreadMention> {
    others.sort_by_key(|one| std::cmp::Reverse(one.detail.observation.occurred_at));
    let mention = |Referring { detail, .. }| {
        let Observation { id, provider, event_type, title, occurred_at, .. } = detail.observation;
        ThreadMention { observation_id: id.to_string(), provider, event_type, title, occurred_at }
    };
    others.into_iter().take(MOST_LINKS).map(mention).collect()
}

/// The parts, the oldest first: the description, each comment with its newest text, reviews and events.
fn said_and_done(sorted: &[ObservationDetail], title: &str) -> Vec<ThreadPart> {
    let described = sorted.iter().rev().find(|one| kind_of(one) == ThreadPartKind::Event && !one.body.is_empty());
    let mut parts: Vec<ThreadPart> = Vec::new();
    let mut comments: HashMap<String, usize> = HashMap::new();
    let mut is_opened = false;
    for one in sorted {
        let kind = kind_of(one);
        let mut part = part(one, kind);
        if kind == ThreadPartKind::Event && !is_opened {
            is_opened = true;
            let text = described.map(|newest| description(&newest.body, title)).unwrap_or_default();
            part = ThreadPart { kind: ThreadPartKind::Description, text, ..part };
        }
        let comment = text(&one.metadata, "commentId").filter(|_| kind == ThreadPartKind::Comment);
        let known = comment.as_ref().and_then(|id| comments.get(id).copied());
        match (known, comment) {
            (Some(at), _) => {
                let first = &parts[at];
                let (actor, occurred_at) = (first.actor.clone().or(part.actor), first.occurred_at);
                let edited_at = Some(one.observation.occurred_at);
                parts[at] = ThreadPart { actor, occurred_at, edited_at, ..part };
            }
            (None, comment) => {
                comments.extend(comment.map(|id| (id, parts.len())));
                parts.push(part);
            }
        }
    }
    parts.retain(|part| part.kind != ThreadPartKind::Comment || !part.event_type.ends_with(".deleted"));
    parts
}

fn part(one: &ObservationDetail, kind: ThreadPartKind) -> ThreadPart {
    let observation = &one.observation;
    let line = text(&one.metadata, "line").map(|line| format!(":{line}")).unwrap_or_default();
    ThreadPart {
        kind,
        observation_id: observation.id.to_string(),
        event_type: observation.event_type.clone(),
        title: observation.title.clone(),
        text: if kind == ThreadPartKind::Event { String::new() } else { one.body.trim().to_owned() },
        actor: person(observation),
        place: text(&one.metadata, "path").map(|path| format!("{path}{line}")),
        occurred_at: observation.occurred_at,
        edited_at: None,
        url: observation.url.clone(),
    }
}

/// The kind of a part, by the noun of its event. The description is an event, until it is found.
fn kind_of(one: &ObservationDetail) -> ThreadPartKind {
    let noun = one.observation.event_type.split('.').next().unwrap_or_default();
    match noun {
        _ if noun.ends_with("comment") => ThreadPartKind::Comment,
        _ if noun.ends_with("review") => ThreadPartKind::Review,
        _ => ThreadPartKind::Event,
    }
}

/// A description without the title that some events have in its first line.
fn description(body: &str, title: &str) -> String {
    let rest = body.split_once('\n').filter(|(first, _)| first.trim() == title.trim());
    rest.map_or(body, |(_, rest)| rest).trim().to_owned()
}

fn person(of: &Observation) -> Option<ActorName> {
    of.actor.as_ref().map(|actor| ActorName { id: actor.actor_id.clone(), name: actor.told.name.clone() })
}

/// A field of the metadata: a text, or a number.
fn text(metadata: &Map<String, Value>, field: &str) -> Option<String> {
    match metadata.get(field)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

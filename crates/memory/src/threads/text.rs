//! Writes a thread as Markdown. Pure.

use std::fmt::Write as _;

use super::{Thread, ThreadLink, ThreadPart, ThreadPartKind};

/// The thread as one text: its title, its facts, and its parts with their people and times.
pub(super) fn markdown(thread: &Thread) -> String {
    let mut text = format!("# {}\n\n{} {}", thread.title, capital(thread.kind.name()), thread.key);
    let author = thread.author.as_ref().map(|author| format!(" by {}", author.name));
    let status = thread.status.as_ref().map(|status| format!(", {status}"));
    text.extend(author.into_iter().chain(status));
    text.push('\n');
    let lists = [
        ("Assigned to", thread.assignees.join(", ")),
        ("Reviewers", thread.reviewers.join(", ")),
        ("Co-authors", thread.co_authors.join(", ")),
        ("Labels", thread.labels.join(", ")),
        ("Milestone", thread.milestone.clone().unwrap_or_default()),
        ("Linked", thread.links.iter().map(link).collect::<Vec<_>>().join(", ")),
        ("Address", thread.url.clone().unwrap_or_default()),
    ];
    for (name, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
        let _ = write!(text, "\n- {name}: {list}");
    }
    text.push('\n');
    if thread.is_cut {
        text.push_str("\nOlder parts are left out.\n");
    }
    for one in &thread.parts {
        part(&mut text, one);
    }
    if !thread.mentions.is_empty() {
        text.push_str("\n## Mentioned by\n");
        for one in &thread.mentions {
            let _ = write!(text, "\n- {} ({}, {})", one.title, one.event_type, one.occurred_at);
        }
        text.push('\n');
    }
    text
}

fn part(text: &mut String, part: &ThreadPart) {
    let who = part.actor.as_ref().map_or("Somebody", |actor| actor.name.as_str());
    let (at, place) = (part.occurred_at, part.place.as_ref().map(|place| format!(" on {place}")).unwrap_or_default());
    let edited = part.edited_at.map(|at| format!(", edited {at}")).unwrap_or_default();
    let _ = match part.kind {
        ThreadPartKind::Description if part.text.is_empty() => Ok(()),
        ThreadPartKind::Description => write!(text, "\n{}\n", part.text),
        ThreadPartKind::Event => write!(text, "\n- {} ({who}, {at})\n", part.title),
        ThreadPartKind::Comment => write!(text, "\n## {who} commented{place}, {at}{edited}\n\n{}\n", part.text),
        ThreadPartKind::Review => write!(text, "\n## {} ({who}, {at})\n\n{}\n", part.title, part.text),
    };
}

/// A link with its relation; a commit by the digits that people write.
fn link(link: &ThreadLink) -> String {
    let name = if link.kind == "commit" { link.id.chars().take(7).collect() } else { link.id.clone() };
    link.label.as_ref().map_or_else(|| name.clone(), |label| format!("{label} {name}"))
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

//! Threads are put together from events in any order.

use campanile_accounts::WorkspaceId;
use campanile_base::Timestamp;
use campanile_base::source_event::{EventActor, Reference, ReferenceKind};
use serde_json::{Value, json};

use super::assembly::{assemble, co_authors};
use super::{Referring, Thread, ThreadKind, ThreadPartKind, is_id, text};
use crate::observations::{Observation, ObservationDetail, ObservationId, ObservedActor};

const KEY: &str = "acme/shop#12";

fn told(at: i64, event_type: &str, by: &str, (title, body): (&str, &str), metadata: Value) -> Referring {
    let told = EventActor { id: by.into(), name: by.into(), email: None, avatar_url: None };
    let own = Reference::numbered(ReferenceKind::Pr, "acme/shop", 12).at(Some("https://x.example/12".into()));
    let references = match event_type.starts_with("pull_request.") {
        true => vec![
            own.subject(),
            Reference::commit("c0ffee"),
            Reference::numbered(ReferenceKind::Issue, "acme/shop", 7).labelled("fixes"),
            Reference::new(ReferenceKind::Label, "billing"),
            Reference::new(ReferenceKind::Assignee, "bob"),
        ],
        false => vec![own.labelled("comment")],
    };
    let observation = Observation {
        id: ObservationId::from(format!("obs_{at}")),
        workspace_id: WorkspaceId::from("ws".to_owned()),
        source_id: format!("{event_type}:{at}"),
        provider: "github".into(),
        event_type: event_type.into(),
        title: title.into(),
        significance: 50,
        category: "other".into(),
        topics: Vec::new(),
        actor: Some(ObservedActor { actor_id: format!("github:{by}"), told }),
        cluster_id: None,
        occurred_at: Timestamp::from_seconds(at),
        captured_at: Timestamp::from_seconds(at),
        url: None,
    };
    let detail = ObservationDetail {
        observation,
        body: body.into(),
        references,
        entities: json!([]),
        category_method: "pattern".into(),
        category_confidence: None,
        metadata: metadata.as_object().cloned().unwrap_or_default(),
    };
    Referring { detail, is_part: true }
}

fn story() -> Vec<Referring> {
    let comment = |at, what: &str, id: u64, body| {
        let title = ("[Comment Created] #12: x", body);
        told(at, &format!("issue_comment.{what}"), "bob", title, json!({ "commentId": id }))
    };
    let opened = ("[PR Opened] Ring once", "Ring once\nThe first text.");
    let merged = ("[PR Merged] Ring only once", "Ring only once\nThe clapper was not fenced.");
    let place = json!({ "commentId": 3, "path": "src/pay.rs", "line": 12 });
    vec![
        told(10, "pull_request.opened", "ann", opened, json!({})),
        comment(20, "created", 1, "Why?"),
        comment(30, "created", 2, "To be deleted."),
        told(40, "pull_request_review_comment.created", "cy", ("[Review Comment] x", "A fence.\n\n+ code"), place),
        comment(50, "edited", 1, "Why twice?"),
        comment(60, "deleted", 2, "To be deleted."),
        told(70, "pull_request_review.approved", "cy", ("[PR Approved] #12", "Good."), json!({ "prTitle": "Ring" })),
        told(80, "pull_request.merged", "ann", merged, json!({ "milestone": "Winter" })),
    ]
}

fn thread(found: Vec<Referring>) -> Thread {
    assemble(ThreadKind::PullRequest, KEY, found, false).expect("it has parts")
}

fn parts(thread: &Thread) -> Vec<(ThreadPartKind, &str, i64)> {
    thread.parts.iter().map(|one| (one.kind, one.text.as_str(), one.occurred_at.as_seconds())).collect()
}

#[test]
fn a_thread_has_the_newest_texts_in_the_order_in_which_they_were_first_said() {
    let whole = thread(story());
    assert_eq!(
        parts(&whole),
        [
            (ThreadPartKind::Description, "The clapper was not fenced.", 10),
            (ThreadPartKind::Comment, "Why twice?", 20),
            (ThreadPartKind::Comment, "A fence.\n\n+ code", 40),
            (ThreadPartKind::Review, "Good.", 70),
            (ThreadPartKind::Event, "", 80),
        ]
    );
    assert_eq!(whole.parts[1].edited_at, Some(Timestamp::from_seconds(50)));
    assert_eq!(whole.parts[2].place.as_deref(), Some("src/pay.rs:12"));
    assert_eq!((whole.title.as_str(), whole.milestone.as_deref()), ("Ring only once", Some("Winter")));
    assert_eq!((&whole.labels, &whole.assignees), (&vec!["billing".to_owned()], &vec!["bob".to_owned()]));
    assert_eq!(whole.author.as_ref().unwrap().name, "ann");
    let links: Vec<_> = whole.links.iter().map(|link| (link.kind, link.id.as_str(), link.label.as_deref())).collect();
    assert_eq!(links, [("commit", "c0ffee", None), ("issue", "#7", Some("fixes"))]);
    assert_eq!(whole.url.as_deref(), Some("https://x.example/12"));
}

#[test]
fn the_order_in_which_events_came_makes_no_difference() {
    let mut other = story();
    other.reverse();
    other.rotate_left(3);
    assert_eq!(text::markdown(&thread(other)), text::markdown(&thread(story())));
}

#[test]
fn a_thread_of_which_only_comments_are_known_has_their_title() {
    let review = story().remove(6);
    let only = thread(vec![review]);
    assert_eq!((only.title.as_str(), only.author.is_none(), only.parts.len()), ("Ring", true, 1));
}

#[test]
fn what_only_names_it_is_a_mention() {
    let mut found = story();
    let push = told(90, "push", "dan", ("[Push] main", "See #12"), json!({}));
    found.push(Referring { is_part: false, ..push });
    let whole = thread(found);
    assert_eq!((whole.mentions.len(), whole.mentions[0].event_type.as_str()), (1, "push"));
    assert!(assemble(ThreadKind::PullRequest, KEY, vec![], false).is_none());
}

#[test]
fn co_authors_are_the_authors_of_its_commits_but_for_its_own() {
    let push = json!({ "authors": [{ "name": "Ann A", "username": "ann" }, { "name": "Eve" }, { "name": "Eve" }] });
    let push = push.as_object().cloned().unwrap();
    assert_eq!(co_authors(&thread(story()), &[push.clone(), push]), ["Eve"]);
}

#[test]
fn the_text_has_people_times_and_places() {
    let text = text::markdown(&Thread { status: Some("merged".into()), ..thread(story()) });
    for wanted in [
        "# Ring only once",
        "Pull request acme/shop#12 by ann, merged",
        "- Labels: billing",
        "- Linked: c0ffee, fixes #7",
        "## cy commented on src/pay.rs:12, 1970-01-01T00:00:40",
        "Why twice?",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(!text.contains("To be deleted"), "{text}");
}

#[test]
fn an_id_names_a_kind_and_a_key() {
    assert!(is_id("thread:pr:acme/shop#12") && is_id("thread:issue:ENG-42"));
    for wrong in ["thread:pr:", "thread:commit:c0ffee", "thread:ENG-42", "obs_1"] {
        assert!(!is_id(wrong), "{wrong}");
    }
}

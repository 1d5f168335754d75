//! The questions that people ask of a memory, in the mix that the acceptance of search demands:
//! thirty of a hundred ask by time, 25 by person, 20 by matter, 15 by status, 7 over several events.

use campanile_base::Timestamp;
use std::time::Duration;

use super::company::{Happening, PEOPLE, Part, Story};
use super::themes::THEMES;

/// A kind of question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Temporal,
    Actor,
    Technical,
    Status,
    MultiHop,
}

/// A question, and the events that answer it.
pub(super) struct Question {
    pub(super) class: Class,
    pub(super) text: String,
    /// The numbers of the happenings.
    pub(super) answers: Vec<usize>,
}

/// Questions that nothing here answers.
pub(super) const FOREIGN: [&str; 20] = [
    "how long does sourdough bread rise",
    "boundary layer of a swept wing at supersonic speed",
    "treatment of migraine with aspirin",
    "capital of Mongolia",
    "best fertilizer for tomatoes",
    "rules of cricket for beginners",
    "who painted the night watch",
    "knitting pattern for a scarf",
    "symptoms of vitamin D deficiency",
    "distance between the earth and the moon",
    "history of the roman senate",
    "tuning a twelve string guitar",
    "photosynthesis of algae",
    "training plan for a marathon",
    "tectonic plates below the pacific",
    "recipe with lentils and spinach",
    "when do swallows fly south",
    "paint that resists salt water",
    "how to prune an apple tree",
    "orbit of the comet halley",
];

fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

/// `February 4`, `4 February 2026`.
fn in_words(at: Timestamp, with_year: bool) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let text = day(at);
    let month = MONTHS[text[5..7].parse::<usize>().expect("a month") - 1];
    let number: u32 = text[8..10].parse().expect("a day");
    if with_year { format!("{number} {month} 2026") } else { format!("{month} {number}") }
}

fn month(at: Timestamp) -> String {
    in_words(at, false).split(' ').next().unwrap_or_default().to_owned()
}

/// All questions, in the mix.
pub(super) fn questions(all: &[Happening]) -> Vec<Question> {
    let mut questions = Vec::new();
    let mut ask = |class, text: String, fits: &dyn Fn(&Happening) -> bool| {
        let answers: Vec<usize> = (0..all.len()).filter(|n| fits(&all[*n])).collect();
        assert!(!answers.is_empty(), "{text}");
        questions.push(Question { class, text, answers });
    };
    let of = |happening: &Happening, story: &Story| happening.story == Some(story.number);
    for number in 0..60 {
        let story = Story::of(number * 11 % THEMES.len());
        let (begin, service) = (story.begins(), story.theme.service);
        let within = |happening: &Happening, from: Timestamp, days: u64| {
            let until = from.plus(Duration::from_secs(days * 86_400));
            happening.event.occurred_at >= from && happening.event.occurred_at < until
        };
        let later = |days: u64| begin.plus(Duration::from_secs(days * 86_400));
        match number % 6 {
            0 => {
                ask(Class::Temporal, format!("what was deployed to {service} on {}", in_words(later(3), false)), &|h| {
                    h.part == Part::Deployed && within(h, later(3), 1)
                })
            }
            1 => ask(Class::Temporal, format!("{} issues created in {} 2026", service, month(begin)), &|h| {
                h.part == Part::Issue && h.service == service && day(h.event.occurred_at)[..7] == day(begin)[..7]
            }),
            2 => ask(
                Class::Temporal,
                format!("which pull requests of {service} were merged between {} and {}", day(begin), day(later(6))),
                &|h| h.event.event_type == "pull_request.merged" && h.service == service && within(h, begin, 7),
            ),
            3 => ask(
                Class::Temporal,
                format!("what happened to {} since {}", story.theme.noun, in_words(begin, true)),
                &|h| of(h, &story) && h.part != Part::Deployed,
            ),
            4 => ask(
                Class::Temporal,
                format!("problems with {service} in the week of {}", in_words(begin, false)),
                &|h| of(h, &story) && matches!(h.part, Part::Issue | Part::Error),
            ),
            _ => ask(Class::Temporal, format!("what did we start to work on on {}", in_words(later(1), true)), &|h| {
                h.part == Part::Started && within(h, later(1), 1)
            }),
        }
    }
    for number in 0..50 {
        let story = Story::of((number * 13 + 2) % THEMES.len());
        let name = PEOPLE[story.fixer].0;
        let first = name.split(' ').next().unwrap_or(name);
        let by = |happening: &Happening, person: usize| of(happening, &story) && happening.person == Some(person);
        let (noun, service) = (story.theme.noun, story.theme.service);
        match number % 5 {
            0 => ask(Class::Actor, format!("what did {first} do about {noun}"), &|h| {
                by(h, story.fixer) && h.part != Part::Deployed
            }),
            1 => ask(Class::Actor, format!("{name} {service} pull requests"), &|h| {
                h.person == Some(story.fixer)
                    && h.service == service
                    && matches!(h.part, Part::Opened | Part::Merged | Part::Approved)
            }),
            2 => {
                let reviewer = PEOPLE[story.reviewer].0.split(' ').next().unwrap_or_default();
                ask(Class::Actor, format!("what did {reviewer} approve in {service}"), &|h| {
                    h.part == Part::Approved && h.person == Some(story.reviewer) && h.service == service
                });
            }
            3 => ask(Class::Actor, format!("who reported that {}", story.theme.issue.to_lowercase()), &|h| {
                of(h, &story) && h.part == Part::Issue
            }),
            _ => ask(Class::Actor, format!("actor:{} {noun}", PEOPLE[story.fixer].1), &|h| {
                by(h, story.fixer) && h.event.provider == "github"
            }),
        }
    }
    for number in 0..40 {
        let story = Story::of(number % THEMES.len());
        let text = match number % 2 {
            0 => story.theme.question.to_owned(),
            _ => format!("how did we deal with {}", story.theme.noun),
        };
        ask(Class::Technical, text, &|h| {
            // The title of a deployment does not name the matter.
            of(h, &story) && h.part != Part::Deployed
        });
    }
    for number in 0..30 {
        let story = Story::of((number * 5 + 1) % THEMES.len());
        let is_last = |h: &Happening| of(h, &story) && h.part == Part::Done;
        match number % 3 {
            0 => ask(Class::Status, format!("status of {}", story.issue_key()), &is_last),
            1 => ask(Class::Status, format!("is {} done", story.theme.noun), &is_last),
            _ => ask(
                Class::Status,
                format!("what is the state of the issue {}", story.theme.issue.to_lowercase()),
                &is_last,
            ),
        }
    }
    for number in 0..14 {
        let story = Story::of((number * 4 + 1) % THEMES.len());
        match number % 3 {
            0 => ask(Class::MultiHop, format!("which deployment shipped {}", story.theme.fix.to_lowercase()), &|h| {
                of(h, &story) && h.part == Part::Deployed
            }),
            1 => ask(Class::MultiHop, format!("which pull request fixed {}", story.issue_key()), &|h| {
                of(h, &story) && matches!(h.part, Part::Opened | Part::Merged)
            }),
            _ => ask(Class::MultiHop, format!("who approved the fix of {}", story.theme.noun), &|h| {
                of(h, &story) && h.part == Part::Approved
            }),
        }
    }
    questions
}

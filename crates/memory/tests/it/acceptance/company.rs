//! Nine months of a company, made from its [stories](super::themes): for each story the events of
//! four tools, tied as real ones are; and between them what happens everywhere, such as updates of
//! libraries and previews.

use std::time::Duration;

use campanile_base::Timestamp;
use campanile_base::source_event::{EventActor, Reference, ReferenceKind, SourceEvent};
use serde_json::{Map, Value, json};

use super::themes::{THEMES, Theme};

const DAY: u64 = 86_400;
/// The first day: 2026-01-05, a Monday.
const BEGIN: i64 = 1_767_571_200;
/// A story begins every so many days.
const EVERY: u64 = 7;

/// The people: their name in Linear and Sentry, and at GitHub.
pub(super) const PEOPLE: [(&str, &str); 10] = [
    ("Ada Lindqvist", "ada-lindqvist"),
    ("Bruno Keller", "bruno-keller"),
    ("Chiara Rossi", "chiara-rossi"),
    ("Deniz Aydin", "deniz-aydin"),
    ("Elif Moreau", "elif"),
    ("Farid Haddad", "farid-haddad"),
    ("Greta Olsen", "greta-olsen"),
    ("Hugo Martin", "hugo-martin"),
    ("Ines Castro", "ines-castro"),
    ("Jonas Weber", "jonas-weber"),
];

/// A kind of event within a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Error,
    Issue,
    Started,
    Opened,
    Approved,
    Merged,
    Pushed,
    Deployed,
    Done,
    Noise,
}

/// An event, and the facts by which questions are judged.
pub(super) struct Happening {
    pub(super) event: SourceEvent,
    pub(super) part: Part,
    /// The number of its story.
    pub(super) story: Option<usize>,
    pub(super) service: &'static str,
    /// The number of the person.
    pub(super) person: Option<usize>,
}

/// A story with its numbers.
pub(super) struct Story {
    pub(super) number: usize,
    pub(super) theme: &'static Theme,
    /// The one who fixes it, the one who reported it, and the one who reviews.
    pub(super) fixer: usize,
    pub(super) reporter: usize,
    pub(super) reviewer: usize,
}

impl Story {
    pub(super) fn of(number: usize) -> Self {
        let (fixer, reporter) = (number * 7 % 10, (number * 3 + 4) % 10);
        let reviewer = (fixer + 1 + number % 8) % 10;
        Self { number, theme: &THEMES[number], fixer, reporter, reviewer }
    }

    pub(super) fn issue_key(&self) -> String {
        format!("TIX-{}", 410 + 3 * self.number)
    }

    fn pull_request(&self) -> u64 {
        1_200 + 17 * self.number as u64
    }

    /// The midnight of its first day.
    pub(super) fn begins(&self) -> Timestamp {
        Timestamp::from_seconds(BEGIN).plus(Duration::from_secs(self.number as u64 * EVERY * DAY))
    }

    fn sha(&self) -> String {
        format!("{:040x}", 0x9e37_79b9_7f4a_7c15_u128.wrapping_mul(self.number as u128 + 11))
    }

    /// The hours after its begin at which a part happens.
    fn at(&self, part: Part) -> Timestamp {
        let hours = match part {
            Part::Error => 7,
            Part::Issue => 9,
            Part::Started => 27,
            Part::Opened => 51,
            Part::Approved => 58,
            Part::Merged => 74,
            Part::Pushed | Part::Noise => 75,
            Part::Deployed => 76,
            Part::Done => 80,
        };
        self.begins().plus(Duration::from_secs(hours * 3_600 + self.number as u64 % 50 * 60))
    }

    fn happenings(&self) -> Vec<Happening> {
        let mut parts = vec![
            Part::Issue,
            Part::Started,
            Part::Opened,
            Part::Approved,
            Part::Merged,
            Part::Pushed,
            Part::Deployed,
            Part::Done,
        ];
        if self.theme.error.is_some() {
            parts.insert(0, Part::Error);
        }
        parts.into_iter().map(|part| self.happening(part)).collect()
    }

    fn happening(&self, part: Part) -> Happening {
        let (theme, key) = (self.theme, self.issue_key());
        let (repository, number) = (format!("stagepass/{}", theme.service), self.pull_request());
        let issue = || Reference::issue_key(&key);
        let pull_request = || Reference::numbered(ReferenceKind::Pr, &repository, number);
        let branch = || Reference::branch(&format!("fix/{}", theme.noun.replace(' ', "-")), Some("main"));
        let person = match part {
            Part::Error | Part::Noise => None,
            Part::Issue => Some(self.reporter),
            Part::Approved => Some(self.reviewer),
            _ => Some(self.fixer),
        };
        let status = |status: &str, assignee: usize| {
            let metadata = json!({ "state": status, "assignee": PEOPLE[assignee].0, "priorityLabel": "High" });
            metadata.as_object().cloned().unwrap_or_default()
        };
        let linear = |word: &str| format!("[Issue {word}] {key}: {}", theme.issue);
        let of_service = |text: &str| format!("{text}\n\nService: {}", theme.service);
        let error = theme.error.unwrap_or_default();
        let pr_body = format!("{}\n{}\n\nFixes {key}", theme.fix, theme.fix_detail);
        let (provider, event_type, title, body, references, metadata) = match part {
            Part::Error | Part::Noise => (
                "sentry",
                "error",
                format!("[Error] {error}"),
                of_service(&format!("{error}\nenvironment: production")),
                vec![Reference::issue_key(&format!("STAGEPASS-{}", self.number + 70)).subject()],
                Map::new(),
            ),
            Part::Issue => (
                "linear",
                "issue.created",
                linear("Created"),
                of_service(&format!("{}\n{}", theme.issue, theme.detail)),
                vec![issue().subject()],
                status("Todo", self.fixer),
            ),
            Part::Started => (
                "linear",
                "issue.updated",
                linear("Updated"),
                format!("{}\n\nstate: Todo → In Progress", theme.issue),
                vec![issue().subject()],
                status("In Progress", self.fixer),
            ),
            Part::Opened => (
                "github",
                "pull_request.opened",
                format!("[PR Opened] {}", theme.fix),
                pr_body,
                vec![pull_request().subject(), branch(), issue().labelled("fixes")],
                Map::new(),
            ),
            Part::Approved => (
                "github",
                "pull_request_review.submitted",
                format!("[PR Approved] {}", theme.fix),
                "Looks good to me. Tried it on staging.".to_owned(),
                vec![pull_request()],
                Map::new(),
            ),
            Part::Merged => (
                "github",
                "pull_request.merged",
                format!("[PR Merged] {}", theme.fix),
                pr_body,
                vec![
                    pull_request().subject(),
                    branch(),
                    issue().labelled("fixes"),
                    Reference::commit(self.sha()).labelled("merge"),
                ],
                Map::new(),
            ),
            Part::Pushed => (
                "github",
                "push",
                format!("[Push] {} (#{number})", theme.fix),
                format!("{} (#{number})", theme.fix),
                vec![Reference::commit(self.sha()).subject(), Reference::branch("main", Some("main"))],
                Map::new(),
            ),
            Part::Deployed => (
                "vercel",
                "deployment.succeeded",
                format!("[Deployment Succeeded] {} from main", theme.service),
                format!("✓ {} is live in production", theme.service),
                vec![Reference::commit(self.sha()), Reference::new(ReferenceKind::Deployment, self.deployment())],
                deployment(theme.service, "production", &self.deployment()),
            ),
            Part::Done => (
                "linear",
                "issue.updated",
                linear("Updated"),
                format!("{}\n\nstate: In Progress → Done", theme.issue),
                vec![issue().subject()],
                status("Done", self.fixer),
            ),
        };
        let event = SourceEvent {
            provider: provider.into(),
            event_type: event_type.into(),
            source_id: format!("{provider}:{event_type}:{}:{part:?}", self.number),
            title,
            body,
            actor: person.map(|person| actor(provider, person)),
            occurred_at: self.at(part),
            repository: (provider == "github").then_some(repository),
            references,
            metadata,
        };
        Happening { event, part, story: Some(self.number), service: theme.service, person }
    }

    fn deployment(&self) -> String {
        format!("dpl_{:x}", 0x5bd1_e995_u64.wrapping_mul(self.number as u64 + 3))
    }
}

fn deployment(service: &str, environment: &str, id: &str) -> Map<String, Value> {
    let metadata = json!({ "deploymentId": id, "projectName": service, "environment": environment });
    metadata.as_object().cloned().unwrap_or_default()
}

fn actor(provider: &str, person: usize) -> EventActor {
    let (name, login) = PEOPLE[person];
    // Deployments are told with the login at GitHub.
    let name = if provider == "github" || provider == "vercel" { login } else { name };
    EventActor { id: format!("{}", 9_000 + person), name: name.into(), email: None, avatar_url: None }
}

/// Libraries that are updated again and again.
const LIBRARIES: [&str; 8] = ["vite", "postgres", "eslint", "react", "axios", "sharp", "zod", "turbo"];

/// Everyday events: an update of a library, its preview, and a comment.
fn noise(number: usize) -> Vec<Happening> {
    let service = THEMES[number * 5 % THEMES.len()].service;
    let library = LIBRARIES[number % LIBRARIES.len()];
    let at = Timestamp::from_seconds(BEGIN).plus(Duration::from_secs(number as u64 * 26 * 3_600 + 1_800));
    let (repository, pull_request) = (format!("stagepass/{service}"), 5_000 + number as u64);
    let reference = || Reference::numbered(ReferenceKind::Pr, &repository, pull_request);
    let made = |part: &str, provider: &str, event_type: &str, title: String, body: String, minutes: u64| SourceEvent {
        provider: provider.into(),
        event_type: event_type.into(),
        source_id: format!("noise:{number}:{part}"),
        title,
        body,
        actor: Some(EventActor {
            id: "49699333".into(),
            name: "dependabot[bot]".into(),
            email: None,
            avatar_url: None,
        }),
        occurred_at: at.plus(Duration::from_secs(minutes * 60)),
        repository: Some(repository.clone()),
        references: vec![reference().subject()],
        metadata: Map::new(),
    };
    let (from, to) = (format!("{}.{}.0", number % 7, number % 3), format!("{}.{}.1", number % 7, number % 3));
    let title = format!("Bump {library} from {from} to {to}");
    let id = format!("dpl_noise{number}");
    let events = [
        made("opened", "github", "pull_request.opened", format!("[PR Opened] {title}"), title.clone(), 0),
        SourceEvent {
            references: vec![Reference::new(ReferenceKind::Deployment, id.clone())],
            metadata: deployment(service, "preview", &id),
            ..made(
                "preview",
                "vercel",
                "deployment.succeeded",
                format!("[Deployment Succeeded] {service} from dependabot/{library}"),
                format!("✓ {service} preview is ready"),
                4,
            )
        },
        made("merged", "github", "pull_request.merged", format!("[PR Merged] {title}"), title, 90),
    ];
    events.into_iter().map(|event| Happening { event, part: Part::Noise, story: None, service, person: None }).collect()
}

/// All that happened, in the order of time.
pub(super) fn happenings() -> Vec<Happening> {
    let stories = (0..THEMES.len()).flat_map(|number| Story::of(number).happenings());
    let mut all: Vec<Happening> = stories.chain((0..230).flat_map(noise)).collect();
    all.sort_by_key(|happening| happening.event.occurred_at);
    all
}

//! Rules for the relation of two observations that share a reference. Pure.
//!
//! The direction of an edge follows its name: a pull request *fixes* an issue, a deployment
//! *deploys* a commit, a commit *resolves* a Sentry issue, a Sentry issue *triggers* a Linear
//! issue, a pull request is *tracked in* a Linear issue. Symmetric edges point from the new
//! observation to the earlier one.

use campanile_base::source_event::ReferenceKind;

use super::{Role, Side};

/// An edge between the new observation and an earlier one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Relation {
    pub(crate) edge_type: &'static str,
    pub(crate) confidence: f64,
    pub(crate) from_new: bool,
    pub(crate) method: &'static str,
}

/// The relation of `new` and `earlier`, which share a reference of this kind.
pub(crate) fn relate(kind: ReferenceKind, new: &Side, earlier: &Side) -> Option<Relation> {
    if new.role == Role::Mention || earlier.role == Role::Mention {
        return mentions(new, earlier);
    }
    match kind {
        ReferenceKind::Commit => Some(commit(new, earlier)),
        ReferenceKind::Branch => Some(relation("same_branch", 0.9, true, "branch_match")),
        ReferenceKind::Issue => Some(issue(new, earlier)),
        ReferenceKind::Pr => Some(pull_request(new, earlier)),
        ReferenceKind::Incident | ReferenceKind::Ticket => {
            Some(relation("references", 0.8, true, "entity_cooccurrence"))
        }
        _ => None,
    }
}

fn mentions(new: &Side, earlier: &Side) -> Option<Relation> {
    let about = new.role == Role::Subject || earlier.role == Role::Subject;
    about.then(|| relation("references", 0.8, new.role == Role::Mention, "entity_cooccurrence"))
}

fn commit(new: &Side, earlier: &Side) -> Relation {
    if new.has_label("resolved_by") != earlier.has_label("resolved_by") {
        return relation("resolves", 1.0, earlier.has_label("resolved_by"), "explicit");
    }
    match (new.provider.as_str(), earlier.provider.as_str()) {
        ("vercel", "github" | "gitlab") => relation("deploys", 1.0, true, "commit_match"),
        ("github" | "gitlab", "vercel") => relation("deploys", 1.0, false, "commit_match"),
        _ => relation("same_commit", 1.0, true, "commit_match"),
    }
}

fn issue(new: &Side, earlier: &Side) -> Relation {
    match (new.closes(), earlier.closes()) {
        (true, false) if earlier.role == Role::Subject => relation("fixes", 1.0, true, "explicit"),
        (false, true) if new.role == Role::Subject => relation("fixes", 1.0, false, "explicit"),
        _ if new.is_linked_sentry_issue(earlier) => relation("triggers", 0.8, true, "explicit"),
        _ if earlier.is_linked_sentry_issue(new) => relation("triggers", 0.8, false, "explicit"),
        _ => relation("references", 0.8, true, "entity_cooccurrence"),
    }
}

fn pull_request(new: &Side, earlier: &Side) -> Relation {
    let is_about = new.is_about() || earlier.is_about();
    match (new.role, earlier.role) {
        (Role::Subject, Role::Reference) if !is_about => relation("tracked_in", 1.0, true, "pr_match"),
        (Role::Reference, Role::Subject) if !is_about => relation("tracked_in", 1.0, false, "pr_match"),
        _ => relation("references", 0.8, true, "pr_match"),
    }
}

impl Side {
    fn has_label(&self, label: &str) -> bool {
        self.label.as_deref() == Some(label)
    }

    /// True for a comment, a review or checks, which are about a thing and do not track it.
    fn is_about(&self) -> bool {
        matches!(self.label.as_deref(), Some("comment" | "review" | "checks"))
    }

    fn closes(&self) -> bool {
        matches!(self.label.as_deref(), Some("fixes" | "closes" | "resolves"))
    }

    /// True if this is the subject of a Sentry observation and `other` is a link to it from Linear.
    fn is_linked_sentry_issue(&self, other: &Side) -> bool {
        self.provider == "sentry"
            && self.role == Role::Subject
            && other.provider == "linear"
            && other.has_label("linked")
    }
}

fn relation(edge_type: &'static str, confidence: f64, from_new: bool, method: &'static str) -> Relation {
    Relation { edge_type, confidence, from_new, method }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(provider: &str, role: Role, label: Option<&str>) -> Side {
        Side { provider: provider.into(), role, label: label.map(Into::into) }
    }

    fn told(kind: ReferenceKind, new: &Side, earlier: &Side) -> Option<(&'static str, bool)> {
        relate(kind, new, earlier).map(|relation| (relation.edge_type, relation.from_new))
    }

    #[test]
    fn a_relation_reads_the_same_whichever_side_came_first() {
        use ReferenceKind::{Commit, Issue, Pr};
        let cases = [
            (
                Commit,
                side("github", Role::Subject, None),
                side("sentry", Role::Reference, Some("resolved_by")),
                "resolves",
            ),
            (Commit, side("vercel", Role::Reference, None), side("github", Role::Subject, None), "deploys"),
            (Commit, side("vercel", Role::Reference, None), side("gitlab", Role::Subject, None), "deploys"),
            (Issue, side("github", Role::Reference, Some("fixes")), side("linear", Role::Subject, None), "fixes"),
            (Issue, side("github", Role::Reference, Some("closes")), side("sentry", Role::Subject, None), "fixes"),
            (Issue, side("sentry", Role::Subject, None), side("linear", Role::Reference, Some("linked")), "triggers"),
            (
                Pr,
                side("github", Role::Subject, None),
                side("linear", Role::Reference, Some("tracked_in")),
                "tracked_in",
            ),
        ];
        for (kind, from, to, expected) in cases {
            assert_eq!(told(kind, &from, &to), Some((expected, true)));
            assert_eq!(told(kind, &to, &from), Some((expected, false)));
        }
    }

    #[test]
    fn what_has_no_better_name_is_a_reference_or_the_same() {
        let (push, pr) = (side("github", Role::Subject, None), side("github", Role::Reference, Some("merge")));
        assert_eq!(told(ReferenceKind::Commit, &push, &pr), Some(("same_commit", true)));
        assert_eq!(told(ReferenceKind::Branch, &push, &pr), Some(("same_branch", true)));
        let fixer = side("github", Role::Reference, Some("fixes"));
        assert_eq!(
            told(ReferenceKind::Issue, &fixer, &fixer),
            Some(("references", true)),
            "two fixers fix not each other"
        );
        assert_eq!(told(ReferenceKind::Project, &push, &pr), None);
        let (triggered, note) =
            (side("pagerduty", Role::Subject, None), side("pagerduty", Role::Reference, Some("comment")));
        assert_eq!(told(ReferenceKind::Incident, &note, &triggered), Some(("references", true)));
    }

    #[test]
    fn a_mention_ties_to_the_thing_itself_only() {
        let (mention, subject) = (side("linear", Role::Mention, None), side("sentry", Role::Subject, None));
        assert_eq!(told(ReferenceKind::Issue, &mention, &subject), Some(("references", true)));
        assert_eq!(told(ReferenceKind::Issue, &subject, &mention), Some(("references", false)));
        assert_eq!(told(ReferenceKind::Issue, &mention, &mention), None);
    }
}

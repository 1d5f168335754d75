//! The permissions that a connection lacks.

use campanile_accounts::OrganisationId;
use campanile_base::Timestamp;

use super::*;
use crate::connections::Status;

fn connection(kind: ConnectionKind, granted: &[&str]) -> Connection {
    let at = Timestamp::from_micros(1_800_000_000_000_000);
    Connection {
        id: ConnectionId::new(at),
        organisation_id: OrganisationId::new(at),
        provider: Provider::Github,
        account_id: "1".to_owned(),
        account_label: "acme".to_owned(),
        kind,
        app_id: None,
        scopes: granted.iter().map(|scope| (*scope).to_owned()).collect(),
        status: Status::Active,
        status_reason: None,
        status_at: at,
        connected_by: String::new(),
        last_seen_at: None,
        expires_at: None,
        failures: 0,
        limit_total: None,
        limit_remaining: None,
        limit_reset_at: None,
        created_at: at,
    }
}

fn names(missing: &[MissingPermission]) -> Vec<&str> {
    missing.iter().map(|missing| missing.permission.as_str()).collect()
}

#[test]
fn an_installation_lacks_what_the_manifest_asks_for_and_the_account_has_not_granted() {
    let granted =
        ["metadata:read", "contents:read", "issues:write", "pull_requests:read", "discussions:read", "checks:read"];
    let app = connection(ConnectionKind::App, &granted);
    assert_eq!(names(&missing(&app, Vec::new())), ["actions:read", "deployments:read", "statuses:read"]);
    // A token has scopes of another kind, and an app may say nothing of its permissions.
    assert!(missing(&connection(ConnectionKind::Token, &["repo"]), Vec::new()).is_empty());
    assert!(missing(&connection(ConnectionKind::App, &[]), Vec::new()).is_empty());
}

#[test]
fn kinds_that_lack_one_permission_are_told_together() {
    let blocked = ["issue", "issue_comment"].map(|kind| ("issues:read".to_owned(), kind.to_owned()));
    let found = missing(&connection(ConnectionKind::Token, &[]), blocked.to_vec());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kinds, ["issue", "issue_comment"]);
    assert_eq!(found[0].reason.as_deref(), Some("To read issues and the comments on them."));
}

//! Events of a Vercel account beside its deployments: projects and their variables, gradual releases,
//! certificates, attacks, budgets, alerts.

use campanile_base::source_event::{Reference, ReferenceKind, SourceEvent, cut};
use serde_json::{Value, json};

use crate::deliveries::Delivery;
use crate::payload::{Read, metadata};

/// The kinds that are remembered, with their words.
const KINDS: [(&str, &str); 18] = [
    ("project.created", "Project Created"),
    ("project.removed", "Project Removed"),
    ("project.renamed", "Project Renamed"),
    ("project.env-variable.created", "Variable Added"),
    ("project.env-variable.updated", "Variable Changed"),
    ("project.env-variable.deleted", "Variable Removed"),
    ("rolling-release.started", "Rolling Release Started"),
    ("rolling-release.approved", "Rolling Release Approved"),
    ("rolling-release.completed", "Rolling Release Completed"),
    ("rolling-release.aborted", "Rolling Release Aborted"),
    ("domain.certificate.add.failed", "Certificate Failed"),
    ("domain.certificate.renew.failed", "Certificate Renewal Failed"),
    ("alerts.triggered", "Alert Triggered"),
    ("firewall.attack", "Attack Detected"),
    ("firewall.system-rule-anomaly", "Firewall Anomaly"),
    ("firewall.custom-rule-anomaly", "Firewall Anomaly"),
    ("budget.reached", "Budget Reached"),
    ("integration-configuration.removed", "Integration Removed"),
];
/// The words of a kind that is remembered.
fn words(kind: &str) -> Option<&'static str> {
    // Vercel adds kinds of anomalies as it learns to see them.
    if kind.starts_with("observability.") && kind.ends_with("anomaly") {
        return Some("Anomaly");
    }
    KINDS.iter().find(|(known, _)| *known == kind).map(|(_, words)| *words)
}

/// The observation of an event; `None` for a kind that is not remembered. All of them can happen again, so
/// Vercel's id of the event is part of the identity.
pub(super) fn event(kind: &str, payload: &Value, delivery: &Delivery) -> Option<SourceEvent> {
    let words = words(kind)?;
    let project = payload.text("payload/project/name").or(payload.text("payload/name"));
    let project_id = payload.id("payload/project/id").or_else(|| payload.id("payload/projectId"));
    // The name of a variable is told, its value never is.
    let variable = payload.text("payload/key").or(payload.text("payload/envVar/key"));
    let named = [project, variable, payload.text("payload/domain/name"), payload.text("payload/title")];
    let named: Vec<&str> = named.into_iter().flatten().collect();
    let title = format!("[{words}] {}", named.join(" · "));
    let id = payload.text("id").unwrap_or(&delivery.delivery_id);
    Some(SourceEvent {
        provider: "vercel".into(),
        event_type: kind.to_owned(),
        source_id: match (&project_id, kind.starts_with("project.")) {
            (Some(project), true) => format!("vercel:project:{project}:{kind}:{id}"),
            _ => format!("vercel:{kind}:{id}"),
        },
        title: cut(title.trim(), 200),
        body: cut(payload.text("payload/description").or(payload.text("payload/message")).unwrap_or_default(), 10_000),
        actor: None,
        occurred_at: payload.time("createdAt").unwrap_or(delivery.received_at),
        repository: None,
        references: project_id.iter().map(|id| Reference::new(ReferenceKind::Project, id)).collect(),
        metadata: metadata([
            ("deliveryId", Some(json!(delivery.delivery_id))),
            ("webhookId", payload.at("id").cloned()),
            ("projectId", project_id.as_ref().map(|id| json!(id))),
            ("projectName", project.map(|name| json!(name))),
            ("variable", variable.map(|name| json!(name))),
            ("teamId", payload.at("payload/team/id").cloned()),
            ("url", payload.at("payload/links/project").or(payload.at("payload/url")).cloned()),
        ]),
    })
}

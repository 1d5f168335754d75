//! The SQL of references and edges.

use campanile_accounts::WorkspaceId;
use campanile_base::Timestamp;
use campanile_base::source_event::{Reference, ReferenceKind};
use campanile_db::{Bulk, Result, Tx, insert_all, params, row};

use super::{EdgeView, Met, NewEdge, ReferenceRow, Role, Side};
use crate::observations::{ClusterId, Observation, ObservationId, OwnAddress};

campanile_db::columns! {
    side_columns, side_at:
    kind = "reference.kind",
    key = "reference.key",
    observation_id = "reference.observation_id",
    label = "reference.label",
    role = "reference.role",
    provider = "observation.provider",
    cluster_id = "observation.cluster_id",
    occurred_at = "observation.occurred_at",
}
campanile_db::columns! {
    edge_columns, edge_at:
    edge_type = "edge.type",
    confidence = "edge.confidence",
    linking_key = "edge.linking_key",
    linking_key_type = "edge.linking_key_type",
    method = "edge.method",
    direction = "CASE WHEN edge.from_id = $2 THEN 'outgoing' ELSE 'incoming' END",
}
campanile_db::columns! {
    other_columns, other_at after edge_at:
    id = "other.id",
    source_id = "other.source_id",
    provider = "other.provider",
    event_type = "other.type",
    title = "other.title",
    significance = "other.significance",
    category = "other.category",
    topics = "other.topics",
    actor = "other.actor",
    cluster_id = "other.cluster_id",
    occurred_at = "other.occurred_at",
    captured_at = "other.captured_at",
    refs = "other.refs",
    metadata = "other.metadata",
}

/// The maximum number of earlier observations that are compared per reference, as in the statement below.
pub(super) const MOST_PER_REFERENCE: usize = 50;

/// The newest observations of each of some references, with the role of the reference in each. Those of
/// one reference follow each other, the newest first.
pub(super) async fn sharing(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    references: &[(ReferenceKind, &str)],
) -> Result<Vec<((ReferenceKind, String), Met)>> {
    macro_rules! newest {
        ($workspace:literal, $kind:literal, $key:literal) => {
            concat!(
                "SELECT ",
                side_columns!(),
                " FROM observation_reference AS reference
                JOIN observation ON observation.id = reference.observation_id
                WHERE reference.workspace_id = ",
                $workspace,
                " AND reference.kind = ",
                $kind,
                " AND reference.key = ",
                $key,
                " ORDER BY reference.observation_id DESC LIMIT 50"
            )
        };
    }
    let bulk = Bulk {
        each: newest!("$1", "$2", "$3"),
        together: concat!(
            "SELECT shared.* FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (workspace, kind, key)
            CROSS JOIN LATERAL (",
            newest!("asked.workspace", "asked.kind", "asked.key"),
            ") AS shared"
        ),
        is_searched: false,
    };
    let rows: Vec<_> = references.iter().map(|(kind, key)| row![workspace.as_str(), kind.as_str(), *key]).collect();
    tx.gather(bulk, &rows, |row| {
        let asked = |word: &str| references.iter().map(|(kind, _)| *kind).find(|kind| kind.as_str() == word);
        let kind = row.word(side_at::kind, asked)?;
        let role = match row.get::<String>(side_at::role)?.as_str() {
            "subject" => Role::Subject,
            "mention" => Role::Mention,
            _ => Role::Reference,
        };
        let side = Side { label: row.get(side_at::label)?, role, provider: row.get(side_at::provider)? };
        let met = Met {
            id: ObservationId::from(row.get::<String>(side_at::observation_id)?),
            side,
            cluster: row.get::<Option<String>>(side_at::cluster_id)?.map(ClusterId::from),
            occurred_at: row.get(side_at::occurred_at)?,
        };
        Ok(((kind, row.get(side_at::key)?), met))
    })
    .await
}

pub(super) async fn insert_references(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    references: &[(ObservationId, ReferenceRow)],
) -> Result<()> {
    let (bulk, rows) = insert_all!(references.iter() => |(observation, reference)| "observation_reference" {
        workspace_id: text = workspace.as_str(),
        kind: text = reference.kind.as_str(),
        key: text = &reference.key,
        observation_id: text = observation.as_str(),
        written: text = &reference.written,
        label: text = reference.side.label.as_deref(),
        role: text = match reference.side.role {
            Role::Subject => "subject",
            Role::Reference => "reference",
            Role::Mention => "mention",
        },
    } "ON CONFLICT DO NOTHING");
    tx.change(bulk, &rows).await.map(drop)
}

/// Stores edges. If an edge exists, the higher confidence is kept.
pub(super) async fn insert_edges(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    edges: &[NewEdge],
    now: Timestamp,
) -> Result<()> {
    let (bulk, rows) = insert_all!(edges.iter() => |edge| "edge" {
        id: text = &edge.id,
        workspace_id: text = workspace.as_str(),
        from_id: text = edge.from.as_str(),
        to_id: text = edge.to.as_str(),
        type: text = edge.relation.edge_type,
        confidence: float8 = edge.relation.confidence,
        linking_key: text = campanile_base::source_event::cut(&edge.written, 500),
        linking_key_type: text = edge.kind.as_str(),
        method: text = edge.relation.method,
        created_at: bigint = now,
    } "ON CONFLICT (workspace_id, from_id, to_id, type) DO UPDATE SET confidence = excluded.confidence
        WHERE edge.confidence < excluded.confidence");
    tx.change(bulk, &rows).await.map(drop)
}

/// The edges of an observation with their other ends, highest confidence first, at most 500.
pub async fn edges_of(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> Result<Vec<EdgeView>> {
    let sql = concat!(
        "SELECT ",
        edge_columns!(),
        ", ",
        other_columns!(),
        "
        FROM (SELECT from_id, to_id, type, confidence, linking_key, linking_key_type, method FROM edge
                WHERE workspace_id = $1 AND from_id = $2
            UNION SELECT from_id, to_id, type, confidence, linking_key, linking_key_type, method FROM edge
                WHERE workspace_id = $1 AND to_id = $2) AS edge
            JOIN observation AS other ON other.id = CASE WHEN edge.from_id = $2 THEN edge.to_id ELSE edge.from_id END
        ORDER BY edge.confidence DESC, edge.type, other.occurred_at, other.id LIMIT 500"
    );
    let workspace_id = workspace.clone();
    tx.all(sql, params![workspace.as_str(), id], move |row| {
        Ok(EdgeView {
            edge_type: row.get(edge_at::edge_type)?,
            confidence: row.get(edge_at::confidence)?,
            linking_key: row.get(edge_at::linking_key)?,
            linking_key_type: row.get(edge_at::linking_key_type)?,
            detection_method: row.get(edge_at::method)?,
            direction: row.get(edge_at::direction)?,
            observation: Observation {
                id: ObservationId::from(row.get::<String>(other_at::id)?),
                workspace_id: workspace_id.clone(),
                source_id: row.get(other_at::source_id)?,
                provider: row.get(other_at::provider)?,
                event_type: row.get(other_at::event_type)?,
                title: row.get(other_at::title)?,
                significance: row.get(other_at::significance)?,
                category: row.get(other_at::category)?,
                topics: row.json(other_at::topics)?,
                actor: row.json_if_any(other_at::actor)?,
                cluster_id: row.get::<Option<String>>(other_at::cluster_id)?.map(ClusterId::from),
                occurred_at: row.get(other_at::occurred_at)?,
                captured_at: row.get(other_at::captured_at)?,
                url: row.json::<OwnAddress>(other_at::metadata)?.or_of(&row.json::<Vec<Reference>>(other_at::refs)?),
            },
        })
    })
    .await
}

//! The SQL of references and edges.

use campanile_accounts::WorkspaceId;
use campanile_base::Timestamp;
use campanile_db::{Result, Tx, params, row};

use super::{EdgeView, NewEdge, Role, Side, Tie};
use crate::observations::{Observation, ObservationId};

/// The newest observations that share a reference, and how it stands to each.
pub(super) async fn sharing(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    tie: &Tie,
    limit: i64,
) -> Result<Vec<(ObservationId, Side)>> {
    let sql = "SELECT reference.observation_id, reference.label, reference.role, observation.provider
        FROM observation_reference AS reference
        JOIN observation ON observation.id = reference.observation_id
        WHERE reference.workspace_id = $1 AND reference.kind = $2 AND reference.key = $3
        ORDER BY reference.observation_id DESC LIMIT $4";
    tx.all(sql, params![workspace.as_str(), tie.kind.as_str(), &tie.key, limit], |row| {
        let role = match row.get::<String>(2)?.as_str() {
            "subject" => Role::Subject,
            "mention" => Role::Mention,
            _ => Role::Reference,
        };
        Ok((ObservationId::from(row.get::<String>(0)?), Side { label: row.get(1)?, role, provider: row.get(3)? }))
    })
    .await
}

pub(super) async fn insert_ties(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    observation: &ObservationId,
    ties: &[Tie],
) -> Result<()> {
    let sql = "INSERT INTO observation_reference (workspace_id, kind, key, observation_id, written, label, role)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let rows: Vec<_> = ties
        .iter()
        .map(|tie| {
            let role = match tie.side.role {
                Role::Subject => "subject",
                Role::Reference => "reference",
                Role::Mention => "mention",
            };
            let label = tie.side.label.as_deref();
            row![workspace.as_str(), tie.kind.as_str(), &tie.key, observation.as_str(), &tie.written, label, role]
        })
        .collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

/// Keeps the greater confidence where the edge is known already.
pub(super) async fn insert_edges(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    edges: &[NewEdge],
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO edge (id, workspace_id, from_id, to_id, type, confidence, linking_key, linking_key_type,
            method, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (workspace_id, from_id, to_id, type) DO UPDATE SET confidence = excluded.confidence
            WHERE edge.confidence < excluded.confidence";
    let rows: Vec<_> = edges
        .iter()
        .map(|edge| {
            row![
                &edge.id,
                workspace.as_str(),
                edge.from.as_str(),
                edge.to.as_str(),
                edge.relation.edge_type,
                edge.relation.confidence,
                campanile_base::source_event::cut(&edge.written, 500),
                edge.kind.as_str(),
                edge.relation.method,
                now
            ]
        })
        .collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

/// The edges of an observation with their other ends, the most certain first.
///
/// # Errors
/// What the database says.
pub async fn edges_of(tx: &mut Tx, workspace: &WorkspaceId, id: &str) -> Result<Vec<EdgeView>> {
    let sql = "SELECT edge.type, edge.confidence, edge.linking_key, edge.linking_key_type, edge.method,
            CASE WHEN edge.from_id = $2 THEN 'outgoing' ELSE 'incoming' END,
            other.id, other.source_id, other.provider, other.type, other.title, other.significance, other.category,
            other.topics, other.actor, other.occurred_at, other.captured_at
        FROM (SELECT from_id, to_id, type, confidence, linking_key, linking_key_type, method FROM edge
                WHERE workspace_id = $1 AND from_id = $2
            UNION SELECT from_id, to_id, type, confidence, linking_key, linking_key_type, method FROM edge
                WHERE workspace_id = $1 AND to_id = $2) AS edge
            JOIN observation AS other ON other.id = CASE WHEN edge.from_id = $2 THEN edge.to_id ELSE edge.from_id END
        ORDER BY edge.confidence DESC, edge.type, other.occurred_at, other.id LIMIT 500";
    let workspace_id = workspace.clone();
    tx.all(sql, params![workspace.as_str(), id], move |row| {
        Ok(EdgeView {
            edge_type: row.get(0)?,
            confidence: row.get(1)?,
            linking_key: row.get(2)?,
            linking_key_type: row.get(3)?,
            detection_method: row.get(4)?,
            direction: row.get(5)?,
            observation: Observation {
                id: ObservationId::from(row.get::<String>(6)?),
                workspace_id: workspace_id.clone(),
                source_id: row.get(7)?,
                provider: row.get(8)?,
                event_type: row.get(9)?,
                title: row.get(10)?,
                significance: row.get(11)?,
                category: row.get(12)?,
                topics: serde_json::from_str(&row.get::<String>(13)?).unwrap_or_default(),
                actor: row.get::<Option<String>>(14)?.and_then(|text| serde_json::from_str(&text).ok()),
                occurred_at: row.get(15)?,
                captured_at: row.get(16)?,
            },
        })
    })
    .await
}

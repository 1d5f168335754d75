//! The SQL of threads.

use campanile_accounts::WorkspaceId;
use campanile_base::source_event::ReferenceKind;
use campanile_db::{Result, Tx, params};
use serde_json::{Map, Value};

use super::{Referring, Thread, ThreadKind};
use crate::observations::{self, ObservationDetail};

/// The commits whose pushes are looked for, and the pushes of each: the newest of them.
const MOST_COMMITS: usize = 20;
const MOST_PUSHES: i64 = 5;

/// The condition that a reference makes its observation a part of the thread: the observation is about the
/// thing, or is said about it. [`is_part_of`] is the same for rows that were read.
macro_rules! is_part {
    () => {
        "(role = 'subject' OR label IN ('comment', 'review'))"
    };
}

fn is_part_of(role: &str, label: Option<&str>) -> bool {
    role == "subject" || matches!(label, Some("comment" | "review"))
}

/// The newest observations that refer to a thing, in the order of their storing.
pub(super) async fn referring(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    kind: ReferenceKind,
    key: &str,
    most: i64,
) -> Result<Vec<Referring>> {
    let rows = observations::referring_to(tx, workspace, (kind.as_str(), key), most).await?;
    let referring = |(detail, role, label): (ObservationDetail, String, Option<String>)| Referring {
        detail,
        is_part: is_part_of(&role, label.as_deref()),
    };
    Ok(rows.into_iter().rev().map(referring).collect())
}

/// True if any observation is a part of the thread of a thing.
pub(super) async fn has_part(tx: &mut Tx, workspace: &WorkspaceId, kind: ReferenceKind, key: &str) -> Result<bool> {
    let sql = concat!(
        "SELECT observation_id FROM observation_reference WHERE workspace_id = $1 AND kind = $2 AND key = $3 AND ",
        is_part!(),
        " LIMIT 1"
    );
    let found = tx.first(sql, params![workspace.as_str(), kind.as_str(), key], |row| row.get::<String>(0)).await?;
    Ok(found.is_some())
}

/// The repository in which the numbers of an observation count; empty if there is none.
pub(super) async fn repository_of(tx: &mut Tx, workspace: &WorkspaceId, observation: &str) -> Result<String> {
    let sql = "SELECT repository FROM observation WHERE workspace_id = $1 AND id = $2";
    let found = tx.first(sql, params![workspace.as_str(), observation], |row| row.get::<String>(0)).await?;
    Ok(found.unwrap_or_default())
}

/// True if an observation is a part of the thread of the thing with this key.
pub(super) async fn is_part(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    observation: &str,
    (kind, key): (ReferenceKind, &str),
) -> Result<bool> {
    let sql = concat!(
        "SELECT observation_id FROM observation_reference WHERE workspace_id = $1 AND kind = $2 AND key = $3
            AND observation_id = $4 AND ",
        is_part!()
    );
    let params = params![workspace.as_str(), kind.as_str(), key, observation];
    Ok(tx.first(sql, params, |row| row.get::<String>(0)).await?.is_some())
}

/// The further facts of pushes with the commits of a pull request.
pub(super) async fn pushes(tx: &mut Tx, workspace: &WorkspaceId, thread: &Thread) -> Result<Vec<Map<String, Value>>> {
    if thread.kind == ThreadKind::Issue {
        return Ok(Vec::new());
    }
    let sql = "SELECT observation.metadata FROM observation_reference AS reference
        JOIN observation ON observation.id = reference.observation_id
        WHERE reference.workspace_id = $1 AND reference.kind = 'commit' AND reference.key = $2
            AND observation.type = 'push' ORDER BY reference.observation_id DESC LIMIT $3";
    let mut pushes = Vec::new();
    let commits = thread.links.iter().filter(|link| link.kind == ReferenceKind::Commit.as_str());
    for commit in commits.take(MOST_COMMITS) {
        let params = params![workspace.as_str(), commit.id.to_ascii_lowercase(), MOST_PUSHES];
        pushes.extend(tx.all(sql, params, |row| row.json(0)).await?);
    }
    Ok(pushes)
}

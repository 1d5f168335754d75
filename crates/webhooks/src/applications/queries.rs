//! The SQL of applications.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Timestamp;
use campanile_db::{Bulk, Result, Row, Tx, params, row};

use super::{Application, ApplicationId, ApplicationKind};
use campanile_db::{Range, ranged};

macro_rules! columns {
    () => {
        "id, organisation_id, uid, name, metadata, throttle_rate, created_at, updated_at, revision, kind, workspace_id"
    };
}

/// Stores an application; `false` when its uid is taken.
pub(super) async fn insert(tx: &mut Tx, application: &Application) -> Result<bool> {
    let sql =
        "INSERT INTO application (id, organisation_id, uid, name, metadata, throttle_rate, created_at, updated_at,
            is_operational, kind, workspace_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";
    let params = params![
        application.id.as_str(),
        application.organisation_id.as_str(),
        application.uid.as_deref(),
        &application.name,
        serde_json::to_string(&application.metadata).unwrap_or_default(),
        application.throttle_rate,
        application.created_at,
        application.updated_at,
        application.kind == ApplicationKind::Operational,
        application.kind.as_str(),
        application.kind.workspace().map(WorkspaceId::as_str)
    ];
    Ok(tx.execute(sql, params).await? == 1)
}

pub(super) async fn update(tx: &mut Tx, application: &Application) -> Result<u64> {
    let sql = "UPDATE application SET uid = $2, name = $3, metadata = $4, throttle_rate = $5, updated_at = $6
        WHERE id = $1 AND organisation_id = $7 AND deleted_at IS NULL";
    let params = params![
        application.id.as_str(),
        application.uid.as_deref(),
        &application.name,
        serde_json::to_string(&application.metadata).unwrap_or_default(),
        application.throttle_rate,
        application.updated_at,
        application.organisation_id.as_str()
    ];
    tx.execute(sql, params).await
}

pub(super) async fn uid_is_anothers(
    tx: &mut Tx,
    organisation: &OrganisationId,
    uid: &str,
    id: &ApplicationId,
) -> Result<bool> {
    let sql = "SELECT id FROM application WHERE organisation_id = $1 AND uid = $2 AND id <> $3 AND deleted_at IS NULL";
    let params = params![organisation.as_str(), uid, id.as_str()];
    Ok(tx.first(sql, params, |row| row.get::<String>(0)).await?.is_some())
}

pub(super) async fn delete(tx: &mut Tx, id: &ApplicationId, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE application SET deleted_at = $2, uid = NULL WHERE id = $1 AND deleted_at IS NULL";
    tx.execute(sql, params![id.as_str(), now]).await
}

pub(super) async fn raise_revision(tx: &mut Tx, id: &ApplicationId) -> Result<u64> {
    tx.execute("UPDATE application SET revision = revision + 1 WHERE id = $1", params![id.as_str()]).await
}

pub(super) async fn by_id_or_uid(
    tx: &mut Tx,
    organisation: &OrganisationId,
    id_or_uid: &str,
) -> Result<Option<Application>> {
    // A uid cannot begin like an id.
    let sql = match id_or_uid.starts_with("app_") {
        true => concat!(
            "SELECT ",
            columns!(),
            " FROM application WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL"
        ),
        false => concat!(
            "SELECT ",
            columns!(),
            " FROM application WHERE organisation_id = $1 AND uid = $2 AND deleted_at IS NULL"
        ),
    };
    tx.first(sql, params![organisation.as_str(), id_or_uid], read).await
}

/// An application by its id alone, for what was stored with it.
pub(crate) async fn by_id(tx: &mut Tx, id: &str) -> Result<Option<Application>> {
    let sql = concat!("SELECT ", columns!(), " FROM application WHERE id = $1 AND deleted_at IS NULL");
    tx.first(sql, params![id], read).await
}

/// Which application an organisation means by a word, and its revision.
pub(crate) struct Meant {
    pub(crate) organisation: String,
    pub(crate) word: String,
    pub(crate) id: ApplicationId,
    pub(crate) revision: i64,
}

/// What organisations mean by these words, so far as they mean anything.
pub(crate) async fn meant(tx: &mut Tx, words: &[(OrganisationId, String)]) -> Result<Vec<Meant>> {
    let bulk = Bulk {
        each: "SELECT organisation_id, id, id, revision FROM application
            WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL
            UNION ALL SELECT organisation_id, uid, id, revision FROM application
            WHERE organisation_id = $1 AND uid = $2 AND deleted_at IS NULL",
        together:
            "SELECT organisation_id, id, id, revision FROM unnest($1::text[], $2::text[]) AS told (organisation, word)
            JOIN application ON organisation_id = told.organisation AND id = told.word WHERE deleted_at IS NULL
            UNION ALL SELECT organisation_id, uid, id, revision
            FROM unnest($1::text[], $2::text[]) AS told (organisation, word)
            JOIN application ON organisation_id = told.organisation AND uid = told.word WHERE deleted_at IS NULL",
        is_searched: false,
    };
    let rows: Vec<_> = words.iter().map(|(organisation, word)| row![organisation.as_str(), word.as_str()]).collect();
    tx.gather(bulk, &rows, |row| {
        let id = ApplicationId::from(row.get::<String>(2)?);
        Ok(Meant { organisation: row.get(0)?, word: row.get(1)?, id, revision: row.get(3)? })
    })
    .await
}

/// The revision of an application; `None` when it is gone.
pub(crate) async fn revision(tx: &mut Tx, id: &str) -> Result<Option<i64>> {
    let sql = "SELECT revision FROM application WHERE id = $1 AND deleted_at IS NULL";
    tx.first(sql, params![id], |row| row.get(0)).await
}

pub(super) async fn list(tx: &mut Tx, organisation: &OrganisationId, range: &Range) -> Result<Vec<Application>> {
    let sql = ranged!(
        range,
        "id",
        "SELECT ",
        columns!(),
        " FROM application WHERE organisation_id = $1 AND deleted_at IS NULL
            AND kind IN ('customer', 'workspace')"
    );
    let params = params![organisation.as_str(), &range.low, &range.high, range.limit];
    tx.all(sql, params, read).await
}

pub(crate) async fn operational(tx: &mut Tx, organisation: &OrganisationId) -> Result<Option<Application>> {
    let sql = concat!("SELECT ", columns!(), " FROM application WHERE organisation_id = $1 AND is_operational");
    tx.first(sql, params![organisation.as_str()], read).await
}

fn read(row: &Row<'_>) -> Result<Application> {
    let throttle_rate = row.get(5)?;
    Ok(Application {
        id: ApplicationId::from(row.get::<String>(0)?),
        organisation_id: row.get::<String>(1)?.into(),
        uid: row.get(2)?,
        name: row.get(3)?,
        metadata: serde_json::from_str(&row.get::<String>(4)?).unwrap_or_default(),
        throttle_rate,
        rate_limit: throttle_rate,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
        revision: row.get(8)?,
        kind: ApplicationKind::stored(&row.get::<String>(9)?, row.get(10)?),
    })
}

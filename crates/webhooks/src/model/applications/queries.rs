//! The SQL of applications.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Timestamp;
use campanile_db::{Bulk, Range, Result, Row, Tx, insert, json_text, params, ranged, row, update};

use super::{Application, ApplicationId, ApplicationKind};

campanile_db::columns! {
    columns, at:
    id, organisation_id, uid, name, metadata, throttle_rate, created_at, updated_at, revision, kind, workspace_id,
}

/// Stores an application; `false` when its uid is taken.
pub(crate) async fn insert(tx: &mut Tx, application: &Application) -> Result<bool> {
    let (sql, params) = insert!("application" {
        id: application.id.as_str(),
        organisation_id: application.organisation_id.as_str(),
        uid: application.uid.as_deref(),
        name: &application.name,
        metadata: json_text(&application.metadata),
        throttle_rate: application.throttle_rate,
        created_at: application.created_at,
        updated_at: application.updated_at,
        is_operational: application.kind == ApplicationKind::Operational,
        kind: application.kind.as_str(),
        workspace_id: application.kind.workspace().map(WorkspaceId::as_str),
    } "ON CONFLICT DO NOTHING");
    Ok(tx.execute(sql, &params).await? == 1)
}

pub(crate) async fn update(tx: &mut Tx, application: &Application) -> Result<u64> {
    let (id, organisation) = (application.id.as_str(), application.organisation_id.as_str());
    let (sql, params) = update!("application"
    WHERE "id = $1 AND organisation_id = $2 AND deleted_at IS NULL" [id, organisation]
    SET {
        uid: application.uid.as_deref(),
        name: &application.name,
        metadata: json_text(&application.metadata),
        throttle_rate: application.throttle_rate,
        updated_at: application.updated_at,
    });
    tx.execute(sql, &params).await
}

pub(crate) async fn uid_is_anothers(
    tx: &mut Tx,
    organisation: &OrganisationId,
    uid: &str,
    id: &ApplicationId,
) -> Result<bool> {
    let sql = "SELECT id FROM application WHERE organisation_id = $1 AND uid = $2 AND id <> $3 AND deleted_at IS NULL";
    let params = params![organisation.as_str(), uid, id.as_str()];
    Ok(tx.first(sql, params, |row| row.get::<String>(0)).await?.is_some())
}

pub(crate) async fn delete(tx: &mut Tx, id: &ApplicationId, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE application SET deleted_at = $2, uid = NULL WHERE id = $1 AND deleted_at IS NULL";
    tx.execute(sql, params![id.as_str(), now]).await
}

pub(crate) async fn raise_revision(tx: &mut Tx, id: &ApplicationId) -> Result<u64> {
    tx.execute("UPDATE application SET revision = revision + 1 WHERE id = $1", params![id.as_str()]).await
}

pub(crate) async fn by_id_or_uid(
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

/// An application by its id alone, without a check of the organisation.
pub(crate) async fn by_id(tx: &mut Tx, id: &str) -> Result<Option<Application>> {
    let sql = concat!("SELECT ", columns!(), " FROM application WHERE id = $1 AND deleted_at IS NULL");
    tx.first(sql, params![id], read).await
}

/// The application that an organisation calls by an id or uid, and its revision.
pub(crate) struct NamedApplication {
    pub(crate) organisation: String,
    pub(crate) word: String,
    pub(crate) id: ApplicationId,
    pub(crate) revision: i64,
}

campanile_db::columns! { named_by_id, named_at: organisation_id, word = "id", id, revision }
campanile_db::columns! { named_by_uid, named_by_uid_at: organisation_id, word = "uid", id, revision }

/// The applications with these ids or uids, as far as they exist.
pub(crate) async fn meant(tx: &mut Tx, words: &[(OrganisationId, String)]) -> Result<Vec<NamedApplication>> {
    let bulk = Bulk {
        each: concat!(
            "SELECT ",
            named_by_id!(),
            " FROM application WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL
            UNION ALL SELECT ",
            named_by_uid!(),
            " FROM application WHERE organisation_id = $1 AND uid = $2 AND deleted_at IS NULL"
        ),
        together: concat!(
            "SELECT ",
            named_by_id!(),
            " FROM unnest($1::text[], $2::text[]) AS told (organisation, word)
            JOIN application ON organisation_id = told.organisation AND id = told.word WHERE deleted_at IS NULL
            UNION ALL SELECT ",
            named_by_uid!(),
            " FROM unnest($1::text[], $2::text[]) AS told (organisation, word)
            JOIN application ON organisation_id = told.organisation AND uid = told.word WHERE deleted_at IS NULL"
        ),
        is_searched: false,
    };
    let rows: Vec<_> = words.iter().map(|(organisation, word)| row![organisation.as_str(), word.as_str()]).collect();
    tx.gather(bulk, &rows, |row| {
        Ok(NamedApplication {
            organisation: row.get(named_at::organisation_id)?,
            word: row.get(named_at::word)?,
            id: ApplicationId::from(row.get::<String>(named_at::id)?),
            revision: row.get(named_at::revision)?,
        })
    })
    .await
}

/// The revision of an application; `None` when it was deleted.
pub(crate) async fn revision(tx: &mut Tx, id: &str) -> Result<Option<i64>> {
    let sql = "SELECT revision FROM application WHERE id = $1 AND deleted_at IS NULL";
    tx.first(sql, params![id], |row| row.get(0)).await
}

pub(crate) async fn list(tx: &mut Tx, organisation: &OrganisationId, range: &Range) -> Result<Vec<Application>> {
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
    let throttle_rate = row.get(at::throttle_rate)?;
    Ok(Application {
        id: ApplicationId::from(row.get::<String>(at::id)?),
        organisation_id: row.get::<String>(at::organisation_id)?.into(),
        uid: row.get(at::uid)?,
        name: row.get(at::name)?,
        metadata: row.json(at::metadata)?,
        throttle_rate,
        rate_limit: throttle_rate,
        created_at: row.get(at::created_at)?,
        updated_at: row.get(at::updated_at)?,
        revision: row.get(at::revision)?,
        kind: ApplicationKind::stored(&row.get::<String>(at::kind)?, row.get(at::workspace_id)?),
    })
}

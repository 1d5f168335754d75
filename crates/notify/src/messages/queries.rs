//! The SQL of notifications.

use campanile_accounts::{OrganisationId, PersonId, WorkspaceId};
use campanile_base::{Cursor, PageSize, Timestamp};
use campanile_db::{Result, Tx, params, row};
use serde_json::Value;

use super::{Channel, FeedItem, FeedMeta, FeedStatus, Mail, Mark, NewNotification, NotificationSummary, Status};

/// Stores what a workflow made.
///
/// # Errors
/// What the database says.
pub async fn insert(
    tx: &mut Tx,
    organisation: &OrganisationId,
    tenant: &WorkspaceId,
    data: &Value,
    notifications: &[NewNotification],
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO notification (id, organisation_id, tenant, workflow, channel, recipient_id, address, data,
            subject, body, text_body, status, inserted_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)";
    let data = data.to_string();
    let rows: Vec<_> = notifications
        .iter()
        .map(|new| {
            let status = if new.channel == Channel::InApp { "delivered" } else { "queued" };
            row![
                new.id.as_str(),
                organisation.as_str(),
                tenant.as_str(),
                new.workflow,
                new.channel.as_str(),
                new.recipient.as_str(),
                new.address.as_deref(),
                &data,
                &new.subject,
                &new.body,
                new.text_body.as_deref(),
                status,
                now
            ]
        })
        .collect();
    tx.execute_many(sql, &rows).await.map(drop)
}

/// What a mail's job hands over; nothing when it was handed over before.
///
/// # Errors
/// What the database says.
pub async fn mail(tx: &mut Tx, id: &str) -> Result<Option<Mail>> {
    let sql = "SELECT address, subject, body, text_body FROM notification
        WHERE id = $1 AND channel = 'email' AND status = 'queued'";
    tx.first(sql, params![id], |row| {
        Ok(Mail {
            address: row.get::<Option<String>>(0)?.unwrap_or_default(),
            subject: row.get(1)?,
            html: row.get(2)?,
            text: row.get::<Option<String>>(3)?.unwrap_or_default(),
        })
    })
    .await
}

/// Writes down how far a notification got.
///
/// # Errors
/// What the database says.
pub async fn set_status(tx: &mut Tx, id: &str, status: Status, error: Option<&str>, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE notification SET status = $2, error = $3, updated_at = $4 WHERE id = $1";
    tx.execute(sql, params![id, status.as_str(), error, now]).await
}

/// A recipient's feed, newest first, without what is archived.
///
/// # Errors
/// What the database says.
pub async fn feed(
    tx: &mut Tx,
    organisation: &OrganisationId,
    recipient: &PersonId,
    tenant: Option<&str>,
    status: FeedStatus,
    from: &Cursor,
    size: PageSize,
) -> Result<Vec<FeedItem>> {
    let sql = "SELECT id, tenant, workflow, data, subject, body, inserted_at, updated_at, seen_at, read_at,
            interacted_at, archived_at FROM notification
        WHERE organisation_id = $1 AND recipient_id = $2 AND channel = 'in_app' AND archived_at IS NULL
            AND (inserted_at, id) < ($3, $4) AND (CAST($5 AS TEXT) IS NULL OR tenant = $5)
            AND ($6 <> 'unseen' OR seen_at IS NULL) AND ($6 <> 'unread' OR read_at IS NULL)
            AND ($6 <> 'read' OR read_at IS NOT NULL)
        ORDER BY inserted_at DESC, id DESC LIMIT $7";
    let status = match status {
        FeedStatus::All => "all",
        FeedStatus::Unseen => "unseen",
        FeedStatus::Unread => "unread",
        FeedStatus::Read => "read",
    };
    let params = params![organisation.as_str(), recipient.as_str(), from.at, &from.id, tenant, status, size.to_fetch()];
    tx.all(sql, params, |row| {
        Ok(FeedItem {
            id: row.get(0)?,
            tenant: row.get(1)?,
            workflow: row.get(2)?,
            data: serde_json::from_str(&row.get::<String>(3)?).unwrap_or_default(),
            subject: row.get(4)?,
            body: row.get(5)?,
            inserted_at: row.get(6)?,
            updated_at: row.get(7)?,
            seen_at: row.get(8)?,
            read_at: row.get(9)?,
            interacted_at: row.get(10)?,
            archived_at: row.get(11)?,
        })
    })
    .await
}

/// How many items a feed has: of all, up to a thousand; of what is new, all.
///
/// # Errors
/// What the database says.
pub async fn meta(
    tx: &mut Tx,
    organisation: &OrganisationId,
    recipient: &PersonId,
    tenant: Option<&str>,
) -> Result<FeedMeta> {
    let who = params![organisation.as_str(), recipient.as_str(), tenant];
    let total = "SELECT count(*) FROM (SELECT id FROM notification WHERE organisation_id = $1 AND recipient_id = $2
        AND channel = 'in_app' AND archived_at IS NULL AND (CAST($3 AS TEXT) IS NULL OR tenant = $3) LIMIT 1000) AS counted";
    let unread = "SELECT count(*) FROM notification WHERE organisation_id = $1 AND recipient_id = $2
        AND channel = 'in_app' AND read_at IS NULL AND archived_at IS NULL
        AND (CAST($3 AS TEXT) IS NULL OR tenant = $3)";
    let unseen = "SELECT count(*) FROM notification WHERE organisation_id = $1 AND recipient_id = $2
        AND channel = 'in_app' AND seen_at IS NULL AND archived_at IS NULL
        AND (CAST($3 AS TEXT) IS NULL OR tenant = $3)";
    Ok(FeedMeta {
        total_count: tx.one(total, who, |row| row.get(0)).await?,
        unread_count: tx.one(unread, who, |row| row.get(0)).await?,
        unseen_count: tx.one(unseen, who, |row| row.get(0)).await?,
    })
}

/// Marks one item of a recipient. Marking again changes nothing; reading an item has seen it.
///
/// # Errors
/// What the database says.
pub async fn mark(
    tx: &mut Tx,
    organisation: &OrganisationId,
    recipient: &PersonId,
    id: &str,
    mark: Mark,
    now: Timestamp,
) -> Result<u64> {
    let sql = match mark {
        Mark::Seen => {
            "UPDATE notification SET seen_at = COALESCE(seen_at, $4) WHERE organisation_id = $1 AND recipient_id = $2 AND id = $3"
        }
        Mark::Unseen => {
            "UPDATE notification SET seen_at = NULL, updated_at = $4 WHERE organisation_id = $1 AND recipient_id = $2 AND id = $3"
        }
        Mark::Read => {
            "UPDATE notification SET read_at = COALESCE(read_at, $4), seen_at = COALESCE(seen_at, $4) WHERE organisation_id = $1 AND recipient_id = $2 AND id = $3"
        }
        Mark::Unread => {
            "UPDATE notification SET read_at = NULL, updated_at = $4 WHERE organisation_id = $1 AND recipient_id = $2 AND id = $3"
        }
        Mark::Interacted => {
            "UPDATE notification SET interacted_at = COALESCE(interacted_at, $4), read_at = COALESCE(read_at, $4), seen_at = COALESCE(seen_at, $4) WHERE organisation_id = $1 AND recipient_id = $2 AND id = $3"
        }
        Mark::Archived => {
            "UPDATE notification SET archived_at = COALESCE(archived_at, $4) WHERE organisation_id = $1 AND recipient_id = $2 AND id = $3"
        }
        Mark::Unarchived => {
            "UPDATE notification SET archived_at = NULL, updated_at = $4 WHERE organisation_id = $1 AND recipient_id = $2 AND id = $3"
        }
    };
    tx.execute(sql, params![organisation.as_str(), recipient.as_str(), id, now]).await
}

/// Marks every item of a recipient that is not marked so yet; seen, read and archived only.
///
/// # Errors
/// What the database says.
pub async fn mark_all(
    tx: &mut Tx,
    organisation: &OrganisationId,
    recipient: &PersonId,
    mark: Mark,
    now: Timestamp,
) -> Result<u64> {
    let sql = match mark {
        Mark::Read => {
            "UPDATE notification SET read_at = $3, seen_at = COALESCE(seen_at, $3) WHERE organisation_id = $1
                AND recipient_id = $2 AND channel = 'in_app' AND read_at IS NULL AND archived_at IS NULL"
        }
        Mark::Archived => {
            "UPDATE notification SET archived_at = $3 WHERE organisation_id = $1
                AND recipient_id = $2 AND channel = 'in_app' AND archived_at IS NULL"
        }
        _ => {
            "UPDATE notification SET seen_at = $3 WHERE organisation_id = $1
                AND recipient_id = $2 AND channel = 'in_app' AND seen_at IS NULL AND archived_at IS NULL"
        }
    };
    tx.execute(sql, params![organisation.as_str(), recipient.as_str(), now]).await
}

/// The notifications of a workspace, newest first.
///
/// # Errors
/// What the database says.
pub async fn list(
    tx: &mut Tx,
    tenant: &WorkspaceId,
    from: &Cursor,
    size: PageSize,
) -> Result<Vec<NotificationSummary>> {
    let sql = "SELECT id, workflow, channel, recipient_id, subject, status, error, inserted_at FROM notification
        WHERE tenant = $1 AND (inserted_at, id) < ($2, $3) ORDER BY inserted_at DESC, id DESC LIMIT $4";
    tx.all(sql, params![tenant.as_str(), from.at, &from.id, size.to_fetch()], |row| {
        Ok(NotificationSummary {
            id: row.get(0)?,
            workflow: row.get(1)?,
            channel: row.get(2)?,
            recipient_id: row.get(3)?,
            subject: row.get(4)?,
            status: row.get(5)?,
            error: row.get(6)?,
            inserted_at: row.get(7)?,
        })
    })
    .await
}

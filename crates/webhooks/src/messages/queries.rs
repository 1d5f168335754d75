//! The SQL of messages.

use campanile_db::{Result, Row, Tx, params};

use super::{Message, MessageId};
use crate::applications::ApplicationId;

pub(super) async fn insert(tx: &mut Tx, application: &ApplicationId, message: &Message) -> Result<bool> {
    let sql = "INSERT INTO message (id, application_id, event_type, event_id, channels, payload, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (application_id, event_id) WHERE event_id IS NOT NULL DO NOTHING";
    let params = params![
        message.id.as_str(),
        application.as_str(),
        &message.event_type,
        message.event_id.as_deref(),
        message.channels.as_ref().map(|channels| serde_json::to_string(channels).unwrap_or_default()),
        message.payload.as_ref(),
        message.created_at
    ];
    Ok(tx.execute(sql, params).await? == 1)
}

/// A message for its delivery, whose job was stored with its id.
pub(crate) async fn by_id(tx: &mut Tx, id: &str) -> Result<Option<Message>> {
    let sql = "SELECT id, event_type, event_id, channels, payload, created_at FROM message WHERE id = $1";
    tx.first(sql, params![id], read).await
}

pub(super) async fn by_id_or_event(tx: &mut Tx, application: &ApplicationId, id: &str) -> Result<Option<Message>> {
    let sql = "SELECT id, event_type, event_id, channels, payload, created_at FROM message
        WHERE application_id = $1 AND (id = $2 OR event_id = $2)";
    tx.first(sql, params![application.as_str(), id], read).await
}

pub(super) async fn list(
    tx: &mut Tx,
    application: &ApplicationId,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<Message>> {
    let sql = "SELECT id, event_type, event_id, channels, payload, created_at FROM message
        WHERE application_id = $1 AND (CAST($2 AS TEXT) IS NULL OR id < $2) ORDER BY id DESC LIMIT $3";
    tx.all(sql, params![application.as_str(), before, limit], read).await
}

fn read(row: &Row<'_>) -> Result<Message> {
    Ok(Message {
        id: MessageId::from(row.get::<String>(0)?),
        event_type: row.get(1)?,
        event_id: row.get(2)?,
        channels: row.get::<Option<String>>(3)?.and_then(|text| serde_json::from_str(&text).ok()),
        payload: row.get::<Vec<u8>>(4)?.into(),
        created_at: row.get(5)?,
    })
}

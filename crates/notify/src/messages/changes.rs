//! Changes messages and raises the signals of these changes: marks, and delivery statuses.

use campanile_accounts::OrganisationId;
use campanile_base::{Result, Timestamp};
use campanile_db::{Range, Tx};
use serde_json::Value;

use super::{Filter, Mark, Message, StatusUpdate, log, queries, these};
use crate::Notify;
use crate::signals::{self, Happening};

/// Marks messages; only those to one user, if one is given. Returns the marked messages.
pub async fn mark(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    only_user: Option<&str>,
    ids: &[String],
    (mark, data): (Mark, Option<&Value>),
    now: Timestamp,
) -> Result<Vec<Message>> {
    let mut found = these(tx, organisation, ids).await?;
    found.retain(|message| only_user.is_none_or(|user| message.recipient.is_user() && message.recipient.id == user));
    let marked: Vec<&str> = found.iter().map(|message| message.id.as_str()).collect();
    set_marks(tx, notify, organisation, &marked, (mark, data), now).await?;
    let marked: Vec<String> = marked.into_iter().map(str::to_owned).collect();
    these(tx, organisation, &marked).await
}

/// Marks the messages that a filter lets through and that do not have the mark yet, as many as
/// `range` allows. Returns their number.
pub async fn mark_where(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    filter: &Filter,
    range: &Range,
    mark: Mark,
    now: Timestamp,
) -> Result<u64> {
    let engagements = filter.engagements.iter().copied().chain(mark.missing()).collect();
    let filter = Filter { engagements, ..filter.clone() };
    let found = queries::ids(tx, organisation, &filter, range).await?;
    let ids: Vec<&str> = found.iter().map(String::as_str).collect();
    set_marks(tx, notify, organisation, &ids, (mark, None), now).await
}

async fn set_marks(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    ids: &[&str],
    (mark, data): (Mark, Option<&Value>),
    now: Timestamp,
) -> Result<u64> {
    let line = log::line(now, mark.event(), data);
    let marked = queries::mark(tx, organisation, ids, mark, &line, now).await?;
    let happened = ids.iter().map(|id| Happening::Message { id: (*id).to_owned(), lines: line.clone() });
    signals::raise(tx, notify, organisation, happened.collect()).await?;
    Ok(marked)
}

/// Stores new delivery statuses.
pub(crate) async fn append(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    told: &[StatusUpdate],
    now: Timestamp,
) -> Result<()> {
    queries::append(tx, organisation, told, now).await?;
    let happened = told.iter().map(|told| Happening::Message { id: told.id.clone(), lines: told.log.clone() });
    signals::raise(tx, notify, organisation, happened.collect()).await
}

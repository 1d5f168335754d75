//! What tasks do, a page at a time.

use campanile_accounts::OrganisationId;
use campanile_base::bounds::ROWS_LOOKED_AT;
use campanile_base::{Result, Timestamp, lowest_id};
use campanile_db::{Tx, params};
use campanile_engine::NewJob;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Progress;
use crate::attempts::queries as attempt_queries;
use crate::delivery;
use crate::endpoints::EndpointId;
use crate::messages::{self, Filter, Message};
use crate::{Webhooks, applications};
use campanile_db::Range;

/// How many rows are looked at in one transaction.
const PAGE: i64 = 200;

/// What there is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Another attempt of each message that an endpoint has not taken.
    Recover(Stretch),
    /// A first attempt of each message that was never sent to an endpoint.
    Replay(Stretch),
    /// Another attempt of each message that fits.
    BulkReplay {
        /// Where and when.
        #[serde(flatten)]
        stretch: Stretch,
        /// Of these types.
        event_types: Option<Vec<String>>,
        /// In this channel.
        channel: Option<String>,
        /// With this tag.
        tag: Option<String>,
        /// That stand like this.
        status: Option<i64>,
        /// Whose last answer had this first digit.
        status_code_class: Option<i64>,
    },
    /// Forgets all payloads of an application.
    Purge {
        /// Whose.
        application: String,
    },
    /// How many messages were sent, by application.
    ApplicationUsage {
        /// From then on.
        since: Timestamp,
        /// Until then.
        until: Timestamp,
        /// Of these; of all otherwise.
        applications: Option<Vec<String>>,
    },
    /// How many messages were sent, by event type.
    EventTypeUsage,
}

/// The messages that were sent to an endpoint within a time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stretch {
    /// Whose endpoint it is.
    pub application: String,
    /// The endpoint.
    pub endpoint: String,
    /// From then on.
    pub since: Timestamp,
    /// Until then.
    pub until: Timestamp,
}

impl Work {
    /// Its name on the wire.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Recover(_) => "endpoint.recover",
            Self::Replay(_) => "endpoint.replay",
            Self::BulkReplay { .. } => "endpoint.bulk-replay",
            Self::Purge { .. } => "application.purge_content",
            Self::ApplicationUsage { .. } => "application.stats",
            Self::EventTypeUsage => "event-type.aggregate",
        }
    }

    /// Where it begins.
    pub(super) fn start(&self) -> String {
        match self {
            Self::Recover(stretch) => lowest_id("atmpt", stretch.since),
            Self::Replay(stretch) | Self::BulkReplay { stretch, .. } => lowest_id("msg", stretch.since),
            Self::Purge { .. } | Self::ApplicationUsage { .. } | Self::EventTypeUsage => String::new(),
        }
    }
}

/// Does a page of it; answers whether there may be more.
pub(super) async fn page(
    tx: &mut Tx,
    webhooks: &Webhooks,
    organisation: &OrganisationId,
    progress: &mut Progress,
) -> Result<bool> {
    match progress.work.clone() {
        Work::Recover(stretch) => recover(tx, webhooks, organisation, &stretch, progress).await,
        Work::Replay(stretch) => replay(tx, webhooks, organisation, &stretch, progress).await,
        Work::BulkReplay { stretch, event_types, channel, tag, status, status_code_class } => {
            let filter = Filter { event_types, channel, tag, content: None };
            let wanted = (status, status_code_class);
            bulk_replay(tx, webhooks, organisation, &stretch, &filter, wanted, progress).await
        }
        Work::Purge { application } => purge(tx, &application, progress).await,
        Work::ApplicationUsage { since, until, applications } => {
            let bounds = (lowest_id("msg", since), lowest_id("msg", until));
            application_usage(tx, organisation, bounds, applications.as_deref(), progress).await
        }
        Work::EventTypeUsage => event_type_usage(tx, organisation, progress).await,
    }
}

async fn recover(
    tx: &mut Tx,
    webhooks: &Webhooks,
    organisation: &OrganisationId,
    stretch: &Stretch,
    progress: &mut Progress,
) -> Result<bool> {
    // The first failure of a message within the time stands for all of them.
    let sql = "SELECT id, message_id FROM message_attempt AS attempt
        WHERE endpoint_id = $1 AND id > $2 AND id < $3 AND status = 2
            AND NOT EXISTS (SELECT 1 FROM message_attempt AS other WHERE other.endpoint_id || '' = $1
                AND other.message_id = attempt.message_id AND other.id > $4 AND other.id < $3
                AND (other.status = 0 OR (other.status = 2 AND other.id < attempt.id)))
        ORDER BY id LIMIT $5";
    let (from, until) = (lowest_id("atmpt", stretch.since), lowest_id("atmpt", stretch.until));
    let params = params![&stretch.endpoint, &progress.cursor, until, from, PAGE];
    let failed: Vec<(String, String)> = tx.all(sql, params, |row| Ok((row.get(0)?, row.get(1)?))).await?;
    let ids: Vec<String> = failed.iter().map(|(_, message)| message.clone()).collect();
    let messages = messages::queries::these(tx, &stretch.application.clone().into(), &ids).await?;
    ask_for(tx, webhooks, organisation, &stretch.endpoint, &messages, progress).await?;
    Ok(go_on_after(failed.into_iter().map(|(attempt, _)| attempt), progress))
}

/// Asks for an attempt of each of these at an endpoint.
async fn ask_for(
    tx: &mut Tx,
    webhooks: &Webhooks,
    organisation: &OrganisationId,
    endpoint: &str,
    messages: &[Message],
    progress: &mut Progress,
) -> Result<()> {
    let endpoint = EndpointId::from(endpoint.to_owned());
    let with_payload = messages.iter().filter(|message| message.payload.is_some());
    let jobs: Vec<NewJob> = with_payload.map(|message| delivery::manual(organisation, message, &endpoint)).collect();
    progress.count += jobs.len() as i64;
    webhooks.engine.enqueue_all(tx, jobs).await?;
    Ok(())
}

impl Stretch {
    /// The next page of its messages.
    fn rest(&self, progress: &Progress) -> Range {
        Range { low: progress.cursor.clone(), high: lowest_id("msg", self.until), oldest_first: true, limit: PAGE }
    }
}

async fn replay(
    tx: &mut Tx,
    webhooks: &Webhooks,
    organisation: &OrganisationId,
    stretch: &Stretch,
    progress: &mut Progress,
) -> Result<bool> {
    let application = stretch.application.clone().into();
    let range = stretch.rest(progress);
    let (page, is_cut) = messages::queries::list(tx, &application, &Filter::default(), &range).await?;
    let Some(known) = applications::queries::by_id(tx, application.as_str()).await? else { return Ok(false) };
    let entry = webhooks.directory.at_revision(tx, webhooks, &known.id, known.revision).await?;
    let Some(target) = entry.and_then(|entry| entry.target(&stretch.endpoint).cloned()) else { return Ok(false) };
    let mut jobs = Vec::new();
    for message in page.iter().filter(|message| message.payload.is_some() && target.wants(message)) {
        let (_, was_tried) = attempt_queries::how_it_went(tx, message.id.as_str(), target.endpoint.id.as_str()).await?;
        if !was_tried {
            // A message that is on its way has its job already: it comes twice at worst.
            jobs.push(delivery::single(organisation, message, &target.endpoint.id));
        }
    }
    progress.count += jobs.len() as i64;
    webhooks.engine.enqueue_all(tx, jobs).await?;
    Ok(go_on_after(page.into_iter().map(|message| message.id.to_string()), progress) || is_cut)
}

async fn bulk_replay(
    tx: &mut Tx,
    webhooks: &Webhooks,
    organisation: &OrganisationId,
    stretch: &Stretch,
    filter: &Filter,
    (status, status_code_class): (Option<i64>, Option<i64>),
    progress: &mut Progress,
) -> Result<bool> {
    let application = stretch.application.clone().into();
    let (range, stop) = messages::queries::bounded(tx, &application, &stretch.rest(progress), ROWS_LOOKED_AT).await?;
    let (page, is_cut) = messages::queries::list(tx, &application, filter, &range).await?;
    let mut wanted = Vec::new();
    for message in &page {
        let sql = "SELECT status, status_code FROM message_attempt WHERE message_id = $2 AND endpoint_id || '' = $1
            ORDER BY id DESC LIMIT 1";
        let params = params![&stretch.endpoint, message.id.as_str()];
        let last = tx.first(sql, params, |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?))).await?;
        let fits = last.is_some_and(|(ended, code)| {
            status.is_none_or(|status| status == ended)
                && status_code_class.is_none_or(|class| (class..class + 100).contains(&code))
        });
        if fits {
            wanted.push(message.clone());
        }
    }
    ask_for(tx, webhooks, organisation, &stretch.endpoint, &wanted, progress).await?;
    match stop.filter(|_| !is_cut && (page.len() as i64) < range.limit) {
        // There may be others behind those that were looked at.
        Some(stop) => {
            progress.cursor = stop;
            Ok(true)
        }
        None => Ok(go_on_after(page.into_iter().map(|message| message.id.to_string()), progress) || is_cut),
    }
}

async fn purge(tx: &mut Tx, application: &str, progress: &mut Progress) -> Result<bool> {
    let sql = "SELECT id FROM message WHERE application_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    let params = params![application, &progress.cursor, PAGE];
    let page: Vec<String> = tx.all(sql, params, |row| row.get(0)).await?;
    let rows: Vec<_> = page.iter().map(|id| campanile_db::row![application, id.as_str()]).collect();
    let sql = "UPDATE message SET payload = NULL WHERE application_id = $1 AND id = $2 AND payload IS NOT NULL";
    progress.count += tx.execute_many(sql, &rows).await?.into_iter().sum::<u64>() as i64;
    Ok(go_on_after(page.into_iter(), progress))
}

async fn application_usage(
    tx: &mut Tx,
    organisation: &OrganisationId,
    (from, until): (String, String),
    wanted: Option<&[String]>,
    progress: &mut Progress,
) -> Result<bool> {
    let sql = "SELECT id, uid FROM application WHERE organisation_id = $1 AND id > $2 AND deleted_at IS NULL
        ORDER BY id LIMIT $3";
    let params = params![organisation.as_str(), &progress.cursor, PAGE];
    let page: Vec<(String, Option<String>)> = tx.all(sql, params, |row| Ok((row.get(0)?, row.get(1)?))).await?;
    let is_wanted = |id: &String, uid: &Option<String>| {
        wanted.is_none_or(|wanted| wanted.contains(id) || uid.as_ref().is_some_and(|uid| wanted.contains(uid)))
    };
    for (id, _) in page.iter().filter(|(id, uid)| is_wanted(id, uid)) {
        let sql = "SELECT count(*) FROM message WHERE application_id = $1 AND id > $2 AND id < $3";
        let many: i64 = tx.one(sql, params![id, &from, &until], |row| row.get(0)).await?;
        progress.count += many;
        let usage = progress.result.entry("appStats").or_insert_with(|| json!([]));
        if let Value::Array(usage) = usage {
            usage.push(json!({ "appId": id, "messageDestinations": many }));
        }
    }
    Ok(go_on_after(page.into_iter().map(|(id, _)| id), progress))
}

async fn event_type_usage(tx: &mut Tx, organisation: &OrganisationId, progress: &mut Progress) -> Result<bool> {
    let sql = "SELECT id FROM application WHERE organisation_id = $1 AND id > $2 AND deleted_at IS NULL
        ORDER BY id LIMIT 20";
    let page: Vec<String> = tx.all(sql, params![organisation.as_str(), &progress.cursor], |row| row.get(0)).await?;
    for id in &page {
        let sql = "SELECT event_type, count(*) FROM message WHERE application_id = $1 GROUP BY event_type";
        let counted: Vec<(String, i64)> = tx.all(sql, params![id], |row| Ok((row.get(0)?, row.get(1)?))).await?;
        let usage = progress.result.entry("eventTypes").or_insert_with(|| Value::Object(Map::new()));
        for (event_type, many) in counted {
            progress.count += many;
            let known = usage[&event_type].as_i64().unwrap_or(0);
            usage[event_type] = json!(known + many);
        }
    }
    let is_full = page.len() == 20;
    progress.cursor = page.into_iter().next_back().unwrap_or_default();
    Ok(is_full)
}

/// Takes note of the last row of a page; answers whether there may be others.
fn go_on_after(rows: impl ExactSizeIterator<Item = String>, progress: &mut Progress) -> bool {
    let is_full = rows.len() as i64 == PAGE;
    if let Some(last) = rows.last() {
        progress.cursor = last;
    }
    is_full
}

//! The work of tasks, one page at a time.

use campanile_accounts::OrganisationId;
use campanile_base::bounds::ROWS_LOOKED_AT;
use campanile_base::{Result, Timestamp, lowest_id};
use campanile_db::{Range, Tx};
use campanile_engine::NewJob;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Progress, queries};
use crate::model::applications;
use crate::model::attempts::queries as attempt_queries;
use crate::model::endpoints::EndpointId;
use crate::model::messages::{self, Filter, Message};
use crate::{Webhooks, delivery};

/// The number of rows that are read in one transaction.
const PAGE: i64 = 200;
/// The number of applications whose messages are counted in one transaction.
const FEW: i64 = 20;

/// A kind of work.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Another attempt of each message that an endpoint has not accepted.
    Recover(Stretch),
    /// A first attempt of each message that was never sent to an endpoint.
    Replay(Stretch),
    /// Another attempt of each matching message.
    BulkReplay {
        /// The endpoint and the period.
        #[serde(flatten)]
        stretch: Stretch,
        /// The event types.
        event_types: Option<Vec<String>>,
        /// The channel.
        channel: Option<String>,
        /// The tag.
        tag: Option<String>,
        /// The status code of the last attempt's outcome.
        status: Option<i64>,
        /// The lowest answer status of a class, such as 400 for 400 to 499; compared with the last
        /// answer.
        status_code_class: Option<i64>,
    },
    /// Clears all payloads of an application.
    Purge {
        /// The application.
        application: String,
    },
    /// The number of messages that were sent, by application.
    ApplicationUsage {
        /// The beginning of the period.
        since: Timestamp,
        /// The end of the period.
        until: Timestamp,
        /// The ids or uids of the applications; all if absent.
        applications: Option<Vec<String>>,
    },
    /// The number of messages that were sent, by event type.
    EventTypeUsage,
}

/// The messages of an endpoint within a period.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stretch {
    /// The application that owns the endpoint.
    pub application: String,
    /// The endpoint.
    pub endpoint: String,
    /// The beginning of the period.
    pub since: Timestamp,
    /// The end of the period.
    pub until: Timestamp,
}

impl Work {
    /// Its name in the API.
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

    /// The cursor to start from.
    pub(super) fn start(&self) -> String {
        match self {
            Self::Recover(stretch) => lowest_id("atmpt", stretch.since),
            Self::Replay(stretch) | Self::BulkReplay { stretch, .. } => lowest_id("msg", stretch.since),
            Self::Purge { .. } | Self::ApplicationUsage { .. } | Self::EventTypeUsage => String::new(),
        }
    }
}

/// Runs one page; `true` if there may be more.
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
    let (from, until) = (lowest_id("atmpt", stretch.since), lowest_id("atmpt", stretch.until));
    let failed = queries::first_failures(tx, &stretch.endpoint, &progress.cursor, (&from, &until), PAGE).await?;
    let ids: Vec<String> = failed.iter().map(|(_, message)| message.clone()).collect();
    let messages = messages::queries::these(tx, &stretch.application.clone().into(), &ids).await?;
    ask_for(tx, webhooks, organisation, &stretch.endpoint, &messages, progress).await?;
    Ok(go_on_after(failed.into_iter().map(|(attempt, _)| attempt), progress))
}

/// Asks for an attempt of each of these messages at an endpoint. Messages without a payload are
/// skipped.
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
    /// The remaining messages of the period, as the next page.
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
            // A message whose first delivery is still under way has a job already: at worst it
            // arrives twice.
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
        let last = queries::last_attempt(tx, &stretch.endpoint, message.id.as_str()).await?;
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
        // Matching messages may follow those that were read.
        Some(stop) => {
            progress.cursor = stop;
            Ok(true)
        }
        None => Ok(go_on_after(page.into_iter().map(|message| message.id.to_string()), progress) || is_cut),
    }
}

async fn purge(tx: &mut Tx, application: &str, progress: &mut Progress) -> Result<bool> {
    let page = queries::messages_after(tx, application, &progress.cursor, PAGE).await?;
    progress.count += queries::expunge_payloads(tx, application, &page).await? as i64;
    Ok(go_on_after(page.into_iter(), progress))
}

async fn application_usage(
    tx: &mut Tx,
    organisation: &OrganisationId,
    (from, until): (String, String),
    wanted: Option<&[String]>,
    progress: &mut Progress,
) -> Result<bool> {
    let page = queries::applications_after(tx, organisation, &progress.cursor, PAGE).await?;
    let is_wanted = |id: &String, uid: &Option<String>| {
        wanted.is_none_or(|wanted| wanted.contains(id) || uid.as_ref().is_some_and(|uid| wanted.contains(uid)))
    };
    for (id, _) in page.iter().filter(|(id, uid)| is_wanted(id, uid)) {
        let many = queries::count_messages(tx, id, &from, &until).await?;
        progress.count += many;
        let usage = progress.result.entry("appStats").or_insert_with(|| json!([]));
        if let Value::Array(usage) = usage {
            usage.push(json!({ "appId": id, "messageDestinations": many }));
        }
    }
    Ok(go_on_after(page.into_iter().map(|(id, _)| id), progress))
}

async fn event_type_usage(tx: &mut Tx, organisation: &OrganisationId, progress: &mut Progress) -> Result<bool> {
    let page = queries::applications_after(tx, organisation, &progress.cursor, FEW).await?;
    for (id, _) in &page {
        let counted = queries::count_by_event_type(tx, id).await?;
        let usage = progress.result.entry("eventTypes").or_insert_with(|| Value::Object(Map::new()));
        for (event_type, many) in counted {
            progress.count += many;
            let known = usage[&event_type].as_i64().unwrap_or(0);
            usage[event_type] = json!(known + many);
        }
    }
    let is_full = page.len() as i64 == FEW;
    progress.cursor = page.into_iter().next_back().map(|(id, _)| id).unwrap_or_default();
    Ok(is_full)
}

/// Stores the last row of a page as the cursor; `true` if there may be more.
fn go_on_after(rows: impl ExactSizeIterator<Item = String>, progress: &mut Progress) -> bool {
    let is_full = rows.len() as i64 == PAGE;
    if let Some(last) = rows.last() {
        progress.cursor = last;
    }
    is_full
}

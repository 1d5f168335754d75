//! Bulk operations: one request for up to a thousand users, objects, tenants, subscriptions or
//! schedules. A job carries it out.
//!
//! All rows of an operation are written in one transaction, which also ends its job. An invalid row
//! is recorded as an error. It does not keep the other rows from being written.

mod queries;

use campanile_accounts::OrganisationId;
use campanile_base::{Error, Result, Timestamp, new_uuid};
use campanile_db::Tx;
use campanile_engine::{JobOptions, NewJob, Outcome, Registry};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::recipients::{self, RecipientInput};
use crate::{Notify, Reference, preferences, schedules, subscriptions};

/// The kind of job.
const DO: &str = "notify.bulk";
/// The number of rows of one operation at most.
pub const ROWS: usize = 1_000;

/// The action on each row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Users are identified.
    IdentifyUsers,
    /// Users are deleted.
    DeleteUsers,
    /// Users are given this preference set.
    SetPreferences(Value),
    /// Objects of a collection are set.
    SetObjects(String),
    /// Objects of a collection are deleted.
    DeleteObjects(String),
    /// Recipients subscribe to objects of a collection.
    AddSubscriptions(String),
    /// Subscriptions to objects of a collection end.
    DeleteSubscriptions(String),
    /// Schedules are created.
    CreateSchedules,
}

/// An operation.
#[derive(Debug, Clone)]
pub struct Operation {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) total: i64,
    pub(crate) processed: i64,
    pub(crate) succeeded: i64,
    pub(crate) errors: Value,
    pub(crate) inserted_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
}

impl Operation {
    /// The JSON of the API.
    pub fn view(&self, base_url: &str) -> Value {
        json!({
            "__typename": "BulkOperation", "id": self.id, "name": self.name, "status": self.status,
            "estimated_total_rows": self.total, "processed_rows": self.processed, "success_count": self.succeeded,
            "error_count": self.errors.as_array().map_or(0, Vec::len), "error_items": self.errors,
            "progress_path": format!("{base_url}/v1/bulk_operations/{}", self.id),
            "inserted_at": self.inserted_at, "updated_at": self.updated_at, "started_at": self.started_at,
            "completed_at": self.ended_at, "failed_at": null,
        })
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Args {
    organisation: OrganisationId,
    operation: String,
    action: Action,
    rows: Vec<Value>,
}

/// Registers the job.
pub(crate) fn register(registry: &mut Registry, notify: &Notify) {
    let within = notify.clone();
    registry.register(DO, JobOptions::default(), move |attempt| {
        let notify = within.clone();
        async move {
            let args: Args = attempt.job.args()?;
            Ok(Outcome::done().with(move |tx| Box::pin(async move { work(tx, &notify, args).await })))
        }
    });
}

/// Stores an operation and its job. Both are durable once the transaction is committed.
///
/// # Errors
/// `InvalidField` if there are no rows, or too many.
pub async fn ask(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    name: &str,
    action: Action,
    rows: Vec<Value>,
) -> Result<Operation> {
    if rows.is_empty() || rows.len() > ROWS {
        return Err(Error::invalid_field("rows", format!("must be between 1 and {ROWS}")));
    }
    let now = notify.clock.now();
    let operation = Operation {
        id: new_uuid(),
        name: name.to_owned(),
        status: "queued".to_owned(),
        total: rows.len() as i64,
        processed: 0,
        succeeded: 0,
        errors: json!([]),
        inserted_at: now,
        updated_at: now,
        started_at: None,
        ended_at: None,
    };
    queries::put(tx, organisation, &operation).await?;
    let args = Args { organisation: organisation.clone(), operation: operation.id.clone(), action, rows };
    notify.engine.enqueue(tx, NewJob::new(DO, organisation.as_str(), &args)).await?;
    Ok(operation)
}

/// An operation by its id.
pub async fn get(tx: &mut Tx, organisation: &OrganisationId, id: &str) -> Result<Option<Operation>> {
    Ok(queries::get(tx, organisation, id).await?)
}

async fn work(tx: &mut Tx, notify: &Notify, args: Args) -> Result<()> {
    let Some(mut operation) = queries::get(tx, &args.organisation, &args.operation).await? else { return Ok(()) };
    let (began, mut errors) = (notify.clock.now(), Vec::new());
    for row in &args.rows {
        match apply(tx, notify, &args.organisation, &args.action, row).await {
            Ok(()) => operation.succeeded += 1,
            Err(error @ (Error::Unavailable { .. } | Error::Internal(_))) => return Err(error),
            Err(error) => {
                let id = row.as_str().or_else(|| row["id"].as_str());
                errors.push(json!({ "id": id, "collection": row["collection"], "message": error.to_string() }));
            }
        }
    }
    let now = notify.clock.now();
    operation.processed = operation.total;
    operation.status = "completed".to_owned();
    operation.errors = Value::Array(errors);
    (operation.started_at, operation.ended_at, operation.updated_at) = (Some(began), Some(now), now);
    queries::put(tx, &args.organisation, &operation).await?;
    Ok(())
}

/// Carries out the action on one row.
async fn apply(
    tx: &mut Tx,
    notify: &Notify,
    organisation: &OrganisationId,
    action: &Action,
    row: &Value,
) -> Result<()> {
    let map = || row.as_object().cloned().ok_or_else(|| Error::invalid("must be an object"));
    let word = |name: &str| row.get(name).and_then(Value::as_str);
    let id = || row.as_str().or_else(|| word("id")).ok_or_else(|| Error::invalid_field("id", "is required"));
    let list = |name: &str| row.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    match action {
        Action::IdentifyUsers => {
            let told = RecipientInput::of(Reference::user(id()?), map()?)?;
            recipients::identify(tx, notify, organisation, vec![told]).await.map(drop)
        }
        Action::SetObjects(collection) => {
            // A tenant may be given by its id alone.
            let properties = if row.is_string() { Map::new() } else { map()? };
            let told = RecipientInput::of(Reference::object(collection, id()?), properties)?;
            recipients::identify(tx, notify, organisation, vec![told]).await.map(drop)
        }
        Action::DeleteUsers => recipients::delete(tx, organisation, &Reference::user(id()?)).await.map(drop),
        Action::DeleteObjects(collection) => {
            recipients::delete(tx, organisation, &Reference::object(collection, id()?)).await.map(drop)
        }
        Action::SetPreferences(body) => {
            let set = body.get("id").and_then(Value::as_str).unwrap_or(preferences::DEFAULT).to_owned();
            let (user, way) = (Reference::user(id()?).checked()?, preferences::MergeStrategy::Replace);
            preferences::set(tx, notify, organisation, &user, &set, body, way).await.map(drop)
        }
        Action::AddSubscriptions(collection) => {
            let told = list("recipients").iter().map(RecipientInput::parse).collect::<Result<Vec<_>>>()?;
            let properties = row.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
            let object = Reference::object(collection, id()?);
            subscriptions::add(tx, notify, organisation, object, told, properties).await.map(drop)
        }
        Action::DeleteSubscriptions(collection) => {
            let whom = list("recipients").iter().map(Reference::parse).collect::<Result<Vec<_>>>()?;
            let object = Reference::object(collection, id()?);
            subscriptions::remove(tx, notify, organisation, &object, &whom).await.map(drop)
        }
        Action::CreateSchedules => {
            let workflow = word("workflow").ok_or_else(|| Error::invalid_field("workflow", "is required"))?;
            let recipient = row.get("recipient").ok_or_else(|| Error::invalid_field("recipient", "is required"))?;
            let terms = schedules::Terms::parse(&map()?)?;
            schedules::create(tx, notify, organisation, workflow, vec![RecipientInput::parse(recipient)?], terms)
                .await
                .map(drop)
        }
    }
}

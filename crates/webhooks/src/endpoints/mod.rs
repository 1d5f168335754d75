//! Endpoints: where messages go, which of them, how fast, and with which secret they are signed.

pub mod access;
pub mod headers;
pub(crate) mod queries;
mod secrets;

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, Permission};
use campanile_base::bounds::EVENT_TYPES_IN_A_FILTER;
use campanile_base::{Error, Result, Secret, Timestamp};
use campanile_db::Tx;
use campanile_engine::NewEvent;
use campanile_net::parse_url;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::applications::{self, Application, ApplicationId, check_rate};
use crate::names::{check_channel, check_metadata, check_name, check_set, check_uid, check_words};
use crate::operational::{self, EndpointChange};
use crate::{Webhooks, event_types, lines};
use campanile_db::Range;

pub use secrets::{GRACE, rotate_secret, secret};

campanile_base::id_type!(
    /// One endpoint.
    pub EndpointId, "ep"
);

/// How long an address may be.
const URL: usize = 65_536;
/// How many channels an endpoint may listen to.
const CHANNELS: usize = 10;

/// An endpoint, in the Svix API's shape: unset fields are `null`, and both spellings are given.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// Its id.
    #[schema(value_type = String)]
    pub id: EndpointId,
    /// Whose it is.
    #[serde(skip)]
    pub application_id: ApplicationId,
    /// The caller's own id for it.
    pub uid: Option<String>,
    /// Where messages go, normalised.
    pub url: String,
    /// The caller's words about it.
    pub description: String,
    /// The caller's version of it.
    pub version: i64,
    /// Whether nothing is sent to it.
    pub disabled: bool,
    /// The event types that it receives; `null` for all.
    pub filter_types: Option<Vec<String>>,
    /// The same again, by its other name.
    pub event_types: Option<Vec<String>>,
    /// The channels that it receives; `null` for all.
    pub channels: Option<Vec<String>>,
    /// The caller's own notes.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// How many messages a second it is sent at most.
    pub rate_limit: Option<i64>,
    /// The same again, by its other name.
    pub throttle_rate: Option<i64>,
    /// How messages get there.
    #[serde(skip)]
    pub way: Way,
    /// Since when it exists.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// How messages get to an endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Way {
    /// Each is sent as it comes, beside others.
    #[default]
    Push,
    /// In strict order: so many in a request at most, after waiting so many seconds for that many.
    InOrder {
        /// 1 to 1,000.
        batch_size: i64,
        /// 0 to 300 seconds.
        max_wait: i64,
    },
    /// The receiver asks for them.
    Polled,
}

impl Way {
    fn check(self) -> Result<()> {
        match self {
            Self::InOrder { batch_size, .. } if !(1..=1_000).contains(&batch_size) => {
                Err(Error::invalid_field("batchSize", "must be between 1 and 1000"))
            }
            Self::InOrder { max_wait, .. } if !(0..=300).contains(&max_wait) => {
                Err(Error::invalid_field("maxWaitSecs", "must be between 0 and 300"))
            }
            _ => Ok(()),
        }
    }
}

/// What an endpoint is made of, or made over with.
#[derive(Debug, Clone)]
pub struct EndpointSpec {
    /// Where messages go.
    pub url: String,
    /// The caller's own id for it.
    pub uid: Option<String>,
    /// The caller's words about it.
    pub description: String,
    /// The caller's version of it.
    pub version: i64,
    /// Whether nothing is sent to it.
    pub disabled: bool,
    /// The event types that it receives; `None` for all.
    pub filter_types: Option<Vec<String>>,
    /// The channels that it receives; `None` for all.
    pub channels: Option<Vec<String>>,
    /// The caller's own notes; strings.
    pub metadata: Map<String, Value>,
    /// How many messages a second it is sent at most.
    pub throttle_rate: Option<i64>,
    /// How messages get there. One that is not merely sent to stays what it is.
    pub way: Way,
}

impl EndpointSpec {
    /// Checks everything and normalises the URL.
    fn checked(mut self, webhooks: &Webhooks) -> Result<Self> {
        if self.way != Way::Polled {
            self.url = checked_url(&self.url, webhooks.settings.https_only)?;
        }
        self.way.check()?;
        check_words("description", &self.description)?;
        if let Some(uid) = &self.uid {
            check_uid("uid", uid, "ep_")?;
            check_uid("uid", uid, "sink_")?;
        }
        self.filter_types =
            check_set("eventTypes", self.filter_types, EVENT_TYPES_IN_A_FILTER, |n| check_name("eventTypes", n))?;
        self.channels = check_set("channels", self.channels, CHANNELS, check_channel)?;
        check_metadata(&self.metadata)?;
        check_rate(self.throttle_rate)?;
        match (1..=i64::from(u16::MAX)).contains(&self.version) {
            true => Ok(self),
            false => Err(Error::invalid_field("version", "must be at least 1, and at most 65535")),
        }
    }

    fn into_endpoint(
        self,
        id: EndpointId,
        application: &ApplicationId,
        created: Timestamp,
        now: Timestamp,
    ) -> Endpoint {
        Endpoint {
            id,
            application_id: application.clone(),
            uid: self.uid,
            url: self.url,
            description: self.description,
            version: self.version,
            disabled: self.disabled,
            event_types: self.filter_types.clone(),
            filter_types: self.filter_types,
            channels: self.channels,
            metadata: self.metadata,
            rate_limit: self.throttle_rate,
            throttle_rate: self.throttle_rate,
            way: self.way,
            created_at: created,
            updated_at: now,
        }
    }
}

impl From<&Endpoint> for EndpointSpec {
    fn from(endpoint: &Endpoint) -> Self {
        Self {
            url: endpoint.url.clone(),
            uid: endpoint.uid.clone(),
            description: endpoint.description.clone(),
            version: endpoint.version,
            disabled: endpoint.disabled,
            filter_types: endpoint.filter_types.clone(),
            channels: endpoint.channels.clone(),
            metadata: endpoint.metadata.clone(),
            throttle_rate: endpoint.throttle_rate,
            way: endpoint.way,
        }
    }
}

pub(crate) fn checked_url(url: &str, https_only: bool) -> Result<String> {
    if url.len() > URL {
        return Err(Error::invalid_field("url", format!("must not be longer than {URL} bytes")));
    }
    let url = parse_url(url).map_err(|why| Error::invalid_field("url", format!("is not one to send to: {why}")))?;
    match https_only && url.scheme() != "https" {
        false => Ok(url.to_string()),
        true => Err(Error::invalid_field("url", "must begin with https://")),
    }
}

/// What an endpoint is made with beside its spec.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// Its secret; one is made up otherwise.
    pub secret: Option<Secret>,
    /// Headers that are sent along.
    pub headers: headers::Headers,
}

/// Makes an endpoint.
///
/// # Errors
/// `InvalidField`, or `Conflict` when the uid is taken.
pub async fn create(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    spec: EndpointSpec,
    extras: Extras,
) -> Result<Endpoint> {
    caller.must(Permission::Configure)?;
    let secret = secrets::checked(webhooks, extras.secret)?;
    let headers = headers::checked(extras.headers)?;
    let spec = spec.checked(webhooks)?;
    event_types::must_be_known(tx, application, spec.filter_types.as_deref()).await?;
    let now = webhooks.clock.now();
    let id = match spec.way {
        Way::Push => EndpointId::new(now),
        // Shorter, as its clients know it; what is left still sorts by time.
        Way::InOrder { .. } | Way::Polled => {
            EndpointId::from(format!("sink_{}", &EndpointId::new(now).as_str()[3..25]))
        }
    };
    let endpoint = spec.into_endpoint(id, &application.id, now, now);
    let sealed = headers::seal(&webhooks.vault, &headers);
    if !queries::insert(tx, &endpoint, &webhooks.vault.seal(&secret), sealed.as_deref()).await? {
        return Err(taken());
    }
    changed(tx, webhooks, caller, application, &endpoint, EndpointChange::Created).await?;
    Ok(endpoint)
}

/// Makes an endpoint over; its secret and its headers stay.
///
/// # Errors
/// Like [`create`].
pub async fn update(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    before: Endpoint,
    spec: EndpointSpec,
) -> Result<Endpoint> {
    caller.must(Permission::Configure)?;
    let way = if spec.way == Way::Push { before.way } else { spec.way };
    let spec = EndpointSpec { way, ..spec }.checked(webhooks)?;
    if spec.filter_types != before.filter_types {
        event_types::must_be_known(tx, application, spec.filter_types.as_deref()).await?;
    }
    let (created, was_disabled) = (before.created_at, before.disabled);
    let endpoint = spec.into_endpoint(before.id, &application.id, created, webhooks.clock.now());
    if let Some(uid) = &endpoint.uid
        && queries::uid_is_anothers(tx, &application.id, uid, &endpoint.id).await?
    {
        return Err(taken());
    }
    queries::update(tx, &endpoint).await?;
    changed(tx, webhooks, caller, application, &endpoint, EndpointChange::Updated).await?;
    if was_disabled && !endpoint.disabled {
        operational::endpoint_changed(tx, webhooks, application, &endpoint, EndpointChange::Enabled).await?;
    }
    // What waits there may go faster now, or at all.
    lines::wake(tx, webhooks, application, &endpoint.id).await?;
    Ok(endpoint)
}

/// Removes an endpoint; what waits for it is dropped, and its uid is free again.
///
/// # Errors
/// What the database says.
pub async fn delete(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    endpoint: &Endpoint,
) -> Result<()> {
    caller.must(Permission::Configure)?;
    queries::delete(tx, &endpoint.id, webhooks.clock.now()).await?;
    changed(tx, webhooks, caller, application, endpoint, EndpointChange::Deleted).await
}

/// The engine's event of an endpoint that was disabled by our own decision: `endpoint`, `url`, `application`, `reason`.
pub const ENDPOINT_DISABLED: &str = "webhooks/endpoint.disabled";

/// Sends nothing more to an endpoint, by our own decision. `since` is when it began to fail, where it is known.
pub(crate) async fn disable(
    tx: &mut Tx,
    webhooks: &Webhooks,
    application: &Application,
    endpoint: &Endpoint,
    since: Option<Timestamp>,
    why: &str,
) -> Result<()> {
    if !queries::disable(tx, &endpoint.id, webhooks.clock.now()).await? {
        return Ok(());
    }
    tracing::warn!(endpoint = %endpoint.id, why, "an endpoint was disabled");
    applications::touch(tx, webhooks, &application.id).await?;
    let about = serde_json::json!({ "url": endpoint.url, "reason": why });
    let caller = Caller::system(application.organisation_id.clone());
    activity::record(tx, &webhooks.clock, &caller, Action::EndpointDisabled, endpoint.id.as_str(), about).await?;
    let about = serde_json::json!({
        "endpoint": endpoint.id, "url": endpoint.url, "application": application.name, "reason": why,
    });
    let event = NewEvent::new(ENDPOINT_DISABLED, application.organisation_id.as_str(), &about);
    webhooks.engine.send(tx, event).await?;
    operational::endpoint_changed(tx, webhooks, application, endpoint, EndpointChange::Disabled { since }).await
}

/// Everything that a change of an endpoint leads to.
async fn changed(
    tx: &mut Tx,
    webhooks: &Webhooks,
    caller: &Caller,
    application: &Application,
    endpoint: &Endpoint,
    change: EndpointChange,
) -> Result<()> {
    applications::touch(tx, webhooks, &application.id).await?;
    let action = match change {
        EndpointChange::Created => Action::EndpointCreated,
        EndpointChange::Deleted => Action::EndpointDeleted,
        _ => Action::EndpointUpdated,
    };
    let about = serde_json::json!({ "url": endpoint.url, "disabled": endpoint.disabled });
    activity::record(tx, &webhooks.clock, caller, action, endpoint.id.as_str(), about).await?;
    operational::endpoint_changed(tx, webhooks, application, endpoint, change).await
}

fn taken() -> Error {
    Error::conflict("An endpoint with that id or uid already exists")
}

/// An endpoint by its id or uid.
///
/// # Errors
/// `NotFound` when the application has none.
pub async fn get(tx: &mut Tx, application: &Application, id_or_uid: &str) -> Result<Endpoint> {
    queries::by_id_or_uid(tx, &application.id, id_or_uid).await?.ok_or(Error::NotFound("endpoint"))
}

/// Endpoints of an application, to which messages are sent as they come.
///
/// # Errors
/// What the database says.
pub async fn list(tx: &mut Tx, application: &ApplicationId, range: &Range) -> Result<Vec<Endpoint>> {
    Ok(queries::list(tx, application, range).await?)
}

/// The others: those that are sent to in order, or that poll.
///
/// # Errors
/// What the database says.
pub async fn list_lined(tx: &mut Tx, application: &ApplicationId, range: &Range) -> Result<Vec<Endpoint>> {
    Ok(queries::list_lined(tx, application, range).await?)
}

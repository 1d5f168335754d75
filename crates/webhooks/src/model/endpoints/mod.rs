//! Endpoints: the addresses that messages go to, with their filters and rates.

pub(crate) mod access;
pub(crate) mod headers;
pub(crate) mod queries;

use campanile_base::bounds::EVENT_TYPES_IN_A_FILTER;
use campanile_base::{Error, Result, Thing, Timestamp};
use campanile_db::{Range, Tx};
use campanile_net::parse_url;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::applications::{Application, ApplicationId, check_rate};
use crate::Webhooks;
use crate::names::{check_channel, check_metadata, check_name, check_set, check_uid, check_words};

campanile_base::id_type!(
    /// One endpoint.
    pub EndpointId, "ep"
);

/// The maximum length of an address, in bytes.
const URL: usize = 65_536;
/// The maximum number of channels of an endpoint.
const CHANNELS: usize = 10;

/// An endpoint, in the Svix API's shape: unset fields are `null`, and both spellings of a renamed
/// field are given.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// Its id.
    #[schema(value_type = String)]
    pub id: EndpointId,
    /// The owner.
    #[serde(skip)]
    pub application_id: ApplicationId,
    /// The customer's own id for it.
    pub uid: Option<String>,
    /// The address that messages go to, normalised.
    pub url: String,
    /// The customer's description.
    pub description: String,
    /// The customer's own version number.
    pub version: i64,
    /// True if nothing is sent to it.
    pub disabled: bool,
    /// The event types that it receives; `null` for all.
    pub filter_types: Option<Vec<String>>,
    /// The same as `filterTypes`.
    pub event_types: Option<Vec<String>>,
    /// The channels that it receives; `null` for all.
    pub channels: Option<Vec<String>>,
    /// The customer's own key-value pairs; all values are strings.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// The maximum number of messages a second.
    pub rate_limit: Option<i64>,
    /// The same as `rateLimit`.
    pub throttle_rate: Option<i64>,
    /// The delivery mode.
    #[serde(skip)]
    pub way: DeliveryMode,
    /// The time of its creation.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The time of the last change.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// The way in which messages reach an endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeliveryMode {
    /// Each is sent at once, in parallel with others.
    #[default]
    Push,
    /// In strict order, in batches. A batch is sent when it is full, or when its oldest message has
    /// waited long enough.
    InOrder {
        /// The maximum number of messages in a request, 1 to 1,000.
        batch_size: i64,
        /// The longest wait for a full batch, 0 to 300 seconds.
        max_wait: i64,
    },
    /// The receiver fetches its messages.
    Polled,
}

impl DeliveryMode {
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

/// The input to create or replace an endpoint.
#[derive(Debug, Clone)]
pub struct EndpointSpec {
    /// The address that messages go to.
    pub url: String,
    /// The customer's own id for it.
    pub uid: Option<String>,
    /// The customer's description.
    pub description: String,
    /// The customer's own version number.
    pub version: i64,
    /// True if nothing is sent to it.
    pub disabled: bool,
    /// The event types that it receives; `None` for all.
    pub filter_types: Option<Vec<String>>,
    /// The channels that it receives; `None` for all.
    pub channels: Option<Vec<String>>,
    /// The customer's own key-value pairs; all values are strings.
    pub metadata: Map<String, Value>,
    /// The maximum number of messages a second.
    pub throttle_rate: Option<i64>,
    /// The delivery mode. An update with `Push` keeps the mode that the endpoint has.
    pub way: DeliveryMode,
}

impl EndpointSpec {
    /// Checks everything and normalises the URL.
    pub(crate) fn checked(mut self, webhooks: &Webhooks) -> Result<Self> {
        if self.way != DeliveryMode::Polled {
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

    pub(crate) fn into_endpoint(
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

/// An endpoint by its id or uid.
///
/// # Errors
/// `NotFound` when the application has none.
pub async fn get(tx: &mut Tx, application: &Application, id_or_uid: &str) -> Result<Endpoint> {
    queries::by_id_or_uid(tx, &application.id, id_or_uid).await?.ok_or(Error::NotFound(Thing::Endpoint))
}

/// Endpoints of an application with delivery mode `Push`.
pub async fn list(tx: &mut Tx, application: &ApplicationId, range: &Range) -> Result<Vec<Endpoint>> {
    Ok(queries::list(tx, application, range).await?)
}

/// Endpoints of an application with the other modes: ordered and polled.
pub async fn list_lined(tx: &mut Tx, application: &ApplicationId, range: &Range) -> Result<Vec<Endpoint>> {
    Ok(queries::list_lined(tx, application, range).await?)
}

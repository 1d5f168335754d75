//! Workflows as they are written: the document that is pushed and pulled.

use campanile_base::bounds::LONGEST_WAIT;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::channels::ChannelType;
use crate::conditions::Group;

/// A workflow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Definition {
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What preferences may speak of beside itself.
    #[serde(default)]
    pub categories: Vec<String>,
    /// What it is kept by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Whether it has been switched on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// How often it runs for a recipient.
    #[serde(default)]
    pub trigger_frequency: Frequency,
    /// What a trigger's data must look like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_data_json_schema: Option<Value>,
    /// When it runs at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Group>,
    /// What it stands above.
    #[serde(default)]
    pub settings: Settings,
    /// What it does.
    pub steps: Vec<Step>,
}

/// What a workflow stands above.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Whether it advertises: then recipients can unsubscribe.
    pub is_commercial: bool,
    /// Whether it goes out whatever preferences say.
    pub override_preferences: bool,
}

/// How often a workflow runs for a recipient.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Frequency {
    #[default]
    EveryTrigger,
    OncePerRecipient,
    OncePerRecipientPerTenant,
}

/// One step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Step {
    /// Its name within the workflow.
    #[serde(rename = "ref")]
    pub reference: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Group>,
    /// What is done.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What a step does.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Kind {
    /// Sends a message through a channel.
    Channel(Send),
    /// Waits.
    Delay {
        /// For how long.
        settings: Delay,
    },
    /// Gathers what comes within a time.
    Batch {
        /// How.
        settings: Batch,
    },
    /// Ends runs that come too often.
    Throttle {
        /// How often.
        settings: Throttle,
    },
    /// Asks a system of others.
    HttpFetch {
        /// What for.
        settings: Request,
    },
    /// Goes one of several ways.
    Branch {
        /// The ways; the last has no conditions.
        branches: Vec<Way>,
    },
    /// Goes one of several ways, by lot.
    RandomCohort {
        /// The ways.
        cohort_branches: Vec<Cohort>,
        /// What the lot is drawn for; the recipient, unless said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cohort_key: Option<String>,
    },
    /// Sets off another workflow.
    TriggerWorkflow {
        /// Which, and with what.
        settings: Map<String, Value>,
    },
    /// Changes what the rest of the run knows.
    UpdateData {
        /// To what.
        settings: Map<String, Value>,
    },
    /// Changes a user.
    UpdateUser {
        /// Whom, and what.
        settings: Map<String, Value>,
    },
    /// Changes a tenant.
    UpdateTenant {
        /// Whom, and what.
        settings: Map<String, Value>,
    },
    /// Changes an object.
    UpdateObject {
        /// Whom, and what.
        settings: Map<String, Value>,
    },
    /// Waits until something happens.
    WaitForEvent {
        /// What.
        settings: Wait,
    },
}

/// A message to be sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Send {
    /// Through which channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_key: Option<String>,
    /// Through which of several channels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_group_key: Option<String>,
    /// The channel's type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_type: Option<ChannelType>,
    /// What it says.
    #[serde(default)]
    pub template: Map<String, Value>,
    /// What is other than the channel's settings.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub channel_overrides: Map<String, Value>,
    /// When it may go out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_windows: Option<Vec<SendWindow>>,
}

/// When messages may go out on a day of the week.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendWindow {
    /// The day, as `monday`.
    pub day: String,
    /// Whether any may.
    #[serde(rename = "type")]
    pub kind: WindowKind,
    /// From when on, as `09:00:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// Whether messages may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum WindowKind {
    Send,
    DoNotSend,
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duration {
    /// Of what.
    pub unit: Unit,
    /// How many.
    pub value: i64,
}

/// What time is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Unit {
    Seconds,
    Minutes,
    Hours,
    Days,
    Weeks,
    Months,
}

/// How long a delay is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delay {
    /// This long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_for: Option<Duration>,
    /// Until a time, or until the next that a rule names, as `{"frequency": "daily", "hours": 9}`; with `delay_for`, that much before or after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_until: Option<Value>,
    /// Until what is said at a path; likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_until_field_path: Option<String>,
}

/// How activities are gathered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Batch {
    /// For how long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_window: Option<Duration>,
    /// Until a time, or until the next that a rule names, as `{"frequency": "daily", "hours": 9}`, where the recipient is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_until: Option<Value>,
    /// Until what is said at a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_until_field_path: Option<String>,
    /// What they are gathered by, beside the recipient: a path into the data, or a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_key: Option<String>,
    /// Whether each activity puts the end off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_window_type: Option<WindowType>,
    /// How far at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_window_extension_limit: Option<Duration>,
    /// With how many it ends at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_items_max_limit: Option<i64>,
    /// How many templates are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_items_render_limit: Option<usize>,
    /// Which: the first, or the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_order: Option<Order>,
    /// Whether the first goes on at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_execution_mode: Option<Mode>,
    /// Which version of the workflow goes on: the latest, or the one that opened the batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_version_mode: Option<String>,
}

/// Whether a batch's end moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum WindowType {
    Fixed,
    Sliding,
}

/// Which end of a batch is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Order {
    Asc,
    Desc,
}

/// What becomes of a batch's first activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Mode {
    Accumulate,
    FlushLeading,
}

/// How often runs may pass.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Throttle {
    /// How many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle_limit: Option<i64>,
    /// Within which time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle_window: Option<Duration>,
    /// Or until what is said at a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle_window_field_path: Option<String>,
    /// What is counted by, beside the recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle_key: Option<String>,
}

/// A request to a system of others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    /// As `get`.
    #[serde(default = "get")]
    pub method: String,
    /// Where to.
    pub url: String,
    /// A list of `{key, value}`, or a template of an object.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub headers: Value,
    /// Likewise.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub query_params: Value,
    /// A template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Where in the data the answer goes; the top, unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_path: Option<String>,
    /// What the request is signed with (`x-knock-signature`); a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<String>,
}

fn get() -> String {
    "get".to_owned()
}

/// One of several ways to go.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Way {
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// When it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Group>,
    /// Whether the run ends with it.
    #[serde(default)]
    pub terminates: bool,
    /// What is done on it.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// One of several ways to go, by lot.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cohort {
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// How many of a hundred go it, as text.
    pub percentage: Value,
    /// Whether the run ends with it.
    #[serde(default)]
    pub terminates: bool,
    /// What is done on it.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// What is waited for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Wait {
    /// The event: its type, key and source.
    pub event: Map<String, Value>,
    /// How long at most; 15 minutes, unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_after: Option<Duration>,
    /// What must hold of it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub match_conditions: Value,
    /// Whether the run goes on when it comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_match: Option<Then>,
    /// Whether the run goes on when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_timeout: Option<Then>,
}

/// What comes then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Then {
    Continue,
    Halt,
}

impl Duration {
    /// Whether it is no longer than so many seconds, into the future or the past.
    pub fn is_within(self, most: i64) -> bool {
        self.unbounded().unsigned_abs() <= most.unsigned_abs()
    }

    /// In seconds, ten years at most; a month has thirty days.
    pub fn seconds(self) -> i64 {
        self.unbounded().clamp(-LONGEST_WAIT, LONGEST_WAIT)
    }

    fn unbounded(self) -> i64 {
        self.value.saturating_mul(match self.unit {
            Unit::Seconds => 1,
            Unit::Minutes => 60,
            Unit::Hours => 3_600,
            Unit::Days => 86_400,
            Unit::Weeks => 604_800,
            Unit::Months => 2_592_000,
        })
    }
}

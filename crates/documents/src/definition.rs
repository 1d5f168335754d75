//! The document of a workflow, as it is pushed and pulled.

use campanile_base::bounds::LONGEST_WAIT;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ChannelType;
use crate::conditions::Group;

/// A workflow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Definition {
    /// A name for people to read.
    #[serde(default)]
    pub name: String,
    /// Its purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The categories that preferences can refer to, beside the workflow itself.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Free labels.
    #[serde(default)]
    pub tags: Vec<String>,
    /// True if the workflow is switched on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// The limit on runs for one recipient.
    #[serde(default)]
    pub trigger_frequency: Frequency,
    /// The JSON schema of a trigger's data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_data_json_schema: Option<Value>,
    /// The conditions of the whole workflow: it runs only if they hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Group>,
    /// Its relation to preferences.
    #[serde(default)]
    pub settings: Settings,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// The relation of a workflow to preferences.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// True if it is advertising. Recipients can then unsubscribe.
    pub is_commercial: bool,
    /// True if it is sent whatever preferences say.
    pub override_preferences: bool,
}

/// The limit on runs of a workflow for one recipient.
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
    /// A name for people to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The conditions of the step: it is taken only if they hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Group>,
    /// The type of the step, with its settings.
    #[serde(flatten)]
    pub kind: Kind,
}

/// The type of a step, with its settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Kind {
    /// Sends a message through a channel.
    Channel(Send),
    /// Waits for a time.
    Delay {
        /// The length of the delay.
        settings: Delay,
    },
    /// Collects the activities of a time window.
    Batch {
        /// The window, the key and the limits.
        settings: Batch,
    },
    /// Ends runs beyond a limit within a time window.
    Throttle {
        /// The limit and the window.
        settings: Throttle,
    },
    /// Sends an HTTP request to another system.
    HttpFetch {
        /// The request.
        settings: Request,
    },
    /// Takes one of several branches, by conditions.
    Branch {
        /// The branches; the last has no conditions.
        branches: Vec<Branch>,
    },
    /// Takes one of several branches, at random.
    RandomCohort {
        /// The branches.
        cohort_branches: Vec<Cohort>,
        /// The key that decides the branch: a path into the data, or a template. The default is the
        /// recipient's id. The same key always gets the same branch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cohort_key: Option<String>,
    },
    /// Triggers another workflow.
    TriggerWorkflow {
        /// The workflow, and the data for it.
        settings: Map<String, Value>,
    },
    /// Changes the data of the rest of the run.
    UpdateData {
        /// The new data.
        settings: Map<String, Value>,
    },
    /// Changes a user.
    UpdateUser {
        /// The recipient, and the properties to change.
        settings: Map<String, Value>,
    },
    /// Changes a tenant.
    UpdateTenant {
        /// The recipient, and the properties to change.
        settings: Map<String, Value>,
    },
    /// Changes an object.
    UpdateObject {
        /// The recipient, and the properties to change.
        settings: Map<String, Value>,
    },
    /// Waits until something happens.
    WaitForEvent {
        /// The event, and the time limit.
        settings: Wait,
    },
}

/// The settings of a step that sends a message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Send {
    /// The key of the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_key: Option<String>,
    /// The key of the channel group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_group_key: Option<String>,
    /// The channel's type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_type: Option<ChannelType>,
    /// The template, by field.
    #[serde(default)]
    pub template: Map<String, Value>,
    /// Settings that replace those of the channel.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub channel_overrides: Map<String, Value>,
    /// The times at which it may be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_windows: Option<Vec<SendWindow>>,
}

/// The hours of one day of the week in which messages may be sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendWindow {
    /// The day, as `monday`.
    pub day: String,
    /// Permits sending, or forbids it.
    #[serde(rename = "type")]
    pub kind: WindowKind,
    /// The start, as `09:00:00`. The default is midnight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The end, likewise. The default is the end of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// Permits sending, or forbids it.
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
    /// The unit.
    pub unit: Unit,
    /// The number.
    pub value: i64,
}

/// A unit of time.
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

/// The length of a delay.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delay {
    /// A fixed length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_for: Option<Duration>,
    /// A time, or a rule such as `{"frequency": "daily", "hours": 9}`, of which the next occurrence
    /// counts. `delay_for` is added to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_until: Option<Value>,
    /// The path of such a time or rule in the variables; `delay_for` is added likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_until_field_path: Option<String>,
}

/// The settings of a batch, which collects activities.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Batch {
    /// The length of the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_window: Option<Duration>,
    /// A time, or a rule such as `{"frequency": "daily", "hours": 9}`, of which the next occurrence
    /// in the recipient's time zone counts. `batch_window` is added to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_until: Option<Value>,
    /// The path of such a time or rule in the variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_until_field_path: Option<String>,
    /// The key of a batch, in addition to the recipient: a path into the data, or a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_key: Option<String>,
    /// Fixed, or extended by each activity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_window_type: Option<WindowType>,
    /// The latest end of a sliding window, counted from its opening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_window_extension_limit: Option<Duration>,
    /// The number of activities at which the batch ends at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_items_max_limit: Option<i64>,
    /// The number of activities that templates see. The default is 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_items_render_limit: Option<usize>,
    /// The choice of these activities: the first (`asc`), or the last (`desc`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_order: Option<Order>,
    /// The treatment of the first activity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_execution_mode: Option<Mode>,
    /// The version of the workflow that continues: the one that opened the batch (`pinned`), or the
    /// latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_version_mode: Option<String>,
}

/// Fixed end of a batch, or an end that each activity moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum WindowType {
    Fixed,
    Sliding,
}

/// The end of a batch that templates see: its first activities, or its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Order {
    Asc,
    Desc,
}

/// The treatment of the first activity of a batch: collected with the others, or sent on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Mode {
    Accumulate,
    FlushLeading,
}

/// The settings of a throttle, which limits runs in a time window.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Throttle {
    /// The number of runs that pass. The default is 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle_limit: Option<i64>,
    /// The length of the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle_window: Option<Duration>,
    /// The path of a time, duration or rule at which the window ends. It wins over
    /// `throttle_window`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle_window_field_path: Option<String>,
    /// The key of the count, in addition to the recipient: a path into the data, or a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle_key: Option<String>,
}

/// The settings of an HTTP request to another system.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    /// The method, as `get`.
    #[serde(default = "get")]
    pub method: String,
    /// The address, a template.
    pub url: String,
    /// The headers: a list of `{key, value}`, or a template of a JSON object.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub headers: Value,
    /// The query parameters, likewise.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub query_params: Value,
    /// The body, a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The path in the data at which the answer is stored. By default it is merged into the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_path: Option<String>,
    /// The key of the signature (`x-knock-signature`), a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<String>,
}

fn get() -> String {
    "get".to_owned()
}

/// One branch, with conditions.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Branch {
    /// A name for people to read.
    #[serde(default)]
    pub name: String,
    /// The conditions of the branch; without any it is always taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Group>,
    /// True if the run ends after this branch.
    #[serde(default)]
    pub terminates: bool,
    /// The steps of the branch.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// One branch of a random choice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cohort {
    /// A name for people to read.
    #[serde(default)]
    pub name: String,
    /// The percentage of recipients that take it: a number, or a number as text.
    pub percentage: Value,
    /// True if the run ends after this branch.
    #[serde(default)]
    pub terminates: bool,
    /// The steps of the branch.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// The settings of a wait for an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Wait {
    /// The event: its type, key and source.
    pub event: Map<String, Value>,
    /// The time limit. The default is 15 minutes, and 30 days is the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_after: Option<Duration>,
    /// The conditions that the event must meet.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub match_conditions: Value,
    /// The effect of a matching event. The run continues by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_match: Option<Then>,
    /// The effect of the time limit. The run ends by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_timeout: Option<Then>,
}

/// The next move of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Then {
    Continue,
    Halt,
}

impl Duration {
    /// True if its absolute length is at most `most` seconds.
    pub fn is_within(self, most: i64) -> bool {
        self.unbounded().unsigned_abs() <= most.unsigned_abs()
    }

    /// The length in seconds, limited to ten years in each direction. A month has thirty days.
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

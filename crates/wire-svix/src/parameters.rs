//! Query parameters that several operations have in common.

use campanile_http::operation::Parameter;

const LIMIT: Parameter = Parameter::number("limit", "The most items of the page, 0 to 250. 50 if absent.");
const ITERATOR: Parameter =
    Parameter::text("iterator", "The place to go on from: the `iterator` or `prevIterator` of another page.");
const BEFORE: Parameter = Parameter::time("before", "Only before this time.");
const AFTER: Parameter = Parameter::time("after", "Only after this time.");
const CHANNEL: Parameter = Parameter::text("channel", "Only in this channel.");
const WITH_CONTENT: Parameter = Parameter::flag("with_content", "False to leave out payloads. True if absent.");

/// A page of a list in the order of creation.
pub(super) const PAGE: &[Parameter] =
    &[LIMIT, ITERATOR, Parameter::text("order", "The order of the items: `ascending` or `descending`.")];

/// A page of a list whose order is fixed.
pub(super) const PAGE_IN_ORDER: &[Parameter] = &[LIMIT, ITERATOR];

/// A page of a list by time, newest first.
pub(super) const BY_TIME: &[Parameter] = &[LIMIT, ITERATOR, BEFORE, AFTER];

/// A period. Without a bound it has ninety days.
pub(super) const PERIOD: &[Parameter] = &[BEFORE, AFTER];

/// The messages of a list, or the messages whose attempts a list has.
pub(super) const OF_MESSAGES: &[Parameter] = &[
    Parameter::texts("event_types", "Only of these event types."),
    CHANNEL,
    Parameter::text("tag", "Only with this tag."),
];

/// A search in payloads.
pub(super) const SEARCH: &[Parameter] =
    &[Parameter::text("content", "Only if a text in the payload begins like this, in upper or lower case.")];

/// The outcomes of a list of attempts.
pub(super) const OF_OUTCOME: &[Parameter] = &[
    Parameter::number("status", "Only with this status: 0 success, 1 pending, 2 failure, 3 sending, 4 cancelled."),
    Parameter::number(
        "status_code_class",
        "Only if the answer has a status of this class: 100, 200, 300, 400 or 500; 0 for no answer.",
    ),
];

/// The payload of a message.
pub(super) const CONTENT: &[Parameter] = &[WITH_CONTENT];

/// The view of attempts.
pub(super) const VIEW_OF_ATTEMPTS: &[Parameter] = &[
    Parameter::flag("with_content", "False to leave out payloads and answers. True if absent."),
    Parameter::flag("expanded_statuses", "True to show cancelled attempts as such, and not as successes."),
];

/// Attempts at an endpoint.
pub(super) const WITH_MESSAGE: &[Parameter] =
    &[Parameter::flag("with_msg", "True to show the message of each attempt.")];

/// Attempts of a message.
pub(super) const AT_ENDPOINT: &[Parameter] =
    &[Parameter::text("endpoint_id", "Only at this endpoint, by its id or uid.")];

/// Messages that a receiver fetches.
pub(super) const POLL: &[Parameter] = &[
    LIMIT,
    Parameter::text("iterator", "The place to go on from: the `iterator` of another answer."),
    Parameter::time("after", "The time to begin from, if there is no iterator."),
    Parameter::text("event_type", "Only of this event type."),
    CHANNEL,
];

/// A period of statistics.
pub(super) const STATISTICS: &[Parameter] = &[
    Parameter::time("since", "The beginning of the period. 28 days before its end if absent."),
    Parameter::time("until", "The end of the period. Now if absent."),
];

/// An application that may exist already.
pub(super) const IF_EXISTS: &[Parameter] =
    &[Parameter::flag("get_if_exists", "True to answer with the application of this `uid` if there is one.")];

/// Event types of a list.
pub(super) const EVENT_TYPES: &[Parameter] = &[
    Parameter::flag("include_archived", "True to list archived event types too."),
    Parameter::flag("with_content", "True to show schemas."),
];

/// The end of an event type.
pub(super) const EXPUNGE: &[Parameter] =
    &[Parameter::flag("expunge", "True to remove it for good. Otherwise it is archived.")];

/// Tasks of a list.
pub(super) const OF_TASKS: &[Parameter] = &[
    Parameter::text("status", "Only with this status: `running`, `finished` or `failed`."),
    Parameter::text("task", "Only of this kind, such as `endpoint.recover`."),
];

/// The messages in line that are skipped.
pub(super) const SKIP: &[Parameter] =
    &[Parameter::text("iterator", "Skip all messages up to this place. Only the first message if absent.")];

//! The limits on input from outside: every limit of size, depth, time and count in one place.
//!
//! Input is measured before it is read, parsed, compiled or rendered. A value beyond its limit is
//! refused with an error that names the limit; it is never cut silently. `docs/security.md` lists
//! these limits for operators.

use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The head of a request, in bytes.
pub const HEAD_BYTES: usize = 64 * KIB;
/// The number of headers of a request.
pub const HEADERS: usize = 100;
/// The path of a request, in bytes.
pub const PATH_BYTES: usize = 8 * KIB;
/// The query of a request, in bytes.
pub const QUERY_BYTES: usize = 16 * KIB;
/// The number of steps in the name of a query parameter: `a[b][]` has three.
pub const QUERY_DEPTH: usize = 8;
/// The number of parameters in a query.
pub const QUERY_PARAMETERS: usize = 1_000;
/// The time in which a connection must send the head of a request.
pub const HEAD_TIME: Duration = Duration::from_secs(10);
/// The time that a connection may stay open without a request.
pub const IDLE_TIME: Duration = Duration::from_secs(75);
/// The time that a peer may read nothing of a response.
pub const WRITE_PAUSE: Duration = Duration::from_secs(60);
/// The body of a request other than a delivery, in bytes.
pub const BODY_BYTES: usize = 2 * MIB;
/// The body of a delivery, in bytes: GitHub's limit, which is the largest of all providers.
pub const DELIVERY_BYTES: usize = 25 * MIB;
/// The size, in bytes, from which a delivery counts as large. Large deliveries are verified, read
/// and stored one at a time, outside the threads that serve requests.
pub const LARGE_DELIVERY: usize = 256 * KIB;
/// The number of JSON values in a delivery. Each takes about seventy bytes of memory while it is
/// read, even if its text is short.
pub const DELIVERY_VALUES: usize = 1_000_000;
/// The number of JSON values in the body of a request other than a delivery.
pub const BODY_VALUES: usize = 100_000;
/// The bytes of all request bodies in progress that have already arrived. Beyond it, requests are
/// answered with 503.
pub const BODIES_UNDER_WAY: usize = 256 * MIB;
/// The same, for all requests without a known key.
pub const STRANGERS_BODIES_UNDER_WAY: usize = 192 * MIB;
/// The same, for requests without a known key from one network address.
pub const ADDRESS_BODIES_UNDER_WAY: usize = 128 * MIB;
/// The time in which a body must arrive completely.
pub const BODY_TIME: Duration = Duration::from_secs(300);
/// A page of a list, in bytes of stored data. The page ends there, and the next one continues.
pub const PAGE_BYTES: usize = 4 * MIB;
/// The longest pause within a body.
pub const BODY_PAUSE: Duration = Duration::from_secs(10);
/// The minimum average rate of a body, in bytes per second, after the first ten seconds.
pub const BODY_RATE: u64 = 1024;
/// The bytes of a refused body that are still read and discarded, so that its sender receives the
/// error.
pub const THROWN_AWAY: usize = 64 * MIB;

/// The input of a script as JSON, in bytes: a message with its parameters and the endpoint's
/// variables.
pub const SCRIPT_INPUT_BYTES: usize = 4 * MIB;
/// The output of a script as JSON, in bytes.
pub const SCRIPT_OUTPUT_BYTES: usize = 4 * MIB;
/// The memory of one script call, in bytes.
pub const SCRIPT_MEMORY: usize = 32 * MIB;
/// The stack of one script call, in bytes.
pub const SCRIPT_STACK: usize = 256 * KIB;
/// The time limit of one script call.
pub const SCRIPT_TIME: Duration = Duration::from_millis(500);
/// The additional time that the server waits for the script process before it kills it.
pub const SCRIPT_GRACE: Duration = Duration::from_millis(250);
/// The time that a script call may wait for its turn.
pub const SCRIPT_QUEUE: Duration = Duration::from_secs(10);
/// The payloads of one request to an ordered endpoint, in bytes together. A larger payload is sent
/// alone.
pub const BATCH_BYTES: usize = 2 * MIB;

/// The number of schemas in a JSON schema after its references are resolved.
pub const SCHEMA_NODES: usize = 20_000;
/// The nesting depth of schemas, references included.
pub const SCHEMA_DEPTH: usize = 64;
/// The lists and texts of a schema after its references are resolved, in bytes.
pub const SCHEMA_BYTES: usize = 4 * MIB;
/// The number of versions of an event type's schema.
pub const SCHEMA_VERSIONS: usize = 100;
/// The number of values in the event types of an OpenAPI document after its references are
/// resolved.
pub const OPENAPI_NODES: usize = 200_000;
/// The names and texts of these values, in bytes.
pub const OPENAPI_BYTES: usize = 8 * MIB;
/// The number of event types in one import.
pub const EVENT_TYPES_AT_A_TIME: usize = 5_000;

/// The number of event types in the filter of an endpoint or a list.
pub const EVENT_TYPES_IN_A_FILTER: usize = 500;
/// A text to search messages for, in bytes.
pub const SEARCH_BYTES: usize = 1_024;
/// The number of rows that one request for a list examines. The list's iterator continues from
/// there.
pub const ROWS_LOOKED_AT: i64 = 10_000;
/// The number of messages whose payloads one request for a list reads to search for a text.
pub const PAYLOADS_SEARCHED: i64 = 2_000;
/// The number of feature flags of an event type, or of a portal's token.
pub const FEATURE_FLAGS: usize = 100;
/// The number of headers of an endpoint.
pub const ENDPOINT_HEADERS: usize = 64;
/// The names and values of these headers together, in bytes.
pub const ENDPOINT_HEADER_BYTES: usize = 32 * KIB;
/// The OAuth settings of an endpoint as JSON, in bytes.
pub const OAUTH_BYTES: usize = 32 * KIB;
/// Names and texts for people, such as descriptions, in bytes.
pub const WORDS_BYTES: usize = 16 * KIB;
/// The content type of a message, in bytes.
pub const CONTENT_TYPE_BYTES: usize = 256;
/// The number of messages to expunge, applications to count, or sessions to end in one request.
pub const IDS_AT_A_TIME: usize = 1_000;

/// A document that search finds, in bytes.
pub const KEPT_DOCUMENT_BYTES: usize = 2 * MIB;
/// The number of passages of such a document.
pub const KEPT_DOCUMENT_PASSAGES: usize = 2_000;
/// The number of such documents in one request.
pub const KEPT_DOCUMENTS_AT_A_TIME: usize = 100;
/// The body of a request with such documents, in bytes. JSON may take several bytes for one.
pub const KEPT_DOCUMENTS_BODY_BYTES: usize = 8 * MIB;
/// The number of documents that the places in the filter of a search may have.
pub const KEPT_DOCUMENTS_OF_A_FILTER: usize = 2_000;

/// The time after which a job leaves the rest of its recipients to another job.
pub const PAGE_TIME: Duration = Duration::from_secs(5);
/// The deadline of a job that advances runs. It is far beyond the time that the job's own limits
/// allow.
pub const PAGE_DEADLINE: Duration = Duration::from_secs(30);
/// The deadline for writing a document, for its preview, and for checking data.
pub const DOCUMENT_DEADLINE: Duration = Duration::from_secs(10);
/// The maximum interval of a rule, in hours, days, weeks or months.
pub const RULE_INTERVAL: i64 = 1_000;
/// The number of rules of one schedule.
pub const RULES: usize = 50;
/// The longest delay, window or time limit of a workflow, in seconds: ten years.
pub const LONGEST_WAIT: i64 = 10 * 365 * 24 * 3_600;
/// The number of steps of a workflow.
pub const WORKFLOW_STEPS: usize = 500;
/// The length of a chain of workflows that trigger each other.
pub const TRIGGER_DEPTH: u64 = 10;
/// The number of runs that one run may trigger through others, counted as if each triggered as
/// many.
pub const TRIGGER_REACH: u64 = 10_000;
/// The number of recipients of a trigger made by a step.
pub const RECIPIENTS_OF_STEP: usize = 1_000;
/// The number of comparisons in one group of conditions.
pub const CONDITIONS: usize = 100;
/// The nesting depth of groups of conditions.
pub const CONDITION_DEPTH: usize = 8;
/// The preferences of one recipient in one set as JSON, in bytes.
pub const PREFERENCES_BYTES: usize = 64 * KIB;
/// The nesting depth of a recipient's properties.
pub const PROPERTIES_DEPTH: usize = 32;
/// A value in the log of a run, in bytes.
pub const LOGGED_VALUE_BYTES: usize = 4 * KIB;

/// The effort up to which a value is checked against its schema in place, where it is accepted.
/// More effort is spent on a thread of the sandbox. The unit is one look at a part of the value.
pub const SCHEMA_EFFORT_AT_ONCE: u64 = 20_000;
/// The maximum effort of checking a value against its schema, in the same unit.
pub const SCHEMA_EFFORT: u64 = 2_000_000;

/// A template, in bytes.
pub const TEMPLATE_BYTES: usize = 200 * KIB;
/// The nesting depth of blocks in a template.
pub const TEMPLATE_NESTING: usize = 100;
/// The nesting depth of brackets in a template's expression: `a[b[c]]` has two.
pub const TEMPLATE_BRACKETS: usize = 16;
/// The number of `and` and `or` in one condition of a template.
pub const TEMPLATE_CONDITIONS: usize = 100;
/// The number of `elsif` in a template.
pub const TEMPLATE_ELSIFS: usize = 300;
/// The number of consecutive blank characters in a template. The time of its parser grows with the
/// square of this number.
pub const TEMPLATE_BLANKS: usize = 1_000;

/// The number of steps of one rendering: elements, loop iterations, filters, and each KiB that they
/// read or produce.
pub const RENDER_STEPS: u64 = 100_000;
/// The output of one rendering, in bytes.
pub const RENDER_BYTES: usize = MIB;
/// The output of a filter or a `capture`, in bytes.
pub const RENDER_VALUE_BYTES: usize = MIB;
/// The values that `assign` and `capture` keep in one rendering, in bytes together.
pub const RENDER_KEPT_BYTES: usize = 8 * MIB;
/// The nesting depth of partials, and of translations.
pub const RENDER_DEPTH: usize = 10;
/// The time limit of one rendering. The step limit ends it long before.
pub const RENDER_TIME: Duration = Duration::from_secs(1);
/// The error message of a template, in bytes.
pub const TEMPLATE_ERROR_BYTES: usize = 2 * KIB;
/// The number of steps of all templates that one recipient's run renders without waiting.
pub const RUN_STEPS: u64 = 1_000_000;
/// The time that one recipient's run may continue without waiting.
pub const RUN_TIME: Duration = Duration::from_secs(5);

/// A text that is parsed as Markdown, in bytes. A longer text is shown literally.
pub const MARKDOWN_BYTES: usize = 64 * KIB;
/// The nesting depth of quotes, lists and marks in Markdown.
pub const MARKDOWN_DEPTH: usize = 100;
/// The number of parts of a Markdown text.
pub const MARKDOWN_EVENTS: usize = 50_000;
/// The number of tags in HTML to be cleaned. The time of cleaning grows with the square of this
/// number.
pub const HTML_TAGS: usize = 500;
/// The HTML output of Markdown, in bytes.
pub const HTML_BYTES: usize = MIB;

/// The number of failed sign-ins to one account before the next has to wait.
pub const SIGN_IN_TRIES: u32 = 5;
/// The number of failed sign-ins from one network address before the next has to wait.
pub const SIGN_IN_TRIES_OF_SOURCE: u32 = 20;
/// The first wait of a sign-in. It doubles with each failure.
pub const SIGN_IN_WAIT: Duration = Duration::from_secs(1);
/// The longest wait for one account. Others can delay somebody's sign-in, but not for long.
pub const SIGN_IN_LONGEST_WAIT: Duration = Duration::from_secs(60);
/// The wait between attempts for an account that has to wait, from addresses without a failure so
/// far.
pub const SIGN_IN_WAIT_OF_NEWCOMERS: Duration = Duration::from_secs(1);
/// The longest wait for one network address.
pub const SIGN_IN_LONGEST_WAIT_OF_SOURCE: Duration = Duration::from_secs(15 * 60);
/// The time without an attempt after which failed sign-ins are forgotten.
pub const SIGN_IN_FORGOTTEN: Duration = Duration::from_secs(3600);
/// The number of accounts, and of network addresses, whose failed sign-ins are remembered.
pub const SIGN_IN_REMEMBERED: usize = 10_000;
/// The number of passwords that are hashed at a time. Each takes 19 MiB.
pub const PASSWORDS_AT_A_TIME: usize = 2;
/// The number of passwords being hashed or waiting for it. Beyond it, requests are answered with
/// 429.
pub const PASSWORDS_WAITING: usize = 32;
/// A password, in bytes. A longer one is rejected without hashing.
pub const PASSWORD_BYTES: usize = 1024;

/// The time limit for connecting to an organisation's mail server.
pub const MAIL_CONNECT_TIME: Duration = Duration::from_secs(10);
/// The time limit for sending one mail.
pub const MAIL_TIME: Duration = Duration::from_secs(60);
/// The time for which links and images in a mail report that they were opened.
pub const TRACKED_LINK_TIME: Duration = Duration::from_secs(365 * 24 * 3600);
/// The time for which a link opens a recipient's preferences.
pub const PREFERENCES_LINK_TIME: Duration = Duration::from_secs(183 * 24 * 3600);
/// The time for which the unsubscribe link of a mail works. Laws require at least a month.
pub const UNSUBSCRIBE_LINK_TIME: Duration = Duration::from_secs(3 * 365 * 24 * 3600);

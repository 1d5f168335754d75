//! How much of anything the outside may bring: every bound of size, depth, time and count in one place.
//!
//! What comes from outside is measured before it is read, parsed, compiled or rendered. A value beyond its bound is refused
//! with an error that names the bound; it is never cut off in silence. `docs/security.md` lists these for operators.

use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The head of a request, in bytes.
pub const HEAD_BYTES: usize = 64 * KIB;
/// Headers of a request.
pub const HEADERS: usize = 100;
/// The path of a request, in bytes.
pub const PATH_BYTES: usize = 8 * KIB;
/// The query of a request, in bytes.
pub const QUERY_BYTES: usize = 16 * KIB;
/// Steps in the name of a query parameter: `a[b][]` has three.
pub const QUERY_DEPTH: usize = 8;
/// Parameters in a query.
pub const QUERY_PARAMETERS: usize = 1_000;
/// For how long a connection may take to send the head of a request.
pub const HEAD_TIME: Duration = Duration::from_secs(10);
/// For how long a connection may stay open without a request.
pub const IDLE_TIME: Duration = Duration::from_secs(75);
/// For how long a peer may read nothing of an answer.
pub const WRITE_PAUSE: Duration = Duration::from_secs(60);
/// The body of a request that is no delivery, in bytes.
pub const BODY_BYTES: usize = 2 * MIB;
/// The body of a delivery, in bytes: GitHub's bound, and the largest of the providers'.
pub const DELIVERY_BYTES: usize = 25 * MIB;
/// From this size on a delivery is verified, read and stored with no other large one beside it, off the threads that serve.
pub const LARGE_DELIVERY: usize = 256 * KIB;
/// JSON values in a delivery: each takes some seventy bytes of memory while it is read, however short it is written.
pub const DELIVERY_VALUES: usize = 1_000_000;
/// JSON values in the body of a request that is no delivery.
pub const BODY_VALUES: usize = 100_000;
/// Bodies under way at a time, in bytes of them that have come together; beyond, requests are answered with 503.
pub const BODIES_UNDER_WAY: usize = 256 * MIB;
/// The same for all whose key is not known.
pub const STRANGERS_BODIES_UNDER_WAY: usize = 192 * MIB;
/// The same for those of them who come from one address.
pub const ADDRESS_BODIES_UNDER_WAY: usize = 128 * MIB;
/// For how long a body may arrive in all.
pub const BODY_TIME: Duration = Duration::from_secs(300);
/// A page of a list, in bytes of what is stored; it ends there, and the next goes on.
pub const PAGE_BYTES: usize = 4 * MIB;
/// For how long a body may arrive without a byte.
pub const BODY_PAUSE: Duration = Duration::from_secs(10);
/// How fast a body must arrive on average, in bytes a second, after the first ten seconds.
pub const BODY_RATE: u64 = 1024;
/// How much of a body that is refused is read all the same, and thrown away, so that its sender hears why.
pub const THROWN_AWAY: usize = 64 * MIB;

/// What a script is given, as JSON: a message with its parameters and the endpoint's variables.
pub const SCRIPT_INPUT_BYTES: usize = 4 * MIB;
/// What a script returns, as JSON.
pub const SCRIPT_OUTPUT_BYTES: usize = 4 * MIB;
/// The memory of one call of a script.
pub const SCRIPT_MEMORY: usize = 32 * MIB;
/// The stack of one call of a script.
pub const SCRIPT_STACK: usize = 256 * KIB;
/// For how long a call of a script may take.
pub const SCRIPT_TIME: Duration = Duration::from_millis(500);
/// How much longer the server waits for the process that runs a script, before it kills it.
pub const SCRIPT_GRACE: Duration = Duration::from_millis(250);
/// For how long a call of a script waits for its turn.
pub const SCRIPT_QUEUE: Duration = Duration::from_secs(10);
/// The payloads that go to an ordered endpoint in one request, in bytes together; a larger one goes alone.
pub const BATCH_BYTES: usize = 2 * MIB;

/// Schemas that a JSON schema comes to once its references are resolved.
pub const SCHEMA_NODES: usize = 20_000;
/// Schemas within schemas, references included.
pub const SCHEMA_DEPTH: usize = 64;
/// What a schema's lists and texts come to once its references are resolved, in bytes.
pub const SCHEMA_BYTES: usize = 4 * MIB;
/// Versions of an event type's schema.
pub const SCHEMA_VERSIONS: usize = 100;
/// Values that the event types of an OpenAPI document come to once its references are resolved.
pub const OPENAPI_NODES: usize = 200_000;
/// What they come to in bytes of names and texts.
pub const OPENAPI_BYTES: usize = 8 * MIB;
/// Event types in one import.
pub const EVENT_TYPES_AT_A_TIME: usize = 5_000;

/// Event types that an endpoint, or a list, asks for.
pub const EVENT_TYPES_IN_A_FILTER: usize = 500;
/// The text that messages are searched for, in bytes.
pub const SEARCH_BYTES: usize = 1_024;
/// Rows that one request for a list looks at; the list's iterator goes on from there.
pub const ROWS_LOOKED_AT: i64 = 10_000;
/// Messages whose payloads one request for a list reads in search of a text.
pub const PAYLOADS_SEARCHED: i64 = 2_000;
/// Feature flags of an event type, or of a portal's token.
pub const FEATURE_FLAGS: usize = 100;
/// Headers of an endpoint.
pub const ENDPOINT_HEADERS: usize = 64;
/// Their names and values together, in bytes.
pub const ENDPOINT_HEADER_BYTES: usize = 32 * KIB;
/// What an endpoint says about its OAuth authority, as JSON.
pub const OAUTH_BYTES: usize = 32 * KIB;
/// Names and words for people, such as descriptions, in bytes.
pub const WORDS_BYTES: usize = 16 * KIB;
/// The content type of a message, in bytes.
pub const CONTENT_TYPE_BYTES: usize = 256;
/// Messages that are expunged, applications that are counted, or sessions that are ended, by one request.
pub const IDS_AT_A_TIME: usize = 1_000;

/// After how long a job leaves the rest of its recipients to another.
pub const PAGE_TIME: Duration = Duration::from_secs(5);
/// When a job that advances runs is given up: far beyond what its own bounds let it take.
pub const PAGE_DEADLINE: Duration = Duration::from_secs(30);
/// When the writing of a document, its preview, or the checking of data is given up.
pub const DOCUMENT_DEADLINE: Duration = Duration::from_secs(10);
/// Every how many days, weeks, months or hours a rule comes round at most.
pub const RULE_INTERVAL: i64 = 1_000;
/// Rules of one schedule.
pub const RULES: usize = 50;
/// The longest delay, window or time limit of a workflow, in seconds: ten years.
pub const LONGEST_WAIT: i64 = 10 * 365 * 24 * 3_600;
/// Steps of a workflow.
pub const WORKFLOW_STEPS: usize = 500;
/// How deep workflows may set each other off.
pub const TRIGGER_DEPTH: u64 = 10;
/// How many runs one run may set off through others, counted as if each set off as many.
pub const TRIGGER_REACH: u64 = 10_000;
/// Recipients of a trigger that a step sets off.
pub const RECIPIENTS_OF_STEP: usize = 1_000;
/// Comparisons in one group of conditions.
pub const CONDITIONS: usize = 100;
/// Groups of conditions within each other.
pub const CONDITION_DEPTH: usize = 8;
/// One recipient's preferences within one set, as JSON, in bytes.
pub const PREFERENCES_BYTES: usize = 64 * KIB;
/// What a recipient's properties lie within each other.
pub const PROPERTIES_DEPTH: usize = 32;
/// What the log of a run shows of a value, in bytes.
pub const LOGGED_VALUE_BYTES: usize = 4 * KIB;

/// Looks at a value that are taken to check it against its schema where it is accepted; more are taken on a thread of the sandbox.
pub const SCHEMA_EFFORT_AT_ONCE: u64 = 20_000;
/// Looks at a value that are taken to check it against its schema at all.
pub const SCHEMA_EFFORT: u64 = 2_000_000;

/// A template, in bytes.
pub const TEMPLATE_BYTES: usize = 200 * KIB;
/// Blocks within blocks of a template.
pub const TEMPLATE_NESTING: usize = 100;
/// Brackets within brackets of a template's expression: `a[b[c]]` has two.
pub const TEMPLATE_BRACKETS: usize = 16;
/// `and` and `or` in one condition of a template.
pub const TEMPLATE_CONDITIONS: usize = 100;
/// `elsif` in a template.
pub const TEMPLATE_ELSIFS: usize = 300;
/// Blank characters in a row in a template: its parser takes the square of their number.
pub const TEMPLATE_BLANKS: usize = 1_000;

/// Steps of one rendering: elements, turns of loops, filters, and each KiB that they read or make.
pub const RENDER_STEPS: u64 = 100_000;
/// What one rendering comes to, in bytes.
pub const RENDER_BYTES: usize = MIB;
/// What a filter or a `capture` comes to, in bytes.
pub const RENDER_VALUE_BYTES: usize = MIB;
/// What `assign` and `capture` keep in one rendering, in bytes together.
pub const RENDER_KEPT_BYTES: usize = 8 * MIB;
/// Partials within partials, and translations within translations.
pub const RENDER_DEPTH: usize = 10;
/// For how long one rendering may take. Its steps end it long before.
pub const RENDER_TIME: Duration = Duration::from_secs(1);
/// What is said of an error in a template, in bytes.
pub const TEMPLATE_ERROR_BYTES: usize = 2 * KIB;
/// Steps of all templates that one recipient's run renders without waiting.
pub const RUN_STEPS: u64 = 1_000_000;
/// For how long one recipient's run may go on without waiting.
pub const RUN_TIME: Duration = Duration::from_secs(5);

/// Markdown that is read as such, in bytes; longer texts are shown letter by letter.
pub const MARKDOWN_BYTES: usize = 64 * KIB;
/// Quotes, lists and marks within each other in Markdown.
pub const MARKDOWN_DEPTH: usize = 100;
/// Parts of a Markdown text.
pub const MARKDOWN_EVENTS: usize = 50_000;
/// Tags of HTML that is cleaned: cleaning takes the square of their number.
pub const HTML_TAGS: usize = 500;
/// HTML that Markdown comes to, in bytes.
pub const HTML_BYTES: usize = MIB;

/// Failed sign-ins to one account before the next has to wait.
pub const SIGN_IN_TRIES: u32 = 5;
/// Failed sign-ins from one address of the network before the next has to wait.
pub const SIGN_IN_TRIES_OF_SOURCE: u32 = 20;
/// The first wait of a sign-in; it doubles with each failure.
pub const SIGN_IN_WAIT: Duration = Duration::from_secs(1);
/// The longest wait for one account: others may make somebody's sign-in wait, but not for long.
pub const SIGN_IN_LONGEST_WAIT: Duration = Duration::from_secs(60);
/// The wait between tries for an account that has to wait, of addresses that have not failed yet.
pub const SIGN_IN_WAIT_OF_NEWCOMERS: Duration = Duration::from_secs(1);
/// The longest wait for one address of the network.
pub const SIGN_IN_LONGEST_WAIT_OF_SOURCE: Duration = Duration::from_secs(15 * 60);
/// After how long without a try failed sign-ins are forgotten.
pub const SIGN_IN_FORGOTTEN: Duration = Duration::from_secs(3600);
/// Accounts, and addresses of the network, whose failed sign-ins are remembered.
pub const SIGN_IN_REMEMBERED: usize = 10_000;
/// Passwords that are hashed at a time: each takes 19 MiB.
pub const PASSWORDS_AT_A_TIME: usize = 2;
/// Passwords that are hashed, or wait for that; beyond, requests are answered with 429.
pub const PASSWORDS_WAITING: usize = 32;
/// A password, in bytes: a longer one is wrong, and is not hashed.
pub const PASSWORD_BYTES: usize = 1024;

/// For how long a mail server of an organisation's may take to be connected to.
pub const MAIL_CONNECT_TIME: Duration = Duration::from_secs(10);
/// For how long it may take for a mail in all.
pub const MAIL_TIME: Duration = Duration::from_secs(60);
/// For how long a link and an image of a mail tell that they were opened.
pub const TRACKED_LINK_TIME: Duration = Duration::from_secs(365 * 24 * 3600);
/// For how long an address opens a recipient's preferences.
pub const PREFERENCES_LINK_TIME: Duration = Duration::from_secs(183 * 24 * 3600);
/// For how long a mail's way to unsubscribe works: laws ask for a month at least.
pub const UNSUBSCRIBE_LINK_TIME: Duration = Duration::from_secs(3 * 365 * 24 * 3600);

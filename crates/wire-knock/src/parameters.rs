//! The query parameters of the Knock API that several operations share.

use campanile_http::operation::Parameter;

/// A page of a list that runs from the newest item to the oldest.
pub(super) const PAGE: &[Parameter] = &[
    Parameter::text("after", "The cursor of the page after which this one begins, from `page_info.after`."),
    Parameter::text("before", "The cursor of the page before which this one ends, from `page_info.before`."),
    Parameter::number("page_size", "The number of items on a page, at most 50. The default is 50."),
];

/// A page of a list that is sorted by key.
pub(super) const PAGE_BY_KEY: &[Parameter] = &[
    Parameter::text("after", "The key after which the page begins, from `page_info.after`."),
    Parameter::number("page_size", "The number of items on a page, at most 50. The default is 50."),
    Parameter::number("limit", "Another name of `page_size`."),
];

/// A range of times.
pub(super) const INSERTED_AT: &[Parameter] = &[
    Parameter::time("inserted_at.gt", "Only items that were inserted after this time."),
    Parameter::time("inserted_at.gte", "Only items that were inserted at this time or after it."),
    Parameter::time("inserted_at.lt", "Only items that were inserted before this time."),
    Parameter::time("inserted_at.lte", "Only items that were inserted at this time or before it."),
];

/// Parts that a list of recipients shows on request.
pub(super) const INCLUDE: &[Parameter] =
    &[Parameter::texts("include[]", "`preferences` to show the preference sets of each recipient.")];

/// The preferences of a tenant.
pub(super) const FULL_PREFERENCES: &[Parameter] = &[Parameter::flag(
    "resolve_full_preference_settings",
    "True to show the tenant's preference set with everybody's defaults below it.",
)];

/// The other end of subscriptions.
pub(super) const SUBSCRIPTIONS_OF_USER: &[Parameter] = &[Parameter::texts(
    "objects[]",
    "Only subscriptions to these objects, each with `objects[][id]` and `objects[][collection]`.",
)];

/// The direction of subscriptions, and their other end.
pub(super) const SUBSCRIPTIONS_OF_OBJECT: &[Parameter] = &[
    Parameter::text(
        "mode",
        "`object` lists the subscribers of the object, `recipient` the objects that it subscribes to. \
         The default is `object`.",
    ),
    Parameter::texts(
        "recipients[]",
        "In the mode `object`: only these subscribers. An object has `recipients[][id]` and `recipients[][collection]`.",
    ),
    Parameter::texts(
        "objects[]",
        "In the mode `recipient`: only these objects, each with `objects[][id]` and `objects[][collection]`.",
    ),
];

/// The schedules of one recipient.
pub(super) const SCHEDULES: &[Parameter] = &[
    Parameter::text("workflow", "Only schedules of the workflow with this key."),
    Parameter::text("tenant", "Only schedules with this tenant."),
];

/// A filter that lists of messages and feeds share.
pub(super) const MESSAGES_OF_SOURCES: &[Parameter] = &[
    Parameter::texts("source", "Only messages of workflows or guides with one of these keys."),
    Parameter::texts(
        "workflow_categories[]",
        "Only messages of workflows with one of these categories, at most three.",
    ),
    Parameter::text(
        "trigger_data",
        "A JSON object with at most four plain values. Only messages whose data have all of them.",
    ),
];

/// A filter of messages.
pub(super) const MESSAGES: &[Parameter] = &[
    Parameter::text("channel_id", "Only messages of the channel with this id."),
    Parameter::text("tenant", "Only messages with this tenant."),
    Parameter::texts("status[]", "Only messages with one of these statuses, such as `delivered`."),
    Parameter::texts("engagement_status[]", "Only messages that are all of this, such as `read` or `unseen`."),
    Parameter::texts("message_ids[]", "Only messages with these ids."),
    Parameter::text("workflow_run_id", "Only messages of this workflow run."),
    Parameter::text("workflow_recipient_run_id", "Only messages of this run of a recipient."),
];

/// A filter of a feed, and its form.
pub(super) const FEED: &[Parameter] = &[
    Parameter::text("status", "`unread`, `read`, `unseen`, `seen` or `all`. The default is `all`."),
    Parameter::text("archived", "`exclude`, `include` or `only` archived items. The default is `exclude`."),
    Parameter::text("tenant", "Items with this tenant, and items without a tenant unless `has_tenant` is true."),
    Parameter::flag("has_tenant", "True for items with a tenant, false for items without one."),
    Parameter::text("mode", "`compact` to leave out activities and nested data."),
    Parameter::text(
        "exclude",
        "Paths of fields to leave out, with commas between them, such as `entries.archived_at`.",
    ),
];

/// A filter of runs.
pub(super) const RUNS: &[Parameter] = &[
    Parameter::text("workflow", "Only runs of the workflow with this key."),
    Parameter::text("status", "`queued`, `processing`, `paused`, `completed` or `cancelled`."),
    Parameter::text("tenant", "Only runs with this tenant."),
    Parameter::text("recipient", "Only runs for this recipient: the id of a user, or JSON with `id` and `collection`."),
    Parameter::flag("has_errors", "True for runs with errors, false for runs without any."),
    Parameter::time("starting_at", "Only runs that began at this time or after it."),
    Parameter::time("ending_at", "Only runs that began before this time."),
];

/// The commit of a document that is written.
pub(super) const COMMIT: &[Parameter] = &[
    Parameter::flag("commit", "True to commit the draft at once."),
    Parameter::text("commit_message", "A note for the commit."),
];

/// The place of a translation.
pub(super) const TRANSLATION: &[Parameter] = &[
    Parameter::text("namespace", "The namespace of the translation."),
    Parameter::text("tenant", "The tenant that has this translation of its own."),
];

/// The format of a translation that is written.
pub(super) const TRANSLATION_FORMAT: &[Parameter] =
    &[Parameter::text("format", "The format of the content, unless the body names it: `json` or `po`.")];

/// The holder of a Slack connection.
pub(super) const SLACK_CONNECTION: &[Parameter] = &[Parameter::text(
    "access_token_object",
    "Required. The object that holds the token: the id of a tenant, or JSON with `object_id` and `collection`.",
)];

/// A page of Slack's channels.
pub(super) const SLACK_CHANNELS: &[Parameter] = &[
    Parameter::text("query_options[cursor]", "The cursor of the page, from `next_cursor`."),
    Parameter::number("query_options[limit]", "The number of channels on a page, at most 200. The default is 200."),
    Parameter::text(
        "query_options[types]",
        "Slack's types of channels. The default is `public_channel,private_channel`.",
    ),
    Parameter::flag("query_options[exclude_archived]", "False to list archived channels too."),
    Parameter::text("query_options[team_id]", "The workspace, if the app is installed in an organisation of several."),
];

/// The holder of a connection to Microsoft Teams.
pub(super) const TEAMS_CONNECTION: &[Parameter] = &[Parameter::text(
    "ms_teams_tenant_object",
    "Required. The object with the connection: the id of a tenant, or JSON with `object_id` and `collection`.",
)];

/// Options of Microsoft Graph.
pub(super) const TEAMS_LIST: &[Parameter] = &[
    Parameter::text("query_options[$filter]", "A filter in the words of Microsoft Graph."),
    Parameter::text("query_options[$select]", "The fields that Microsoft Graph is asked for."),
    Parameter::number("query_options[$top]", "The number of items on a page."),
    Parameter::text("query_options[$skiptoken]", "The token of the page, from `skip_token`."),
];

//! The Knock API, at `/v1`: one file per resource. Shared parts: callers ([`client`]), query
//! parameters ([`query`]), pages and errors. `docs/notifications.md` lists the operations that are
//! served.

mod audiences;
mod body;
mod bulk;
mod channel_data;
mod client;
mod documents;
mod error;
mod feeds;
#[cfg(feature = "fuzzing")]
pub mod fuzz_targets;
mod guides;
mod integrations;
mod management;
mod message_filter;
mod messages;
mod objects;
mod page;
mod parameters;
mod preference_center;
mod preferences;
mod query;
mod schedules;
mod slack;
mod socket;
mod subscriptions;
mod teams;
mod users;
mod workflows;

use axum::Router;
use axum::response::Response;
use axum::routing::any;
use campanile_base::Thing;
use campanile_http::Web;
use campanile_http::operation::{self, Described, Operation, Parameter, delete, get, post, put};
use utoipa::openapi::Ref;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema};

use error::KnockError;
use parameters::{
    COMMIT, FEED, FULL_PREFERENCES, INCLUDE, INSERTED_AT, MESSAGES, MESSAGES_OF_SOURCES, PAGE, PAGE_BY_KEY, RUNS,
    SCHEDULES, SLACK_CHANNELS, SLACK_CONNECTION, SUBSCRIPTIONS_OF_OBJECT, SUBSCRIPTIONS_OF_USER, TEAMS_CONNECTION,
    TEAMS_LIST,
};

/// The parts that all operations of the API share in the OpenAPI document.
pub static DESCRIBED: Described = Described {
    tag: "knock",
    prefix: "/v1",
    schemas: include_str!("schemas.json"),
    error: "KnockError",
    page: page_of,
};

/// The schema of a page: the entries, and the place of the page in its list.
fn page_of(entries: Schema) -> Schema {
    ObjectBuilder::new()
        .property("entries", entries)
        .required("entries")
        .property("page_info", Ref::from_schema_name("KnockPageInfo"))
        .required("page_info")
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
        .build()
        .into()
}

/// Every operation of the API.
pub fn operations() -> Vec<Operation> {
    let groups = [
        recipients(),
        of_users(),
        of_objects(),
        bulk_and_schedules(),
        feeds_and_messages(),
        workflow_runs(),
        management(),
        documents::operations(),
        providers(),
    ];
    groups.into_iter().flatten().collect()
}

/// The routes of the API, without its prefix.
pub fn router() -> Router<Web> {
    operation::router(&DESCRIBED, operations()).route("/{*rest}", any(not_served))
}

/// The routes of the API that are not below its prefix: the socket of feeds, the page of
/// preferences, and the pages to which Slack and Microsoft send people back.
pub fn outside_of_prefix() -> Router<Web> {
    Router::new()
        .route("/p/{token}", axum::routing::get(preference_center::page).post(preference_center::save))
        .route("/providers/slack/authenticate", axum::routing::get(slack::authenticate))
        .route("/oauth/slack/callback", axum::routing::get(slack::authenticate))
        .route("/providers/ms-teams/authenticate", axum::routing::get(teams::authenticate))
        .route("/ws/v1/websocket", axum::routing::get(socket::open))
}

fn recipients() -> Vec<Operation> {
    vec![
        get("/users", 200, "List users", users::list).query(PAGE).query(INCLUDE).answers_page("KnockUser"),
        get("/users/{user}", 200, "Get a user", users::get).answers("KnockUser"),
        put("/users/{user}", 200, "Identify a user", users::identify).takes("KnockUserIn").answers("KnockUser"),
        delete("/users/{user}", 204, "Delete a user", users::delete),
        post("/users/{user}/merge", 200, "Merge two users", users::merge).takes("KnockMergeIn").answers("KnockUser"),
        get("/objects/{collection}", 200, "List objects of a collection", objects::list)
            .query(PAGE)
            .query(INCLUDE)
            .answers_page("KnockRecipient"),
        get("/objects/{collection}/{id}", 200, "Get an object", objects::get).answers("KnockRecipient"),
        put("/objects/{collection}/{id}", 200, "Set an object", objects::set)
            .takes("KnockObjectIn")
            .answers("KnockRecipient"),
        delete("/objects/{collection}/{id}", 204, "Delete an object", objects::delete),
        get("/tenants", 200, "List tenants", objects::list_tenants)
            .query(PAGE)
            .query(INCLUDE)
            .query(&[
                Parameter::text("name", "Only tenants with this name."),
                Parameter::text("tenant_id", "Only the tenant with this id."),
            ])
            .answers_page("KnockTenant"),
        get("/tenants/{id}", 200, "Get a tenant", objects::get_tenant).query(FULL_PREFERENCES).answers("KnockTenant"),
        put("/tenants/{id}", 200, "Set a tenant", objects::set_tenant)
            .query(FULL_PREFERENCES)
            .takes("KnockTenantIn")
            .answers("KnockTenant"),
        delete("/tenants/{id}", 204, "Delete a tenant", objects::delete_tenant),
    ]
}

fn of_users() -> Vec<Operation> {
    vec![
        get("/users/{user}/subscriptions", 200, "List a user's subscriptions", subscriptions::of_user)
            .query(PAGE)
            .query(SUBSCRIPTIONS_OF_USER)
            .answers_page("KnockSubscription"),
        get(
            "/users/{user}/preference_center/config",
            200,
            "Get the configuration of a user's preference page",
            preference_center::config,
        )
        .answers("KnockPreferencePageConfig"),
        post(
            "/users/{user}/preference_center/signed_url",
            200,
            "Make a link to a user's preference page",
            preference_center::signed_url,
        )
        .answers("KnockPreferencePageLink"),
        get("/preferences/default", 200, "Get everybody's default preferences", preferences::get_for_all)
            .answers("KnockPreferenceSet"),
        put("/preferences/default", 200, "Set everybody's default preferences", preferences::set_for_all)
            .takes("KnockPreferenceSetIn")
            .answers("KnockPreferenceSet"),
        get("/users/{user}/preferences", 200, "List a user's preference sets", preferences::list_of_user)
            .answers_array("KnockPreferenceSet"),
        get("/users/{user}/preferences/{set}", 200, "Get a user's preference set", preferences::get_of_user)
            .query(&[Parameter::text(
                "tenant",
                "The tenant whose preferences lie below. The default is the set's own tenant.",
            )])
            .answers("KnockPreferenceSet"),
        put("/users/{user}/preferences/{set}", 200, "Set a user's preference set", preferences::set_of_user)
            .takes("KnockPreferenceSetIn")
            .answers("KnockPreferenceSet"),
        delete("/users/{user}/preferences/{set}", 204, "Delete a user's preference set", preferences::delete_of_user),
        put(
            "/users/{user}/preferences/{set}/{part}",
            200,
            "Set a part of a user's preference set",
            preferences::set_part_of_user,
        )
        .takes("KnockPreferencePartIn")
        .answers("KnockPreferenceSet"),
        put(
            "/users/{user}/preferences/{set}/{part}/{key}",
            200,
            "Set one line of a user's preference set",
            preferences::set_line_of_user,
        )
        .takes("KnockPreferenceLineIn")
        .answers("KnockPreferenceSet"),
        get("/users/{user}/channel_data/{channel}", 200, "Get a user's channel data", channel_data::get_of_user)
            .answers("KnockChannelData"),
        put("/users/{user}/channel_data/{channel}", 200, "Set a user's channel data", channel_data::set_of_user)
            .takes("KnockChannelDataIn")
            .answers("KnockChannelData"),
        delete(
            "/users/{user}/channel_data/{channel}",
            204,
            "Delete a user's channel data",
            channel_data::delete_of_user,
        ),
    ]
}

fn of_objects() -> Vec<Operation> {
    vec![
        get(
            "/objects/{collection}/{id}/subscriptions",
            200,
            "List an object's subscriptions",
            subscriptions::of_object,
        )
        .query(PAGE)
        .query(SUBSCRIPTIONS_OF_OBJECT)
        .answers_page("KnockSubscription"),
        post("/objects/{collection}/{id}/subscriptions", 200, "Add subscriptions", subscriptions::add)
            .takes("KnockSubscribeIn")
            .answers_array("KnockSubscription"),
        delete("/objects/{collection}/{id}/subscriptions", 200, "Delete subscriptions", subscriptions::remove)
            .takes("KnockUnsubscribeIn")
            .answers_array("KnockSubscription"),
        get(
            "/objects/{collection}/{id}/preferences",
            200,
            "List an object's preference sets",
            preferences::list_of_object,
        )
        .answers_array("KnockPreferenceSet"),
        get(
            "/objects/{collection}/{id}/preferences/{set}",
            200,
            "Get an object's preference set",
            preferences::get_of_object,
        )
        .query(&[Parameter::text(
            "tenant",
            "The tenant whose preferences lie below. The default is the set's own tenant.",
        )])
        .answers("KnockPreferenceSet"),
        put(
            "/objects/{collection}/{id}/preferences/{set}",
            200,
            "Set an object's preference set",
            preferences::set_of_object,
        )
        .takes("KnockPreferenceSetIn")
        .answers("KnockPreferenceSet"),
        delete(
            "/objects/{collection}/{id}/preferences/{set}",
            204,
            "Delete an object's preference set",
            preferences::delete_of_object,
        ),
        put(
            "/objects/{collection}/{id}/preferences/{set}/{part}",
            200,
            "Set a part of an object's preference set",
            preferences::set_part_of_object,
        )
        .takes("KnockPreferencePartIn")
        .answers("KnockPreferenceSet"),
        put(
            "/objects/{collection}/{id}/preferences/{set}/{part}/{key}",
            200,
            "Set one line of an object's preference set",
            preferences::set_line_of_object,
        )
        .takes("KnockPreferenceLineIn")
        .answers("KnockPreferenceSet"),
        get(
            "/objects/{collection}/{id}/channel_data/{channel}",
            200,
            "Get an object's channel data",
            channel_data::get_of_object,
        )
        .answers("KnockChannelData"),
        put(
            "/objects/{collection}/{id}/channel_data/{channel}",
            200,
            "Set an object's channel data",
            channel_data::set_of_object,
        )
        .takes("KnockChannelDataIn")
        .answers("KnockChannelData"),
        delete(
            "/objects/{collection}/{id}/channel_data/{channel}",
            204,
            "Delete an object's channel data",
            channel_data::delete_of_object,
        ),
    ]
}

fn bulk_and_schedules() -> Vec<Operation> {
    vec![
        post("/users/bulk/{action}", 200, "Change many users", bulk::users)
            .takes("KnockBulkUsersIn")
            .answers("KnockBulkOperation"),
        post("/objects/{collection}/bulk/{action}", 200, "Change many objects", bulk::objects)
            .takes("KnockBulkObjectsIn")
            .answers("KnockBulkOperation"),
        post(
            "/objects/{collection}/bulk/subscriptions/{action}",
            200,
            "Add or delete many subscriptions",
            bulk::subscriptions,
        )
        .takes("KnockBulkSubscriptionsIn")
        .answers("KnockBulkOperation"),
        post("/tenants/bulk/set", 200, "Set many tenants", bulk::set_tenants)
            .takes("KnockBulkTenantsIn")
            .answers("KnockBulkOperation"),
        post("/tenants/bulk/delete", 200, "Delete many tenants", bulk::delete_tenants)
            .query(&[Parameter::texts("tenant_ids[]", "The ids of the tenants.")])
            .takes("KnockBulkTenantIdsIn")
            .answers("KnockBulkOperation"),
        post("/schedules/bulk/create", 200, "Create many schedules", bulk::create_schedules)
            .takes("KnockBulkSchedulesIn")
            .answers("KnockBulkOperation"),
        get("/bulk_operations/{id}", 200, "Get a bulk operation", bulk::get).answers("KnockBulkOperation"),
        get("/schedules", 200, "List schedules", schedules::list)
            .query(PAGE)
            .query(&[
                Parameter::text("workflow", "Required. The key of the workflow."),
                Parameter::text("tenant", "Only schedules with this tenant."),
                Parameter::texts("recipients[]", "Only schedules of this recipient. Only the first one counts."),
            ])
            .answers_page("KnockSchedule"),
        post("/schedules", 200, "Create schedules", schedules::create)
            .takes("KnockSchedulesIn")
            .answers_array("KnockSchedule"),
        put("/schedules", 200, "Update schedules", schedules::update)
            .takes("KnockScheduleChangesIn")
            .answers_array("KnockSchedule"),
        delete("/schedules", 200, "Delete schedules", schedules::delete)
            .takes("KnockScheduleIdsIn")
            .answers_array("KnockSchedule"),
        get("/users/{user}/schedules", 200, "List a user's schedules", schedules::of_user)
            .query(PAGE)
            .query(SCHEDULES)
            .answers_page("KnockSchedule"),
        get("/objects/{collection}/{id}/schedules", 200, "List an object's schedules", schedules::of_object)
            .query(PAGE)
            .query(SCHEDULES)
            .answers_page("KnockSchedule"),
        get("/audiences/{key}/members", 200, "List the members of an audience", audiences::list)
            .query(PAGE)
            .answers_page("KnockAudienceMember"),
        post("/audiences/{key}/members", 204, "Add members to an audience", audiences::add)
            .query(&[Parameter::flag("create_audience", "True to create the audience if there is none.")])
            .takes("KnockAudienceMembersIn"),
        delete("/audiences/{key}/members", 204, "Remove members from an audience", audiences::remove)
            .takes("KnockAudienceMembersIn"),
    ]
}

fn feeds_and_messages() -> Vec<Operation> {
    vec![
        get("/users/{user}/feeds/{feed}", 200, "Read a feed", feeds::read)
            .query(PAGE)
            .query(INSERTED_AT)
            .query(FEED)
            .query(MESSAGES_OF_SOURCES)
            .answers("KnockFeed"),
        get("/users/{user}/feeds/{feed}/settings", 200, "Get the settings of a feed", feeds::settings)
            .answers("KnockFeedSettings"),
        get("/users/{user}/guides/{channel}", 200, "List the guides for a user", guides::list)
            .query(&[
                Parameter::text("tenant", "The tenant of the page."),
                Parameter::text("type", "Only guides of this type."),
                Parameter::text("data", "A JSON object: data of the page, for the conditions of guides."),
                Parameter::flag("force_all_guides", "True to list hidden guides too. Needs a secret key."),
            ])
            .answers("KnockUserGuides"),
        put("/users/{user}/guides/engagements/reset", 200, "Reset a user's engagement with guides", guides::reset)
            .takes("KnockUserGuideIn")
            .answers("KnockOk"),
        put("/users/{user}/guides/messages/{mark}", 200, "Mark a guide", guides::engage)
            .takes("KnockGuideMarkIn")
            .answers("KnockOk"),
        delete("/users/{user}/guides/messages/{mark}", 200, "Unarchive a guide", guides::unarchive)
            .takes("KnockUserGuideIn")
            .answers("KnockOk"),
        put("/users/{user}/guides/messages/{message}/{mark}", 200, "Mark a guide's message", guides::engage_message)
            .takes("KnockGuideMarkIn")
            .answers("KnockOk"),
        get("/users/{user}/messages", 200, "List a user's messages", messages::list_of_user)
            .query(PAGE)
            .query(INSERTED_AT)
            .query(MESSAGES)
            .query(MESSAGES_OF_SOURCES)
            .answers("KnockMessages"),
        get("/objects/{collection}/{id}/messages", 200, "List an object's messages", messages::list_of_object)
            .query(PAGE)
            .query(INSERTED_AT)
            .query(MESSAGES)
            .query(MESSAGES_OF_SOURCES)
            .answers("KnockMessages"),
        get("/messages", 200, "List messages", messages::list)
            .query(PAGE)
            .query(INSERTED_AT)
            .query(MESSAGES)
            .query(MESSAGES_OF_SOURCES)
            .answers("KnockMessages"),
        get("/messages/batch/content", 200, "Get the contents of some messages", messages::contents)
            .query(&[Parameter::texts("message_ids[]", "The ids of the messages, at most 50.")])
            .answers_array("KnockMessageContent"),
        post("/messages/batch/{mark}", 200, "Mark some messages", messages::mark_batch)
            .takes("KnockBatchMarkIn")
            .answers_array("KnockMessage"),
        get("/messages/{id}", 200, "Get a message", messages::get).answers("KnockMessage"),
        get("/messages/{id}/content", 200, "Get the content of a message", messages::content)
            .answers("KnockMessageContent"),
        get("/messages/{id}/events", 200, "List the events of a message", messages::events)
            .query(PAGE)
            .answers("KnockMessageEvents"),
        get("/messages/{id}/activities", 200, "List the activities of a message", messages::activities)
            .query(PAGE)
            .answers("KnockActivities"),
        get("/messages/{id}/delivery_logs", 200, "List the delivery logs of a message", messages::delivery_logs)
            .query(PAGE)
            .answers("KnockDeliveryLogs"),
        post("/messages/{id}/retry", 200, "Send a message again that was not delivered", messages::retry)
            .answers("KnockMessage"),
        put("/messages/{id}/{mark}", 200, "Mark a message", messages::mark)
            .takes("KnockMarkIn")
            .answers("KnockMessage"),
        delete("/messages/{id}/{mark}", 200, "Remove a mark from a message", messages::unmark)
            .takes("KnockMarkIn")
            .answers("KnockMessage"),
        post("/channels/{channel}/messages/bulk/{mark}", 200, "Mark all messages of a channel", messages::mark_all)
            .takes("KnockBulkMarkIn")
            .answers("KnockBulkOperation"),
    ]
}

fn workflow_runs() -> Vec<Operation> {
    vec![
        post("/workflows/{key}/trigger", 200, "Trigger a workflow", workflows::trigger)
            .takes("KnockTriggerIn")
            .answers("KnockWorkflowRun"),
        post("/workflows/{key}/cancel", 204, "Cancel triggered workflows", workflows::cancel).takes("KnockCancelIn"),
        post("/workflows/{key}/close_batches", 200, "Close open batches", workflows::close_batches)
            .takes("KnockCloseBatchesIn")
            .answers("KnockCloseBatchesAnswer"),
        post("/notify", 200, "Trigger a workflow, the older way", workflows::notify)
            .takes("KnockNotifyIn")
            .answers("KnockNotifyResult"),
        post("/notify/cancel", 204, "Cancel triggered workflows, the older way", workflows::cancel_notify)
            .takes("KnockNotifyCancelIn"),
        get("/workflow_recipient_runs", 200, "List runs of recipients", workflows::recipient_runs)
            .query(PAGE)
            .query(RUNS)
            .answers("KnockRecipientRuns"),
        get("/workflow_recipient_runs/{id}", 200, "Get a recipient's run", workflows::recipient_run)
            .answers("KnockRecipientRunDetail"),
    ]
}

fn management() -> Vec<Operation> {
    vec![
        get("/workflows", 200, "List workflows", management::workflows)
            .query(PAGE_BY_KEY)
            .answers_page("KnockWorkflow"),
        get("/workflows/{key}", 200, "Get a workflow", management::workflow).answers("KnockWorkflow"),
        put("/workflows/{key}", 200, "Write a workflow", management::put_workflow)
            .query(COMMIT)
            .takes("KnockWorkflowIn")
            .answers("KnockWorkflowAnswer"),
        delete("/workflows/{key}", 204, "Delete a workflow", management::delete_workflow),
        put("/workflows/{key}/validate", 200, "Check a workflow", management::validate_workflow)
            .takes("KnockWorkflowIn")
            .answers("KnockWorkflowCheck"),
        put("/workflows/{key}/activate", 200, "Switch a workflow on or off", management::activate_workflow)
            .takes("KnockActivateIn")
            .answers("KnockWorkflowAnswer"),
        post(
            "/workflows/{key}/steps/{step}/preview_template",
            200,
            "Preview the content of a step",
            management::preview_step,
        )
        .takes("KnockStepPreviewIn")
        .answers("KnockStepPreview"),
        put("/workflows/{key}/run", 200, "Run a workflow as a rehearsal", management::run_workflow)
            .takes("KnockTriggerIn")
            .answers("KnockWorkflowRun"),
        post("/workflows/{key}/run", 200, "Run a workflow as a rehearsal", management::run_workflow)
            .takes("KnockTriggerIn")
            .answers("KnockWorkflowRun"),
        get("/commits", 200, "List commits", management::commits)
            .query(PAGE)
            .query(&[
                Parameter::text("resource_type", "Only commits of resources of this type, such as `workflow`."),
                Parameter::text("resource_id", "Only commits of the resource with this key."),
            ])
            .answers_page("KnockCommit"),
        put("/commits", 200, "Commit all drafts", management::commit_all)
            .query(&[Parameter::text("commit_message", "A note for the commits.")])
            .answers("KnockCommitAnswer"),
        get("/commits/{id}", 200, "Get a commit", management::commit).answers("KnockCommittedDocument"),
        get("/channels", 200, "List channels", management::list_channels)
            .query(PAGE_BY_KEY)
            .answers_page("KnockChannel"),
        get("/channels/{key}", 200, "Get a channel", management::get_channel).answers("KnockChannel"),
        put("/channels/{key}", 200, "Write a channel", management::put_channel)
            .takes("KnockChannelIn")
            .answers("KnockChannelAnswer"),
        delete("/channels/{key}", 204, "Delete a channel", management::delete_channel),
        post("/channels/{key}/test", 200, "Send a test through a channel", management::test_channel)
            .takes("KnockChannelTestIn")
            .answers("KnockMessage"),
    ]
}

fn providers() -> Vec<Operation> {
    vec![
        post("/integrations/census/custom-destination", 200, "Take in users from a data warehouse", integrations::call)
            .takes("KnockWarehouseCallIn")
            .answers("KnockWarehouseAnswer"),
        post(
            "/integrations/hightouch/embedded-destination",
            200,
            "Take in users from a data warehouse",
            integrations::call,
        )
        .takes("KnockWarehouseCallIn")
        .answers("KnockWarehouseAnswer"),
        get("/providers/slack/{channel}/auth_check", 200, "Check a Slack connection", slack::check)
            .query(SLACK_CONNECTION)
            .answers("KnockSlackAuthCheck"),
        get("/providers/slack/{channel}/channels", 200, "List the channels of a Slack connection", slack::list)
            .query(SLACK_CONNECTION)
            .query(SLACK_CHANNELS)
            .answers("KnockSlackChannels"),
        put("/providers/slack/{channel}/revoke_access", 200, "Revoke a Slack connection", slack::revoke)
            .query(SLACK_CONNECTION)
            .answers("KnockRevocation"),
        get("/providers/ms-teams/{channel}/auth_check", 200, "Check a Teams connection", teams::check)
            .query(TEAMS_CONNECTION)
            .answers("KnockTeamsAuthCheck"),
        get("/providers/ms-teams/{channel}/teams", 200, "List teams", teams::list_teams)
            .query(TEAMS_CONNECTION)
            .query(TEAMS_LIST)
            .answers("KnockTeamsTeams"),
        get("/providers/ms-teams/{channel}/channels", 200, "List the channels of a team", teams::list_channels)
            .query(TEAMS_CONNECTION)
            .query(TEAMS_LIST)
            .query(&[Parameter::text("team_id", "Required. The id of the team.")])
            .answers("KnockTeamsChannels"),
        put("/providers/ms-teams/{channel}/revoke_access", 200, "Revoke a Teams connection", teams::revoke)
            .query(TEAMS_CONNECTION)
            .answers("KnockRevocation"),
    ]
}

async fn not_served() -> Response {
    use axum::response::IntoResponse as _;
    KnockError::missing(Thing::Operation).into_response()
}

#[cfg(all(test, feature = "fixtures"))]
mod described {
    use super::*;

    #[test]
    fn every_schema_that_an_operation_names_exists() {
        operation::conformance::assert_all_schemas_exist(&DESCRIBED, &operations());
    }
}

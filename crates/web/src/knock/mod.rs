//! The Knock API, at `/v1`: one file per resource, and around them who calls ([`client`]), how parameters are written ([`query`]),
//! pages and errors. Operations are those that `docs/notifications.md` lists.

mod audiences;
mod body;
mod bulk;
mod channel_data;
mod client;
mod documents;
mod error;
mod feeds;
mod guides;
mod integrations;
mod management;
mod messages;
mod objects;
mod page;
pub(crate) mod preference_center;
mod preferences;
pub(crate) mod query;
mod schedules;
pub(crate) mod slack;
pub(crate) mod socket;
mod subscriptions;
pub(crate) mod teams;
mod users;
mod workflows;

use axum::Router;
use axum::response::Response;
use axum::routing::{any, get, post, put};

use crate::Web;
use documents::{CHANNEL_GROUPS, GUIDES, LAYOUTS, PARTIALS};
use error::KnockError;

pub(crate) fn router() -> Router<Web> {
    Router::new()
        .merge(recipients())
        .merge(users_belongings())
        .merge(objects_belongings())
        .merge(many())
        .merge(told())
        .merge(workflow_runs())
        .merge(managed())
        .merge(providers())
        .route("/{*rest}", any(not_served))
}

fn many() -> Router<Web> {
    Router::new()
        .route("/users/bulk/{action}", post(bulk::users))
        .route("/objects/{collection}/bulk/{action}", post(bulk::objects))
        .route("/objects/{collection}/bulk/subscriptions/{action}", post(bulk::subscriptions))
        .route("/tenants/bulk/set", post(bulk::set_tenants))
        .route("/tenants/bulk/delete", post(bulk::delete_tenants))
        .route("/schedules/bulk/create", post(bulk::create_schedules))
        .route("/bulk_operations/{id}", get(bulk::get))
        .route(
            "/schedules",
            get(schedules::list).post(schedules::create).put(schedules::update).delete(schedules::delete),
        )
        .route("/users/{user}/schedules", get(schedules::of_user))
        .route("/objects/{collection}/{id}/schedules", get(schedules::of_object))
        .route("/audiences/{key}/members", get(audiences::list).post(audiences::add).delete(audiences::remove))
}

fn told() -> Router<Web> {
    Router::new()
        .route("/users/{user}/feeds/{feed}", get(feeds::read))
        .route("/users/{user}/feeds/{feed}/settings", get(feeds::settings))
        .route("/users/{user}/guides/{channel}", get(guides::list))
        .route("/users/{user}/guides/engagements/reset", put(guides::reset))
        .route("/users/{user}/guides/messages/{mark}", put(guides::engage).delete(guides::unarchive))
        .route("/users/{user}/guides/messages/{message}/{mark}", put(guides::engage_message))
        .route("/users/{user}/messages", get(messages::list_of_user))
        .route("/objects/{collection}/{id}/messages", get(messages::list_of_object))
        .route("/messages", get(messages::list))
        .route("/messages/batch/content", get(messages::contents))
        .route("/messages/batch/{mark}", post(messages::mark_batch))
        .route("/messages/{id}", get(messages::get))
        .route("/messages/{id}/content", get(messages::content))
        .route("/messages/{id}/events", get(messages::events))
        .route("/messages/{id}/activities", get(messages::activities))
        .route("/messages/{id}/delivery_logs", get(messages::delivery_logs))
        .route("/messages/{id}/retry", post(messages::retry))
        .route("/messages/{id}/{mark}", put(messages::mark).delete(messages::unmark))
        .route("/channels/{channel}/messages/bulk/{mark}", post(messages::mark_all))
}

fn workflow_runs() -> Router<Web> {
    Router::new()
        .route("/workflows/{key}/trigger", post(workflows::trigger))
        .route("/workflows/{key}/cancel", post(workflows::cancel))
        .route("/workflows/{key}/close_batches", post(workflows::close_batches))
        .route("/notify", post(workflows::notify))
        .route("/notify/cancel", post(workflows::cancel_notify))
        .route("/workflow_recipient_runs", get(workflows::recipient_runs))
        .route("/workflow_recipient_runs/{id}", get(workflows::recipient_run))
}

fn recipients() -> Router<Web> {
    Router::new()
        .route("/users", get(users::list))
        .route("/users/{user}", get(users::get).put(users::identify).delete(users::delete))
        .route("/users/{user}/merge", post(users::merge))
        .route("/objects/{collection}", get(objects::list))
        .route("/objects/{collection}/{id}", get(objects::get).put(objects::set).delete(objects::delete))
        .route("/tenants", get(objects::list_tenants))
        .route("/tenants/{id}", get(objects::get_tenant).put(objects::set_tenant).delete(objects::delete_tenant))
}

fn users_belongings() -> Router<Web> {
    Router::new()
        .route("/users/{user}/subscriptions", get(subscriptions::of_user))
        .route("/users/{user}/preference_center/config", get(preference_center::config))
        .route("/users/{user}/preference_center/signed_url", post(preference_center::signed_url))
        .route("/preferences/default", get(preferences::get_for_all).put(preferences::set_for_all))
        .route("/users/{user}/preferences", get(preferences::list_of_user))
        .route(
            "/users/{user}/preferences/{set}",
            get(preferences::get_of_user).put(preferences::set_of_user).delete(preferences::delete_of_user),
        )
        .route("/users/{user}/preferences/{set}/{part}", put(preferences::set_part_of_user))
        .route("/users/{user}/preferences/{set}/{part}/{key}", put(preferences::set_line_of_user))
        .route(
            "/users/{user}/channel_data/{channel}",
            get(channel_data::get_of_user).put(channel_data::set_of_user).delete(channel_data::delete_of_user),
        )
}

fn objects_belongings() -> Router<Web> {
    Router::new()
        .route(
            "/objects/{collection}/{id}/subscriptions",
            get(subscriptions::of_object).post(subscriptions::add).delete(subscriptions::remove),
        )
        .route("/objects/{collection}/{id}/preferences", get(preferences::list_of_object))
        .route(
            "/objects/{collection}/{id}/preferences/{set}",
            get(preferences::get_of_object).put(preferences::set_of_object).delete(preferences::delete_of_object),
        )
        .route("/objects/{collection}/{id}/preferences/{set}/{part}", put(preferences::set_part_of_object))
        .route("/objects/{collection}/{id}/preferences/{set}/{part}/{key}", put(preferences::set_line_of_object))
        .route(
            "/objects/{collection}/{id}/channel_data/{channel}",
            get(channel_data::get_of_object).put(channel_data::set_of_object).delete(channel_data::delete_of_object),
        )
}

fn managed() -> Router<Web> {
    let workflow = get(management::workflow).put(management::put_workflow).delete(management::delete_workflow);
    let channel = get(management::get_channel).put(management::put_channel).delete(management::delete_channel);
    Router::new()
        .route("/workflows", get(management::workflows))
        .route("/workflows/{key}", workflow)
        .route("/workflows/{key}/validate", put(management::validate_workflow))
        .route("/workflows/{key}/activate", put(management::activate_workflow))
        .route("/workflows/{key}/steps/{step}/preview_template", post(management::preview_step))
        .route("/workflows/{key}/run", put(management::run_workflow).post(management::run_workflow))
        .route("/email_layouts", LAYOUTS.list())
        .route("/email_layouts/{key}", LAYOUTS.one())
        .route("/email_layouts/{key}/validate", LAYOUTS.validate())
        .route("/partials", PARTIALS.list())
        .route("/partials/{key}", PARTIALS.one())
        .route("/partials/{key}/validate", PARTIALS.validate())
        .route("/translations", documents::translations())
        .route("/translations/{locale}", documents::translation())
        .route("/translations/{locale}/validate", documents::validate_translation())
        .route("/channel_groups", CHANNEL_GROUPS.list())
        .route("/channel_groups/{key}", CHANNEL_GROUPS.one())
        .route("/channel_groups/{key}/validate", CHANNEL_GROUPS.validate())
        .route("/guides", GUIDES.list())
        .route("/guides/{key}", GUIDES.one())
        .route("/guides/{key}/validate", GUIDES.validate())
        .route("/guides/{key}/activate", GUIDES.activate())
        .route("/commits", get(management::commits).put(management::commit_all))
        .route("/commits/{id}", get(management::commit))
        .route("/channels", get(management::list_channels))
        .route("/channels/{key}", channel)
        .route("/channels/{key}/test", post(management::test_channel))
}

fn providers() -> Router<Web> {
    Router::new()
        .route("/integrations/census/custom-destination", post(integrations::call))
        .route("/integrations/hightouch/embedded-destination", post(integrations::call))
        .route("/providers/slack/{channel}/auth_check", get(slack::check))
        .route("/providers/slack/{channel}/channels", get(slack::list))
        .route("/providers/slack/{channel}/revoke_access", put(slack::revoke))
        .route("/providers/ms-teams/{channel}/auth_check", get(teams::check))
        .route("/providers/ms-teams/{channel}/teams", get(teams::list_teams))
        .route("/providers/ms-teams/{channel}/channels", get(teams::list_channels))
        .route("/providers/ms-teams/{channel}/revoke_access", put(teams::revoke))
}

async fn not_served() -> Response {
    use axum::response::IntoResponse as _;
    KnockError::missing("operation").into_response()
}

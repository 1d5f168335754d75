//! Connections: the accounts of tools that an organisation has connected.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use campanile_app::ConnectionData;
use campanile_base::{Cursor, PageSize};
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Authenticated, Configuring};
use campanile_http::error::ApiResult;
use campanile_inbound::connections::{self, Connection, ConnectionId, LogLine};
use campanile_inbound::connectors::catalogue::Connector;
use campanile_inbound::connectors::linking::{self, ResourceWithSources};
use campanile_inbound::connectors::{ConnectionView, DisconnectOptions};
use campanile_inbound::routing::{self, UnlinkedCount};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::page::{List, PageView, place};
use super::{connect, connect_apps};

pub(super) fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(catalogue))
        .routes(routes!(list))
        .routes(routes!(get, disconnect))
        .routes(routes!(amount))
        .routes(routes!(check))
        .routes(routes!(log))
        .routes(routes!(resources))
        .routes(routes!(unlinked))
        .merge(connect::router())
        .merge(connect_apps::router())
}

/// A place in a list. Connections belong to the organisation, not to a workspace.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PlaceQuery {
    /// The place to read on from: `next` of the page before.
    cursor: Option<String>,
    /// The number of items, from 1 to 200; 50 when absent.
    limit: Option<i64>,
}

impl PlaceQuery {
    pub(super) fn read(&self, list: List) -> campanile_base::Result<(Cursor, PageSize)> {
        place(list, self.cursor.as_deref(), self.limit)
    }
}

/// The tools that can be connected, now or in a later version.
#[utoipa::path(get, path = "/api/connectors", tag = "connections",
    responses((status = 200, body = PageView<Connector>)))]
pub(super) async fn catalogue(
    State(web): State<Web>,
    Authenticated(_caller): Authenticated,
) -> ApiResult<Json<PageView<Connector>>> {
    Ok(Json(PageView::whole(web.app.connectors.catalogue())))
}

/// The connections of the organisation, newest first; those that were disconnected too.
#[utoipa::path(get, path = "/api/connections", tag = "connections", params(PlaceQuery),
    responses((status = 200, body = PageView<ConnectionView>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Query(place): Query<PlaceQuery>,
) -> ApiResult<Json<PageView<ConnectionView>>> {
    let (from, size) = place.read(List::Connections)?;
    let connectors = web.app.connectors.clone();
    let read = web.app.db.read(move |tx| {
        Box::pin(async move { connectors.connection_page(tx, &caller.organisation, &from, size).await })
    });
    Ok(Json(PageView::of(List::Connections, read.await?)))
}

/// A connection.
#[utoipa::path(get, path = "/api/connections/{id}", tag = "connections", params(("id" = String, Path)),
    responses((status = 200, body = ConnectionView), (status = 404)))]
pub(super) async fn get(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ConnectionId>,
) -> ApiResult<Json<ConnectionView>> {
    let connectors = web.app.connectors.clone();
    let read = web
        .app
        .db
        .read(move |tx| Box::pin(async move { connectors.connection_view(tx, &caller.organisation, &id).await }));
    Ok(Json(read.await?))
}

/// The options for disconnecting an account.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DisconnectQuery {
    /// `true` to delete what its sources have brought: observations, documents and deliveries.
    delete_data: Option<bool>,
    /// `true` to uninstall our app from the account at GitHub as well. Others may use the same installation.
    uninstall: Option<bool>,
}

/// The amount of data that the sources of a connection have brought, which can be deleted when it is
/// disconnected.
#[utoipa::path(get, path = "/api/connections/{id}/data", tag = "connections", params(("id" = String, Path)),
    responses((status = 200, body = ConnectionData), (status = 404)))]
pub(super) async fn amount(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<ConnectionId>,
) -> ApiResult<Json<ConnectionData>> {
    Ok(Json(web.app.connection_data(&caller, &id).await?))
}

/// Disconnects an account.
///
/// Nothing uses it any more from now on. Its tokens are ended at the provider and erased within a
/// minute; its status is `closed` then. The connection and its log stay. With `delete_data`, what its
/// sources have brought is deleted after that, in batches; the log tells of each source.
#[utoipa::path(delete, path = "/api/connections/{id}", tag = "connections",
    params(("id" = String, Path), DisconnectQuery),
    responses((status = 202, body = Connection), (status = 404), (status = 409)))]
pub(super) async fn disconnect(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<ConnectionId>,
    Query(DisconnectQuery { delete_data, uninstall }): Query<DisconnectQuery>,
) -> ApiResult<(StatusCode, Json<Connection>)> {
    let options =
        DisconnectOptions { delete_data: delete_data.unwrap_or_default(), uninstall: uninstall.unwrap_or_default() };
    Ok((StatusCode::ACCEPTED, Json(web.app.connectors.disconnect(&caller, &id, options).await?)))
}

/// Checks a connection now, and lists its resources again.
///
/// A provider that does not answer, or refuses, is no error: the connection says so.
#[utoipa::path(post, path = "/api/connections/{id}/check", tag = "connections", params(("id" = String, Path)),
    responses((status = 200, body = Connection), (status = 404), (status = 409)))]
pub(super) async fn check(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<ConnectionId>,
) -> ApiResult<Json<Connection>> {
    Ok(Json(web.app.connectors.check(&caller, &id).await?))
}

/// The log of a connection, newest first: the changes of its status, and the steps of its end.
#[utoipa::path(get, path = "/api/connections/{id}/log", tag = "connections",
    params(("id" = String, Path), PlaceQuery),
    responses((status = 200, body = PageView<LogLine>), (status = 404)))]
pub(super) async fn log(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ConnectionId>,
    Query(place): Query<PlaceQuery>,
) -> ApiResult<Json<PageView<LogLine>>> {
    let (from, size) = place.read(List::ConnectionLog)?;
    let read = web.app.db.read(move |tx| {
        Box::pin(async move { connections::log_page(tx, &caller.organisation, &id, &from, size).await })
    });
    Ok(Json(PageView::of(List::ConnectionLog, read.await?)))
}

/// The deliveries of a connection that were for resources that are linked in no workspace, by event.
///
/// They are counted, and not kept. A connection by an app has them.
#[utoipa::path(get, path = "/api/connections/{id}/unlinked", tag = "connections", params(("id" = String, Path)),
    responses((status = 200, body = PageView<UnlinkedCount>), (status = 404)))]
pub(super) async fn unlinked(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ConnectionId>,
) -> ApiResult<Json<PageView<UnlinkedCount>>> {
    let read =
        web.app.db.read(move |tx| Box::pin(async move { routing::unlinked(tx, &caller.organisation, &id).await }));
    Ok(Json(PageView::whole(read.await?)))
}

/// The text that the names of resources must contain.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ResourceQuery {
    /// A part of the name; all resources when absent.
    search: Option<String>,
}

/// The teams, repositories and projects that a connected account has, by name, each with the sources
/// that it is.
///
/// They are listed after the account was connected, and after each check by hand.
#[utoipa::path(get, path = "/api/connections/{id}/resources", tag = "connections",
    params(("id" = String, Path), ResourceQuery, PlaceQuery),
    responses((status = 200, body = PageView<ResourceWithSources>), (status = 400), (status = 404)))]
pub(super) async fn resources(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ConnectionId>,
    Query(asked): Query<ResourceQuery>,
    Query(place): Query<PlaceQuery>,
) -> ApiResult<Json<PageView<ResourceWithSources>>> {
    let (from, size) = place.read(List::Resources)?;
    let organisation = caller.organisation.clone();
    let read = web.app.db.read_in_turn(caller.organisation.as_str(), move |tx| {
        Box::pin(
            async move { linking::resource_page(tx, &organisation, &id, asked.search.as_deref(), &from, size).await },
        )
    });
    Ok(Json(PageView::of(List::Resources, read.await?)))
}

//! People: who is behind the accounts of the tools, what they do, and which accounts are theirs.

use axum::extract::{Path, Query, State};
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Authenticated, Configuring, workspace};
use campanile_http::error::ApiResult;
use campanile_memory::Observation;
use campanile_memory::people::{self, PeopleFilter, PersonDetail, PersonView, Suggestion};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::page::{List, PageView, Paging, SOURCES, one_of};
use super::search::{InWorkspace, WorkspaceQuery};

/// Filters of the list of people. All that are given must match.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PeopleQuery {
    /// A part of a name, a mail address or an id.
    q: Option<String>,
    /// The provider of one of their accounts, such as `github`.
    source: Option<String>,
}

/// The people of a workspace, those who were active last first. A page may be shorter than its limit.
#[utoipa::path(get, path = "/api/people", tag = "people", params(PeopleQuery, Paging),
    responses((status = 200, body = PageView<PersonView>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Query(asked): Query<PeopleQuery>,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<PersonView>>> {
    let (from, size) = paging.read(List::People)?;
    let filter = PeopleFilter { text: asked.q, provider: one_of("source", asked.source, &SOURCES)? };
    let workspace = workspace(&web.app, &caller, paging.workspace.as_deref()).await?;
    let now = web.app.clock.now();
    let organisation = caller.organisation.clone();
    let page = web.app.db.read_in_turn(caller.organisation.as_str(), move |tx| {
        Box::pin(async move { people::page(tx, (&organisation, &workspace.id), &filter, &from, size, now).await })
    });
    Ok(Json(PageView::of(List::People, page.await?)))
}

/// A person with their profile in the workspace and their accounts. Any of their accounts names them.
#[utoipa::path(get, path = "/api/people/{id}", tag = "people", params(("id" = String, Path), WorkspaceQuery),
    responses((status = 200, body = PersonDetail), (status = 404)))]
pub(super) async fn get(
    State(web): State<Web>,
    within: InWorkspace,
    Path(id): Path<String>,
) -> ApiResult<Json<PersonDetail>> {
    Ok(Json(read(&web, within, id).await?))
}

async fn read(web: &Web, within: InWorkspace, id: String) -> campanile_base::Result<PersonDetail> {
    let (now, organisation) = (web.app.clock.now(), within.caller.organisation);
    let person = web
        .app
        .db
        .read(move |tx| Box::pin(async move { people::person(tx, (&organisation, &within.id), &id, now).await }));
    person.await
}

/// The observations of a person in the workspace, newest first.
#[utoipa::path(get, path = "/api/people/{id}/observations", tag = "people", params(("id" = String, Path), Paging),
    responses((status = 200, body = PageView<Observation>), (status = 404)))]
pub(super) async fn observations(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<Observation>>> {
    let (from, size) = paging.read(List::PersonObservations)?;
    let workspace = workspace(&web.app, &caller, paging.workspace.as_deref()).await?;
    let organisation = caller.organisation.clone();
    let page = web.app.db.read_in_turn(caller.organisation.as_str(), move |tx| {
        Box::pin(async move { people::observations_of(tx, (&organisation, &workspace.id), &id, &from, size).await })
    });
    Ok(Json(PageView::of(List::PersonObservations, page.await?)))
}

/// The person whose suggestions are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SuggestionQuery {
    /// A person, by any of their accounts; everybody when absent.
    person: Option<String>,
}

/// People of the workspace who may be one, the most certain first: at most fifty pairs.
#[utoipa::path(get, path = "/api/people/suggestions", tag = "people", params(SuggestionQuery, WorkspaceQuery),
    responses((status = 200, body = PageView<Suggestion>)))]
pub(super) async fn suggestions(
    State(web): State<Web>,
    within: InWorkspace,
    Query(asked): Query<SuggestionQuery>,
) -> ApiResult<Json<PageView<Suggestion>>> {
    let (now, organisation) = (web.app.clock.now(), within.caller.organisation);
    let turn = organisation.clone();
    let found = web.app.db.read_in_turn(turn.as_str(), move |tx| {
        Box::pin(
            async move { people::suggestions(tx, (&organisation, &within.id), asked.person.as_deref(), now).await },
        )
    });
    Ok(Json(PageView::whole(found.await?)))
}

/// The people and accounts to be joined: at least one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeIn {
    /// People, with all of their accounts. Any of these names them; a member of the organisation is
    /// `member:{id}`.
    #[serde(default)]
    people: Vec<String>,
    /// The `actorId` of accounts that are joined alone: the other accounts of their people stay.
    #[serde(default)]
    actors: Vec<String>,
}

/// The ids of people.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PeopleIds {
    /// The person that the request was about, and the new one if there is one.
    people: Vec<String>,
}

/// Joins people, or single accounts: they are this person from now on, in all workspaces.
///
/// A person in `people` joins with all of their accounts, an account in `actors` alone.
/// No observation is changed. It can be taken back by a split.
#[utoipa::path(post, path = "/api/people/{id}/merge", tag = "people", params(("id" = String, Path)),
    request_body = MergeIn,
    responses((status = 200, body = PeopleIds), (status = 400), (status = 403), (status = 404)))]
pub(super) async fn merge(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<String>,
    Json(asked): Json<MergeIn>,
) -> ApiResult<Json<PeopleIds>> {
    let clock = web.app.clock.clone();
    let MergeIn { people, actors } = asked;
    let merged = web.app.db.write(move |tx| {
        Box::pin(async move {
            match actors.is_empty() {
                true => people::merge(tx, &clock, &caller, &id, &people).await,
                false if people.is_empty() => people::take_accounts(tx, &clock, &caller, &id, &actors).await,
                false => {
                    people::take_accounts(tx, &clock, &caller, &id, &actors).await?;
                    people::merge(tx, &clock, &caller, &id, &people).await
                }
            }
        })
    });
    Ok(Json(PeopleIds { people: vec![merged.await?] }))
}

/// The accounts that leave a person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SplitIn {
    /// The `actorId` of accounts of the person. They become a person of their own.
    actors: Vec<String>,
}

/// Makes a person of their own of some accounts of a person. They are not joined again by an equal mail
/// address.
#[utoipa::path(post, path = "/api/people/{id}/split", tag = "people", params(("id" = String, Path)),
    request_body = SplitIn,
    responses((status = 200, body = PeopleIds), (status = 400), (status = 403)))]
pub(super) async fn split(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Path(id): Path<String>,
    Json(asked): Json<SplitIn>,
) -> ApiResult<Json<PeopleIds>> {
    let clock = web.app.clock.clone();
    let split = web
        .app
        .db
        .write(move |tx| Box::pin(async move { people::split(tx, &clock, &caller, &id, &asked.actors).await }));
    let (left, new) = split.await?;
    Ok(Json(PeopleIds { people: vec![left, new] }))
}

/// Two people who are different.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApartIn {
    /// The two, by any of their accounts.
    people: Vec<String>,
}

/// Says that two people are different: they are not suggested any more, nor joined by an equal mail
/// address.
#[utoipa::path(post, path = "/api/people/apart", tag = "people", request_body = ApartIn,
    responses((status = 200, body = PeopleIds), (status = 400), (status = 403), (status = 404)))]
pub(super) async fn keep_apart(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Json(asked): Json<ApartIn>,
) -> ApiResult<Json<PeopleIds>> {
    let (clock, people) = (web.app.clock.clone(), asked.people.clone());
    let noted =
        web.app.db.write(move |tx| Box::pin(async move { people::keep_apart(tx, &clock, &caller, &people).await }));
    noted.await?;
    Ok(Json(PeopleIds { people: asked.people }))
}

//! Answers to questions, their sessions, and feedback.
//!
//! A question stands under `/api`, as all of our own, and under `/v1`, where programs expect it.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use campanile_answers::{
    Answer, AnswerEvent, AnswerRequest, AnswerSession, Feedback, FeedbackRequest, PendingAnswer, SessionDetail,
};
use campanile_app::search::known_sources;
use campanile_base::Error;
use campanile_http::body::Json;
use campanile_http::caller::{Authenticated, Configuring, workspace};
use campanile_http::error::ApiResult;
use campanile_http::{Web, request_id};
use futures_util::stream;

use super::page::{List, PageView, Paging};
use super::search::{InWorkspace, WorkspaceQuery};

/// The header with the session of an answer, which a client that goes away needs.
const SESSION: HeaderName = HeaderName::from_static("x-answer-session");
/// The time between two signs of life of a stream.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Answers a question from what the workspace remembers.
///
/// The answer comes as server-sent events `step`, `passages`, `text`, `citation` and `done`, of which the last one
/// has all of it; with `"stream": false` it comes as JSON.
#[utoipa::path(post, path = "/api/answer", tag = "answers", params(WorkspaceQuery), request_body = AnswerRequest,
    responses((status = 200, body = Answer)))]
pub(super) async fn ask(
    State(web): State<Web>,
    within: InWorkspace,
    Json(request): Json<AnswerRequest>,
) -> ApiResult<Response> {
    known_sources(&campanile_answers::search_of(&web.app.answers, &request)?.sources())?;
    let streams = request.stream;
    let asked =
        campanile_answers::ask(&web.app.answers, &within.caller, &within.id, request, request_id::current()).await?;
    let session = [(SESSION, asked.session.clone())];
    match streams {
        true => Ok((session, Sse::new(events(asked)).keep_alive(KeepAlive::new().interval(HEARTBEAT))).into_response()),
        false => Ok((session, Json(whole(asked).await?)).into_response()),
    }
}

/// Answers a question from what the workspace remembers; the same as `/api/answer`.
#[utoipa::path(post, path = "/v1/answer", tag = "answers", params(WorkspaceQuery), request_body = AnswerRequest,
    responses((status = 200, body = Answer)))]
pub(super) async fn ask_v1(
    state: State<Web>,
    within: InWorkspace,
    request: Json<AnswerRequest>,
) -> ApiResult<Response> {
    ask(state, within, request).await
}

fn events(asked: PendingAnswer) -> impl stream::Stream<Item = Result<Event, Infallible>> {
    stream::unfold(asked.events, async |mut events| {
        let event = events.recv().await?;
        let data = serde_json::to_string(&event).unwrap_or_default();
        Some((Ok(Event::default().event(event.name()).data(data)), events))
    })
}

async fn whole(mut asked: PendingAnswer) -> Result<Answer, Error> {
    while let Some(event) = asked.events.recv().await {
        match event {
            AnswerEvent::Done(answer) => return Ok(*answer),
            AnswerEvent::Error { message } => return Err(Error::internal(message)),
            _ => {}
        }
    }
    Err(Error::internal("an answer ended without its end"))
}

/// The sessions in a workspace that the caller may read, the newest first: a person's own, or for a secret key all.
#[utoipa::path(get, path = "/api/answer", tag = "answers", params(Paging),
    responses((status = 200, body = PageView<AnswerSession>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<AnswerSession>>> {
    let (from, size) = paging.read(List::AnswerSessions)?;
    let workspace = workspace(&web.app, &caller, paging.workspace.as_deref()).await?;
    let page = campanile_answers::sessions(&web.app.answers, &caller, &workspace.id, from, size).await?;
    Ok(Json(PageView::of(List::AnswerSessions, page)))
}

/// A session with its questions and answers.
#[utoipa::path(get, path = "/api/answer/{session}", tag = "answers",
    responses((status = 200, body = SessionDetail), (status = 404)))]
pub(super) async fn get(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(session): Path<String>,
) -> ApiResult<Json<SessionDetail>> {
    Ok(Json(campanile_answers::session(&web.app.answers, &caller, session).await?))
}

/// A session with its questions and answers; the same as `/api/answer/{session}`.
#[utoipa::path(get, path = "/v1/answer/{session}", tag = "answers",
    responses((status = 200, body = SessionDetail), (status = 404)))]
pub(super) async fn get_v1(
    state: State<Web>,
    caller: Authenticated,
    session: Path<String>,
) -> ApiResult<Json<SessionDetail>> {
    get(state, caller, session).await
}

/// Removes a session with its questions and answers.
#[utoipa::path(delete, path = "/api/answer/{session}", tag = "answers", responses((status = 204), (status = 404)))]
pub(super) async fn delete(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(session): Path<String>,
) -> ApiResult<StatusCode> {
    campanile_answers::delete(&web.app.answers, &caller, session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a session with its questions and answers; the same as `/api/answer/{session}`.
#[utoipa::path(delete, path = "/v1/answer/{session}", tag = "answers", responses((status = 204), (status = 404)))]
pub(super) async fn delete_v1(
    state: State<Web>,
    caller: Authenticated,
    session: Path<String>,
) -> ApiResult<StatusCode> {
    delete(state, caller, session).await
}

/// Tells whether a result or an answer helped.
#[utoipa::path(post, path = "/api/feedback", tag = "answers", params(WorkspaceQuery), request_body = FeedbackRequest,
    responses((status = 201, body = Feedback)))]
pub(super) async fn give_feedback(
    State(web): State<Web>,
    within: InWorkspace,
    Json(given): Json<FeedbackRequest>,
) -> ApiResult<(StatusCode, Json<Feedback>)> {
    let stored = campanile_answers::give_feedback(&web.app.answers, &within.caller, &within.id, given).await?;
    Ok((StatusCode::CREATED, Json(stored)))
}

/// Tells whether a result or an answer helped; the same as `/api/feedback`.
#[utoipa::path(post, path = "/v1/feedback", tag = "answers", params(WorkspaceQuery), request_body = FeedbackRequest,
    responses((status = 201, body = Feedback)))]
pub(super) async fn give_feedback_v1(
    state: State<Web>,
    within: InWorkspace,
    given: Json<FeedbackRequest>,
) -> ApiResult<(StatusCode, Json<Feedback>)> {
    give_feedback(state, within, given).await
}

/// All feedback of a workspace, the newest first: questions, results and verdicts to judge searches by.
#[utoipa::path(get, path = "/api/feedback", tag = "answers", params(Paging),
    responses((status = 200, body = PageView<Feedback>)))]
pub(super) async fn feedback(
    State(web): State<Web>,
    Configuring(caller): Configuring,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<Feedback>>> {
    let (from, size) = paging.read(List::AnswerFeedback)?;
    let workspace = workspace(&web.app, &caller, paging.workspace.as_deref()).await?;
    let page = campanile_answers::feedback(&web.app.answers, &workspace.id, from, size).await?;
    Ok(Json(PageView::of(List::AnswerFeedback, page)))
}

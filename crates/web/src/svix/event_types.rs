//! Event types.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_base::Error;
use campanile_webhooks::event_types::{self, EventType, EventTypeSpec, Viewer};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::access::{Access, Org};
use super::body::{Body, Field};
use super::error::{SvixError, SvixResult};
use super::list::{Asked, List};
use super::query::Query;
use crate::Web;

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventTypeIn {
    #[serde(default)]
    pub(super) name: String,
    description: String,
    archived: Option<bool>,
    deprecated: Option<bool>,
    schemas: Option<Map<String, Value>>,
    feature_flags: Option<Vec<String>>,
    feature_flag: Option<String>,
    group_name: Option<String>,
}

impl EventTypeIn {
    pub(super) fn spec(self) -> EventTypeSpec {
        EventTypeSpec {
            description: self.description,
            archived: self.archived.unwrap_or_default(),
            deprecated: self.deprecated.unwrap_or_default(),
            schemas: self.schemas,
            feature_flags: self.feature_flags.or(self.feature_flag.map(|flag| vec![flag])),
            group_name: self.group_name,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct EventTypePatch {
    description: Option<String>,
    archived: Option<bool>,
    deprecated: Option<bool>,
    schemas: Field<Map<String, Value>>,
    feature_flags: Field<Vec<String>>,
    feature_flag: Field<String>,
    group_name: Field<String>,
}

impl EventTypePatch {
    fn over(self, mut spec: EventTypeSpec) -> EventTypeSpec {
        spec.description = self.description.unwrap_or(spec.description);
        spec.archived = self.archived.unwrap_or(spec.archived);
        spec.deprecated = self.deprecated.unwrap_or(spec.deprecated);
        self.schemas.change(&mut spec.schemas);
        self.group_name.change(&mut spec.group_name);
        match self.feature_flag {
            Field::Keep => {}
            Field::Clear => spec.feature_flags = None,
            Field::Set(flag) => spec.feature_flags = Some(vec![flag]),
        }
        self.feature_flags.change(&mut spec.feature_flags);
        spec
    }
}

pub(super) async fn create(
    State(web): State<Web>,
    Org(caller): Org,
    Body(asked): Body<EventTypeIn>,
) -> SvixResult<(StatusCode, Json<EventType>)> {
    let webhooks = web.app.webhooks.clone();
    let made = web.app.db.write(move |tx| {
        Box::pin(async move {
            let name = asked.name.clone();
            event_types::create(tx, &webhooks, &caller, &name, asked.spec()).await
        })
    });
    let made = made.await.map_err(|error| match error {
        Error::Conflict(why) => SvixError::Http(StatusCode::CONFLICT, "event_type_exists", why),
        error => error.into(),
    });
    Ok((StatusCode::CREATED, Json(made?)))
}

pub(super) async fn list(State(web): State<Web>, access: Access, query: Query) -> SvixResult<Json<List<EventType>>> {
    // By name, whatever order is asked for.
    let asked = Asked::by_id(&query.without("order"), "", true)?;
    let (archived, content) = (query.flag("include_archived", false)?, query.flag("with_content", false)?);
    let range = asked.range.clone();
    let rows = web.app.db.read(move |tx| {
        Box::pin(async move {
            let organisation = access.caller().organisation;
            event_types::list(tx, &organisation, access.viewer(), archived, &range).await
        })
    });
    let view = |event_type: EventType| match content {
        true => event_type,
        false => EventType { schemas: None, ..event_type },
    };
    Ok(Json(asked.page(rows.await?, |event_type| event_type.name.clone(), view)))
}

pub(super) async fn get(
    State(web): State<Web>,
    access: Access,
    Path(name): Path<String>,
) -> SvixResult<Json<EventType>> {
    let found = web.app.db.read(move |tx| {
        Box::pin(async move { event_types::get(tx, &access.caller().organisation, access.viewer(), &name).await })
    });
    Ok(Json(found.await?))
}

pub(super) async fn upsert(
    State(web): State<Web>,
    Org(caller): Org,
    Path(name): Path<String>,
    Body(asked): Body<EventTypeIn>,
) -> SvixResult<(StatusCode, Json<EventType>)> {
    let webhooks = web.app.webhooks.clone();
    let put = web.app.db.write(move |tx| {
        Box::pin(async move { event_types::upsert(tx, &webhooks, &caller, &name, asked.spec()).await })
    });
    let (was_there, event_type) = put.await?;
    Ok((if was_there { StatusCode::OK } else { StatusCode::CREATED }, Json(event_type)))
}

pub(super) async fn patch(
    State(web): State<Web>,
    Org(caller): Org,
    Path(name): Path<String>,
    Body(patch): Body<EventTypePatch>,
) -> SvixResult<Json<EventType>> {
    let webhooks = web.app.webhooks.clone();
    let changed = web.app.db.write(move |tx| {
        Box::pin(async move {
            let before = event_types::get(tx, &caller.organisation, Viewer::Organisation, &name).await?;
            let spec = patch.over((&before).into());
            event_types::upsert(tx, &webhooks, &caller, &name, spec).await
        })
    });
    Ok(Json(changed.await?.1))
}

pub(super) async fn delete(
    State(web): State<Web>,
    Org(caller): Org,
    Path(name): Path<String>,
    query: Query,
) -> SvixResult<StatusCode> {
    let (webhooks, for_good) = (web.app.webhooks.clone(), query.flag("expunge", false)?);
    let gone = web
        .app
        .db
        .write(move |tx| Box::pin(async move { event_types::delete(tx, &webhooks, &caller, &name, for_good).await }));
    gone.await?;
    Ok(StatusCode::NO_CONTENT)
}

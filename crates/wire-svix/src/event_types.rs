//! Event types: create, list, change, archive and remove.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use campanile_accounts::Caller;
use campanile_base::Error;
use campanile_http::Web;
use campanile_webhooks::event_types::{self, EventType, EventTypeSpec, Schemas, Viewer, schemas};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::access::{Access, OrgManager};
use super::body::{Body, Field, given};
use super::error::{SvixError, SvixResult};
use super::list::{List, PageRequest};
use super::query::Query;

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
    /// The specification, with schemas that were checked before.
    fn spec(self, schemas: Option<Schemas>) -> EventTypeSpec {
        EventTypeSpec {
            description: self.description,
            archived: self.archived.unwrap_or_default(),
            deprecated: self.deprecated.unwrap_or_default(),
            schemas,
            feature_flags: self.feature_flags.or(self.feature_flag.map(|flag| vec![flag])),
            group_name: self.group_name,
        }
    }
}

/// The specifications of event types, with their names. The schemas are checked here, outside of
/// any transaction.
pub(super) async fn specs(
    web: &Web,
    caller: &Caller,
    mut asked: Vec<EventTypeIn>,
) -> SvixResult<Vec<(String, EventTypeSpec)>> {
    let schemas = asked.iter_mut().map(|event_type| event_type.schemas.take()).collect();
    let schemas = schemas::check_all(&web.app.webhooks, &caller.organisation, schemas).await?;
    let named = |(event_type, schemas): (EventTypeIn, _)| (event_type.name.clone(), event_type.spec(schemas));
    Ok(asked.into_iter().zip(schemas).map(named).collect())
}

async fn spec(web: &Web, caller: &Caller, asked: EventTypeIn) -> SvixResult<(String, EventTypeSpec)> {
    let mut specs = specs(web, caller, vec![asked]).await?;
    Ok(specs.remove(0))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct EventTypePatch {
    #[serde(deserialize_with = "given")]
    description: Option<String>,
    #[serde(deserialize_with = "given")]
    archived: Option<bool>,
    #[serde(deserialize_with = "given")]
    deprecated: Option<bool>,
    schemas: Field<Map<String, Value>>,
    feature_flags: Field<Vec<String>>,
    feature_flag: Field<String>,
    group_name: Field<String>,
}

impl EventTypePatch {
    fn over(self, schemas: Option<Schemas>, mut spec: EventTypeSpec) -> EventTypeSpec {
        spec.description = self.description.unwrap_or(spec.description);
        spec.archived = self.archived.unwrap_or(spec.archived);
        spec.deprecated = self.deprecated.unwrap_or(spec.deprecated);
        if self.schemas.is_given() {
            spec.schemas = schemas;
        }
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
    OrgManager(caller): OrgManager,
    Body(asked): Body<EventTypeIn>,
) -> SvixResult<(StatusCode, Json<EventType>)> {
    let (webhooks, (name, spec)) = (web.app.webhooks.clone(), spec(&web, &caller, asked).await?);
    let made = web
        .app
        .db
        .write(move |tx| Box::pin(async move { event_types::create(tx, &webhooks, &caller, &name, spec).await }));
    let made = made.await.map_err(|error| match error {
        Error::Conflict(why) => SvixError::Http(StatusCode::CONFLICT, "event_type_exists", why),
        error => error.into(),
    });
    Ok((StatusCode::CREATED, Json(made?)))
}

pub(super) async fn list(State(web): State<Web>, access: Access, query: Query) -> SvixResult<Json<List<EventType>>> {
    // The list is always ordered by name; `order` is ignored.
    let asked = PageRequest::by_id(&query.without("order"), "", true)?;
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
    OrgManager(caller): OrgManager,
    Path(name): Path<String>,
    Body(asked): Body<EventTypeIn>,
) -> SvixResult<(StatusCode, Json<EventType>)> {
    let (webhooks, (_, spec)) = (web.app.webhooks.clone(), spec(&web, &caller, asked).await?);
    let put = web
        .app
        .db
        .write(move |tx| Box::pin(async move { event_types::upsert(tx, &webhooks, &caller, &name, spec).await }));
    let (was_there, event_type) = put.await?;
    Ok((if was_there { StatusCode::OK } else { StatusCode::CREATED }, Json(event_type)))
}

pub(super) async fn patch(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
    Path(name): Path<String>,
    Body(mut patch): Body<EventTypePatch>,
) -> SvixResult<Json<EventType>> {
    let webhooks = web.app.webhooks.clone();
    let new = match &mut patch.schemas {
        Field::Set(schemas) => Some(std::mem::take(schemas)),
        Field::Keep | Field::Clear => None,
    };
    let new = schemas::check_all(&webhooks, &caller.organisation, vec![new]).await?.pop().flatten();
    let changed = web.app.db.write(move |tx| {
        Box::pin(async move {
            let before = event_types::get(tx, &caller.organisation, Viewer::Organisation, &name).await?;
            let spec = patch.over(new, (&before).into());
            event_types::upsert(tx, &webhooks, &caller, &name, spec).await
        })
    });
    Ok(Json(changed.await?.1))
}

pub(super) async fn delete(
    State(web): State<Web>,
    OrgManager(caller): OrgManager,
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

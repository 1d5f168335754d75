//! Layouts, partials and guides: written, read and committed like workflows.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{MethodRouter, get, put};
use campanile_base::{Error, sha256_hex};
use campanile_notify::resources::{self, Kind, Resource};
use serde_json::{Value, json};

use super::body::Body;
use super::client::Client;
use super::error::{KnockError, KnockResult};
use super::management::{ENVIRONMENT, author, by_key, page_of};
use super::query::Query;
use crate::Web;

/// A kind of document: what requests wrap it in, and what it must say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Documents {
    kind: Kind,
    word: &'static str,
    required: &'static [&'static str],
}

pub(super) const LAYOUTS: Documents =
    Documents { kind: Kind::EmailLayout, word: "email_layout", required: &["html_layout"] };
pub(super) const PARTIALS: Documents = Documents { kind: Kind::Partial, word: "partial", required: &["content"] };
pub(super) const GUIDES: Documents = Documents { kind: Kind::Guide, word: "guide", required: &[] };

impl Documents {
    pub(super) fn list(self) -> MethodRouter<Web> {
        get(move |State(web): State<Web>, client: Client, query: Query| async move {
            client.must_manage()?;
            let (range, size) = by_key(&query);
            let read = web.app.db.read(move |tx| {
                Box::pin(async move { resources::list(tx, &client.organisation, self.kind, &range).await })
            });
            KnockResult::Ok(page_of(read.await?, size, |found| &found.key, view))
        })
    }

    pub(super) fn one(self) -> MethodRouter<Web> {
        get(move |State(web): State<Web>, client: Client, Path(key): Path<String>| self.read(web, client, key))
            .put(move |State(web): State<Web>, client: Client, Path(key): Path<String>, query: Query, body: Body| {
                self.write(web, client, key, query, body)
            })
            .delete(move |State(web): State<Web>, client: Client, Path(key): Path<String>| {
                self.delete(web, client, key)
            })
    }

    pub(super) fn validate(self) -> MethodRouter<Web> {
        put(move |client: Client, Path(key): Path<String>, body: Body| async move {
            client.must_manage()?;
            let mut document = self.checked(body)?;
            document["key"] = key.into();
            document["valid"] = true.into();
            KnockResult::Ok(Json(json!({ self.word: document })))
        })
    }

    pub(super) fn activate(self) -> MethodRouter<Web> {
        put(move |State(web): State<Web>, client: Client, Path(key): Path<String>, body: Body| async move {
            client.must_manage()?;
            let is_active = body.0.get("status").and_then(Value::as_bool);
            let is_active = is_active.ok_or_else(|| KnockError::field("status", "must be true or false"))?;
            let written = web.app.db.write(move |tx| {
                Box::pin(async move {
                    resources::activate(tx, &client.organisation, self.kind, &key, is_active).await?;
                    resources::get(tx, &client.organisation, self.kind, &key).await
                })
            });
            let found = written.await?.ok_or_else(|| KnockError::missing(self.word))?;
            KnockResult::Ok(Json(json!({ self.word: view(&found) })))
        })
    }

    async fn read(self, web: Web, client: Client, key: String) -> KnockResult<Json<Value>> {
        client.must_manage()?;
        let read = web
            .app
            .db
            .read(move |tx| Box::pin(async move { resources::get(tx, &client.organisation, self.kind, &key).await }));
        Ok(Json(view(&read.await?.ok_or_else(|| KnockError::missing(self.word))?)))
    }

    async fn write(self, web: Web, client: Client, key: String, query: Query, body: Body) -> KnockResult<Json<Value>> {
        client.must_manage()?;
        let document = self.checked(body)?;
        let commits = query.flag("commit") == Some(true);
        let note = query.text("commit_message").unwrap_or_default().to_owned();
        let (author, notify) = (author(&client), web.app.notify.clone());
        let written = web.app.db.write(move |tx| {
            Box::pin(async move {
                let organisation = &client.organisation;
                let written = resources::put(tx, &notify, organisation, self.kind, &key, &document).await?;
                if commits {
                    resources::commit(tx, &notify, organisation, self.kind, &key, (&note, &author)).await?;
                }
                if let Some(is_active) = document.get("active").and_then(Value::as_bool) {
                    resources::activate(tx, organisation, self.kind, &key, is_active).await?;
                }
                let found = resources::get(tx, organisation, self.kind, &key).await?;
                Ok::<_, Error>(found.unwrap_or(written))
            })
        });
        Ok(Json(json!({ self.word: view(&written.await?) })))
    }

    async fn delete(self, web: Web, client: Client, key: String) -> KnockResult<StatusCode> {
        client.must_manage()?;
        let deleted = web.app.db.write(move |tx| {
            Box::pin(async move { resources::delete(tx, &client.organisation, self.kind, &key).await })
        });
        deleted.await?;
        Ok(StatusCode::NO_CONTENT)
    }

    /// The document in a request, with all that it must say.
    fn checked(self, Body(mut body): Body) -> KnockResult<Value> {
        let document = body.remove(self.word).ok_or_else(|| KnockError::field(self.word, "is required"))?;
        if !document.is_object() {
            return Err(KnockError::field(self.word, "must be an object"));
        }
        for name in self.required {
            let text = document[*name].as_str().ok_or_else(|| KnockError::field(name, "is required"))?;
            let fault = campanile_notify::workflows::Text::new(text).check().err();
            if let Some(fault) = fault {
                return Err(KnockError::field(name, &fault.to_string()));
            }
        }
        Ok(document)
    }
}

fn view(found: &Resource) -> Value {
    let mut view = found.draft.clone();
    let sha = sha256_hex(view.to_string());
    if let Value::Object(map) = &mut view {
        map.insert("key".to_owned(), found.key.as_str().into());
        map.insert("active".to_owned(), found.is_active.into());
        map.insert("valid".to_owned(), true.into());
        map.insert("sha".to_owned(), sha.into());
        map.insert("environment".to_owned(), ENVIRONMENT.into());
        map.insert("created_at".to_owned(), json!(found.created_at));
        map.insert("updated_at".to_owned(), json!(found.updated_at));
    }
    view
}

//! The models of a node: the one of its settings, and those of earlier settings that still serve a workspace.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use campanile_base::{Clock, Error, Result};
use campanile_db::Db;
use campanile_models::{EmbeddingsKind, EmbeddingsSettings};
use campanile_net::Client;

use super::embedder::{Embedder, EmbedderSettings};
use crate::serving::{self, StoredEmbedder};

/// The pause before a model that could not be run is tried again.
const PAUSE: Duration = Duration::from_secs(60);

/// The models of a node that make vectors.
pub(crate) struct Embedders {
    /// The one of the settings; `None` when search is by words alone.
    target: Option<Arc<Embedder>>,
    client: Client,
    clock: Clock,
    /// Those of earlier settings.
    others: Mutex<HashMap<String, FormerEmbedder>>,
}

/// A model of earlier settings.
#[derive(Clone)]
struct FormerEmbedder {
    /// `None` if it cannot be run.
    embedder: Option<Arc<Embedder>>,
    /// The time at which that was tried.
    tried: Instant,
}

impl Embedders {
    /// # Errors
    /// `Invalid` when the model of the settings cannot be used.
    pub(crate) fn new(settings: EmbedderSettings, client: &Client, clock: &Clock) -> Result<Self> {
        let target = Embedder::new(settings, client, clock)?;
        Ok(Self { target, client: client.clone(), clock: clock.clone(), others: Mutex::default() })
    }

    /// The model of the settings.
    pub(crate) fn target(&self) -> Option<&Arc<Embedder>> {
        self.target.as_ref()
    }

    /// The model with an id, if this node can run it.
    ///
    /// # Errors
    /// `Unavailable`.
    pub(crate) async fn get(&self, db: &Db, id: &str) -> Result<Option<Arc<Embedder>>> {
        let Some(target) = &self.target else { return Ok(None) };
        if target.id() == id {
            return Ok(Some(target.clone()));
        }
        let known = self.others.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        match known {
            Some(FormerEmbedder { embedder: Some(found), .. }) => return Ok(Some(found)),
            Some(FormerEmbedder { tried, .. }) if tried.elapsed() < PAUSE => return Ok(None),
            _ => {}
        }
        let opened = self.open(db, id).await?;
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.insert(id.to_owned(), FormerEmbedder { embedder: opened.clone(), tried: Instant::now() });
        Ok(opened)
    }

    /// Frees models that were not used for a while.
    pub(crate) fn rest(&self) {
        self.target.iter().for_each(|target| target.rest());
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.values().filter_map(|former| former.embedder.as_ref()).for_each(|other| other.rest());
    }

    async fn open(&self, db: &Db, id: &str) -> Result<Option<Arc<Embedder>>> {
        let named = id.to_owned();
        let stored = db.read(move |tx| Box::pin(async move { serving::embedder(tx, &named).await })).await?;
        let (settings, dimensions) = match stored {
            Some((stored, dimensions)) => (self.settings(stored), dimensions),
            // Before models were stored, there was one that needs no settings.
            None => (Some(EmbedderSettings::BuiltIn), None),
        };
        let Some(settings) = settings else { return Ok(None) };
        let (client, clock) = (self.client.clone(), self.clock.clone());
        let opened = tokio::task::spawn_blocking(move || Embedder::new(settings, &client, &clock));
        let opened = match opened.await.map_err(Error::internal)? {
            Ok(opened) => opened.filter(|opened| opened.id() == id),
            Err(error) => {
                tracing::warn!(embedder = id, error = error.chain(), "a model of earlier settings cannot be run");
                None
            }
        };
        if let (Some(opened), Some(dimensions)) = (&opened, dimensions.and_then(|count| usize::try_from(count).ok())) {
            opened.expect_dimensions(dimensions);
        }
        Ok(opened)
    }

    /// The settings of a stored model. A provider that wants a key is known only while the settings have one
    /// for the same address.
    fn settings(&self, stored: StoredEmbedder) -> Option<EmbedderSettings> {
        let settings = match stored {
            StoredEmbedder::BuiltIn => EmbedderSettings::BuiltIn,
            StoredEmbedder::Folder { path } => EmbedderSettings::Folder(path.into()),
            StoredEmbedder::Provider {
                api,
                url,
                model,
                dimensions,
                query_prefix,
                document_prefix,
                max_tokens,
                has_key,
            } => {
                let current = self.target.as_ref().and_then(|target| target.provider());
                let key = current.filter(|current| current.url == url).and_then(|current| current.key.clone());
                if has_key && key.is_none() {
                    return None;
                }
                let kind = EmbeddingsKind::parse(&api)?;
                let key = key.filter(|_| has_key);
                EmbedderSettings::Provider(EmbeddingsSettings {
                    url,
                    key,
                    model,
                    dimensions,
                    kind,
                    query_prefix,
                    document_prefix,
                    max_tokens,
                })
            }
        };
        Some(settings)
    }
}

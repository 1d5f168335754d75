//! The check of the model at the start of a node.

use campanile_base::{Error, Result};
use campanile_models::ModelError;

use crate::{Memory, serving};

/// Keeps what it takes to run the model again, and asks a provider for one vector.
///
/// # Errors
/// `Unavailable`; `Invalid` when the provider makes vectors that cannot be used. One that does not answer is only
/// logged: it is asked again when it is needed.
pub async fn start(memory: &Memory) -> Result<()> {
    let Some(target) = memory.embedders.target() else { return Ok(()) };
    let (id, stored, now) = (target.id().to_owned(), target.stored(), memory.clock.now());
    let known = memory.db.write(move |tx| {
        Box::pin(async move {
            serving::keep_embedder(tx, &id, &stored, now).await?;
            serving::embedder(tx, &id).await
        })
    });
    if let Some((_, Some(dimensions))) = known.await? {
        target.expect_dimensions(usize::try_from(dimensions).unwrap_or(0));
    }
    match target.probe().await {
        Err(ModelError::Unusable(why)) => {
            Err(Error::invalid_field("embeddings_model", format!("cannot be used: {why}")))
        }
        Err(error) => {
            tracing::error!(%error, "the model that makes vectors does not answer; search goes by words until it does");
            Ok(())
        }
        Ok(_) => Ok(()),
    }
}

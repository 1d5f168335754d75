//! Deletes documents of a source, and lets the deletion reach the answers that quote them.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Result;
use campanile_db::Tx;
use campanile_inbound::sources::SourceId;
use campanile_inbound::sync::versions;
use campanile_memory::documents;

use crate::{App, forgotten_documents};

/// Deletes a document of a source with all that is known of it. `false` if there is no such document.
pub(super) async fn delete(
    tx: &mut Tx,
    app: &App,
    tenant: (&OrganisationId, &WorkspaceId),
    source: &SourceId,
    key: &str,
) -> Result<bool> {
    versions::queries::forget(tx, (tenant.0, source), key).await?;
    delete_document(tx, app, tenant, source, key).await
}

/// Deletes a document of a source from the memory. `false` if there is no such document.
pub(super) async fn delete_document(
    tx: &mut Tx,
    app: &App,
    tenant: (&OrganisationId, &WorkspaceId),
    source: &SourceId,
    key: &str,
) -> Result<bool> {
    let Some(id) = documents::id_in_source(tx, tenant.1, source.as_str(), key).await? else { return Ok(false) };
    let deleted = documents::delete(tx, &app.memory, tenant, &id).await?;
    forgotten_documents::soon(tx, app, tenant.0.as_str(), &id).await?;
    Ok(deleted.is_some())
}

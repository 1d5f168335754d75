//! Documents that people and programs add: stored, announced, and noted in the activity trail.

use campanile_accounts::activity::{self, Action};
use campanile_accounts::live::LiveEventKind;
use campanile_accounts::{Caller, Permission, Workspace};
use campanile_base::{Error, Result, Thing};
use campanile_db::Tx;
use campanile_memory::documents::{
    self, Change, Document, DocumentChange, DocumentId, DocumentInput, SourceName, prepare,
};
use serde_json::json;

use crate::{App, forgotten_documents, outbound};

impl App {
    /// Stores a document of the API: the one with this id, or the one with its external id, or a new
    /// one.
    ///
    /// # Errors
    /// `Forbidden`; `Invalid` for a document out of bounds; like [`documents::put`].
    pub async fn put_document(
        &self,
        caller: &Caller,
        workspace: &Workspace,
        id: Option<DocumentId>,
        input: DocumentInput,
    ) -> Result<DocumentChange> {
        caller.must(Permission::Configure)?;
        let prepared = tokio::task::spawn_blocking(move || prepare(input)).await.map_err(Error::internal)??;
        let (app, caller, workspace) = (self.clone(), caller.clone(), workspace.clone());
        let put = self.db.write(move |tx| {
            Box::pin(async move {
                let tenant = (&workspace.organisation_id, &workspace.id);
                let put = documents::put(tx, &app.memory, tenant, &SourceName::api(), id.as_ref(), &prepared).await?;
                let action = match put.change {
                    Change::Unchanged => return Ok(put),
                    Change::Created => Action::DocumentCreated,
                    Change::Updated => Action::DocumentUpdated,
                };
                app.record_document(tx, &caller, action, &put.document).await?;
                app.document_processed(tx, &workspace, &put).await?;
                Ok(put)
            })
        });
        put.await
    }

    /// Removes a document.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound`.
    pub async fn delete_document(&self, caller: Caller, workspace: Workspace, id: DocumentId) -> Result<()> {
        caller.must(Permission::Configure)?;
        let app = self.clone();
        let deleted = self.db.write(move |tx| {
            Box::pin(async move {
                let tenant = (&workspace.organisation_id, &workspace.id);
                let deleted = documents::delete(tx, &app.memory, tenant, &id).await?;
                let document = deleted.ok_or(Error::NotFound(Thing::Document))?;
                app.record_document(tx, &caller, Action::DocumentDeleted, &document).await?;
                forgotten_documents::soon(tx, &app, workspace.organisation_id.as_str(), &id).await?;
                app.tell_of_document(tx, &workspace, &id);
                Ok(())
            })
        });
        deleted.await
    }

    /// Announces a document that was stored, in the same transaction: to endpoints and open pages.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn document_processed(&self, tx: &mut Tx, workspace: &Workspace, put: &DocumentChange) -> Result<()> {
        outbound::document_processed(tx, self, workspace, &put.document).await?;
        self.tell_of_document(tx, workspace, &put.document.id);
        metrics::counter!("campanile_documents_total", "source" => put.document.source.clone()).increment(1);
        Ok(())
    }

    async fn record_document(&self, tx: &mut Tx, caller: &Caller, action: Action, document: &Document) -> Result<()> {
        let about = json!({ "title": document.title, "path": document.path, "passages": document.passages });
        activity::record(tx, &self.clock, caller, action, document.id.as_str(), about).await
    }

    fn tell_of_document(&self, tx: &mut Tx, workspace: &Workspace, id: &DocumentId) {
        let (live, organisation, workspace) =
            (self.live.clone(), workspace.organisation_id.clone(), workspace.id.clone());
        let id = id.clone();
        tx.after_commit(move || live.tell(&organisation, &workspace, LiveEventKind::Document, id.as_str()));
    }
}

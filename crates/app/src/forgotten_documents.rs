//! Lets the deletion of a document reach the answers that quote it: a job, which is stored with the deletion.

use campanile_accounts::OrganisationId;
use campanile_base::Result;
use campanile_db::Tx;
use campanile_engine::{JobOptions, NewJob, Outcome, Registry};
use campanile_memory::documents::DocumentId;
use serde::{Deserialize, Serialize};

use crate::App;

/// The kind of the job.
const KIND: &str = "campanile.forget-document";

#[derive(Debug, Serialize, Deserialize)]
struct Args {
    document: String,
}

/// Forgets the texts of a deleted document in stored answers, soon after this transaction.
pub(crate) async fn soon(tx: &mut Tx, app: &App, organisation: &str, id: &DocumentId) -> Result<()> {
    let args = Args { document: id.to_string() };
    Ok(app.engine.enqueue(tx, NewJob::new(KIND, organisation, &args)).await.map(drop)?)
}

/// Registers the job.
pub(crate) fn register(registry: &mut Registry, app: &App) {
    let within = app.clone();
    registry.register(KIND, JobOptions::default(), move |attempt| {
        let app = within.clone();
        async move {
            let Args { document } = attempt.job.args()?;
            let organisation = OrganisationId::from(attempt.job.tenant.to_string());
            campanile_answers::forget_document(&app.db, &organisation, &document).await?;
            Ok(Outcome::done())
        }
    });
}

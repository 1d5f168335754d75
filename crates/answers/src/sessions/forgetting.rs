//! Forgets the texts of deleted documents in stored answers.
//!
//! A job of the deletion looks at the turns that are stored already. A turn that was being answered meanwhile is
//! stored afterwards, and finds that its document is gone.

use std::collections::BTreeSet;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Result;
use campanile_db::{Db, Tx};
use campanile_memory::documents;

use super::queries::{self, Place};
use crate::answer::Answer;

/// The turns that are looked at together.
const TOGETHER: i64 = 200;

/// Removes the texts of a document from all answers of a workspace. Returns the number of changed answers.
///
/// # Errors
/// `Unavailable`.
pub async fn forget_document(db: &Db, workspace: &WorkspaceId, document: &str) -> Result<usize> {
    let (mut changed, mut from) = (0, Place::default());
    loop {
        let (of, after) = (workspace.clone(), from.clone());
        let read = db.read_in_turn(workspace.as_str(), move |tx| {
            Box::pin(async move { queries::answered(tx, &of, &after, TOGETHER).await })
        });
        let turns: Vec<(Place, Answer)> = read.await?;
        let is_last = (turns.len() as i64) < TOGETHER;
        from = turns.last().map(|(place, _)| place.clone()).unwrap_or_default();
        let mut forgotten = Vec::new();
        for (_, mut answer) in turns {
            if answer.forget(document) {
                forgotten.push(answer);
            }
        }
        changed += forgotten.len();
        if !forgotten.is_empty() {
            let of = workspace.clone();
            let write = db.write(move |tx| {
                Box::pin(async move {
                    for answer in &forgotten {
                        queries::set_answer(tx, &of, answer).await?;
                    }
                    Ok::<_, campanile_db::Error>(())
                })
            });
            write.await?;
        }
        if is_last {
            return Ok(changed);
        }
    }
}

/// Removes from an answer that is about to be stored what was deleted while it was made.
pub(super) async fn forget_deleted(tx: &mut Tx, organisation: &OrganisationId, answer: &mut Answer) -> Result<()> {
    let named: BTreeSet<String> =
        answer.passages.iter().filter_map(|passage| passage.document().map(str::to_owned)).collect();
    for document in named {
        if documents::workspace_of(tx, organisation, &document).await?.is_none() {
            answer.forget(&document);
        }
    }
    Ok(())
}

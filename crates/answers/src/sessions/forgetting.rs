//! Forgets the texts of deleted observations and documents in stored answers.
//!
//! Each answer is stored with the ids of what it has passages of, so that a deletion finds its answers without a
//! look at the others. An answer that was being made meanwhile is stored afterwards, and finds that something of
//! it is gone.

use std::collections::BTreeSet;

use campanile_accounts::OrganisationId;
use campanile_base::{Result, Timestamp, lowest_id};
use campanile_db::{Db, Tx};
use campanile_memory::{documents, observations};

use super::queries::{self, Quote};
use crate::answer::Answer;

/// The answers that are changed together.
const TOGETHER: i64 = 200;

/// Removes the texts of a document from all answers of its organisation. Returns the number of changed answers.
///
/// # Errors
/// `Unavailable`.
pub async fn forget_document(db: &Db, organisation: &OrganisationId, document: &str) -> Result<usize> {
    list_earlier(db).await?;
    let mut changed = 0;
    loop {
        let (of, subject) = (organisation.clone(), document.to_owned());
        let write = db.write(move |tx| {
            Box::pin(async move {
                let quotes = queries::quotes_of(tx, &of, &subject, TOGETHER).await?;
                forget(tx, &quotes).await
            })
        });
        let some = write.await?;
        changed += some;
        if some < TOGETHER as usize {
            return Ok(changed);
        }
    }
}

/// Removes the texts of observations that were stored before a time, in all organisations: their retention is
/// over.
pub(crate) async fn forget_observations(db: &Db, before: Timestamp) -> Result<()> {
    list_earlier(db).await?;
    let (first, end) = (lowest_id("obs", Timestamp::from_micros(0)), lowest_id("obs", before));
    loop {
        let (first, end) = (first.clone(), end.clone());
        let write = db.write(move |tx| {
            Box::pin(async move {
                let quotes = queries::quotes_between(tx, &first, &end, TOGETHER).await?;
                forget(tx, &quotes).await
            })
        });
        if write.await? < TOGETHER as usize {
            return Ok(());
        }
    }
}

/// Removes the texts of some quotes. Returns their number.
async fn forget(tx: &mut Tx, quotes: &[Quote]) -> campanile_db::Result<usize> {
    for Quote { organisation, subject, session, no } in quotes {
        let of = OrganisationId::from(organisation.clone());
        if let Some(mut answer) = queries::answer_of(tx, &of, session, *no).await? {
            answer.forget(subject);
            queries::set_answer(tx, &of, &answer).await?;
        }
    }
    queries::remove_quotes(tx, quotes).await?;
    Ok(quotes.len())
}

/// Removes from an answer that is about to be stored what was deleted while it was made, and lists the rest.
pub(super) async fn list_quotes(tx: &mut Tx, organisation: &OrganisationId, answer: &mut Answer) -> Result<()> {
    let named: BTreeSet<String> = answer.subjects().into_iter().map(str::to_owned).collect();
    let mut kept = Vec::new();
    for subject in named {
        let is_there = match documents::DocumentId::is_id(&subject) {
            true => documents::workspace_of(tx, organisation, &subject).await?.is_some(),
            false => observations::workspace_of(tx, organisation, &subject).await?.is_some(),
        };
        match is_there {
            true => kept.push(subject),
            false => answer.forget(&subject),
        }
    }
    Ok(queries::insert_quotes(tx, organisation, (&answer.session, answer.turn), &kept).await?)
}

/// Lists the quotes of answers that an earlier version has stored. Nothing is written once there are none.
async fn list_earlier(db: &Db) -> Result<()> {
    loop {
        let unlisted = db.read(|tx| Box::pin(async move { queries::unlisted(tx, TOGETHER).await })).await?;
        let number = unlisted.len();
        if number > 0 {
            let write = db.write(move |tx| {
                Box::pin(async move {
                    for (organisation, answer) in &unlisted {
                        let subjects: Vec<String> = answer.subjects().into_iter().map(str::to_owned).collect();
                        let of = OrganisationId::from(organisation.clone());
                        queries::insert_quotes(tx, &of, (&answer.session, answer.turn), &subjects).await?;
                    }
                    Ok::<_, campanile_db::Error>(())
                })
            });
            write.await?;
        }
        if number < TOGETHER as usize {
            return Ok(());
        }
    }
}

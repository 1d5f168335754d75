//! Calls that were made and are not stored yet.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use campanile_accounts::OrganisationId;
use campanile_base::{Clock, Result};
use campanile_db::Db;

use super::{Count, Purpose, count};

/// The calls of a node that are not stored yet.
#[derive(Debug, Default)]
pub struct Meter(Mutex<BTreeMap<(OrganisationId, Purpose), Count>>);

impl Meter {
    /// Notes calls.
    pub fn note(&self, organisation: &OrganisationId, purpose: Purpose, count: Count) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = noted.entry((organisation.clone(), purpose)).or_default();
        sum.calls += count.calls;
        sum.input_tokens += count.input_tokens;
        sum.output_tokens += count.output_tokens;
    }

    /// Stores what was noted. What cannot be stored stays noted.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn store(&self, db: &Db, clock: &Clock) -> Result<()> {
        let taken = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if taken.is_empty() {
            return Ok(());
        }
        let (now, noted) = (clock.now(), taken.clone());
        let stored: Result<()> = db
            .write(move |tx| {
                Box::pin(async move {
                    for ((organisation, purpose), sum) in noted {
                        count(tx, &organisation, purpose, sum, now).await?;
                    }
                    Ok(())
                })
            })
            .await;
        if stored.is_err() {
            taken.into_iter().for_each(|((organisation, purpose), sum)| self.note(&organisation, purpose, sum));
        }
        stored
    }
}

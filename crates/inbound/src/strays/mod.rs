//! Strays: verified deliveries to an app, of an account that nobody has connected yet. GitHub tells of
//! an installation before the person comes back from it.
//!
//! They are kept for seven days, and go their way in the order of their arrival as soon as somebody
//! connects the account. Their number and their size are bounded: an app that everybody may install
//! must not fill the database.

pub(crate) mod queries;

use std::time::Duration;

use campanile_base::new_id;
use campanile_db::Tx;

use crate::routing::AppDelivery;

/// The time for which they are kept.
pub(crate) const KEPT: Duration = Duration::from_secs(7 * 24 * 3_600);
/// The most strays of an account.
const MOST: i64 = 1_000;
/// The most bytes of a stray's body.
const LARGEST: usize = 1024 * 1024;

/// A stray, and its id.
#[derive(Debug, Clone)]
pub(crate) struct Stray {
    pub(crate) id: String,
    pub(crate) delivery: AppDelivery,
}

/// Keeps a stray. Returns its id; `None` for a repeat, for a large one, and for one too many.
pub(crate) async fn keep(tx: &mut Tx, delivery: &AppDelivery) -> campanile_db::Result<Option<String>> {
    if delivery.body.len() > LARGEST || queries::number_of(tx, &delivery.app_id, &delivery.account).await? >= MOST {
        return Ok(None);
    }
    let id = new_id("sty", delivery.received_at);
    Ok(queries::insert(tx, &id, delivery).await?.then_some(id))
}

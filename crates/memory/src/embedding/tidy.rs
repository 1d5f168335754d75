//! Removes vectors that nothing needs.

use campanile_base::Result;

use crate::{Memory, serving, vectors};

/// Removes the vectors of models that serve no more, once their time is over. A node that is killed in the midst
/// goes on at its next look.
///
/// # Errors
/// `Unavailable`.
pub async fn tidy(memory: &Memory) -> Result<()> {
    let now = memory.clock.now();
    let read = memory.db.read(move |tx| Box::pin(async move { serving::abandoned(tx, now).await }));
    for (workspace, embedder) in read.await? {
        loop {
            let (of, id) = (workspace.clone(), embedder.clone());
            let removed = memory.db.write(move |tx| {
                Box::pin(async move {
                    let removed = vectors::forget(tx, &of, &id).await?;
                    if removed == 0 {
                        serving::forget_previous(tx, &of, &id).await?;
                    }
                    Ok::<_, campanile_db::Error>(removed)
                })
            });
            if removed.await? == 0 {
                break;
            }
        }
    }
    Ok(())
}

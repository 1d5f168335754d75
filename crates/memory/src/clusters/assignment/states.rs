//! The states of issues and pull requests that clusters share.

use std::collections::{BTreeSet, HashSet};

use campanile_base::Result;
use campanile_db::Tx;

use super::observed::Observed;
use super::{Clusters, queries};
use crate::observations::ClusterId;

impl Clusters<'_> {
    /// Tells all clusters that are about the same issues and pull requests the newest states of these: the one in
    /// which something was opened is completed by what was told in another.
    pub(super) async fn exchange_states(&mut self, tx: &mut Tx, observed: &[Observed]) -> Result<()> {
        let keys: BTreeSet<&str> =
            observed.iter().flat_map(|one| &one.subjects).map(|state| state.key.as_str()).collect();
        let told = queries::states_of(tx, self.workspace, &keys).await?;
        let others: BTreeSet<&ClusterId> = told.iter().filter_map(|state| state.cluster.as_ref()).collect();
        let missing: Vec<&ClusterId> = others.iter().copied().filter(|id| !self.all.contains_key(*id)).collect();
        let loaded = queries::loaded(tx, self.workspace, &missing, self.embedder).await?;
        self.all.extend(loaded.into_iter().map(|cluster| (cluster.id.clone(), cluster)));
        let touched: HashSet<ClusterId> = self.of.values().cloned().collect();
        for cluster in
            self.all.values_mut().filter(|cluster| touched.contains(&cluster.id) || others.contains(&cluster.id))
        {
            let mut is_changed = false;
            for state in &told {
                is_changed |= cluster.learn(&state.key, state.told);
            }
            if is_changed && !touched.contains(&cluster.id) {
                self.informed.insert(cluster.id.clone());
            }
        }
        Ok(())
    }
}

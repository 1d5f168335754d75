//! Documents in a search: a filter by a place stands for the documents below it.

use campanile_accounts::WorkspaceId;
use campanile_base::Result;
use campanile_search::Filter;

use crate::Memory;
use crate::documents::reading;

/// The begin of the tag of a document.
const TAG: &str = "document:";

/// Lets a filter by a place stand for the documents there and below. A place without documents stays a tag that
/// nothing has.
pub(super) async fn widen(memory: &Memory, workspace: &WorkspaceId, filter: &mut Filter) -> Result<()> {
    for list in filter.tags.iter_mut().chain([&mut filter.without]) {
        let named: Vec<String> = list.iter().filter_map(|tag| tag.strip_prefix(TAG)).map(str::to_owned).collect();
        if !named.is_empty() {
            let ids = reading::ids_of(&memory.db, workspace, &named).await?;
            list.extend(ids.into_iter().map(|id| format!("{TAG}{id}")));
        }
    }
    Ok(())
}

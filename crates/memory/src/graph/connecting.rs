//! Connects new observations to earlier ones, and to each other.

use std::collections::HashMap;

use campanile_accounts::WorkspaceId;
use campanile_base::source_event::{Reference, ReferenceKind};
use campanile_base::{Result, Timestamp, new_id};
use campanile_db::Tx;

use super::queries::{self, MOST_PER_REFERENCE};
use super::{Met, Neighbour, NewEdge, ReferenceRow, Role, Side, rules};
use crate::observations::{Draft, ObservationId};

/// A thing that observations share.
type Shared = (ReferenceKind, String);

/// New observations of a workspace while they are connected, one after the other.
#[derive(Debug)]
pub(crate) struct Connecting {
    /// The observations with each reference, the newest last.
    met: HashMap<Shared, Vec<Met>>,
    /// The references of those that are still to be connected, in their order.
    next: std::vec::IntoIter<Vec<ReferenceRow>>,
    /// The references of the last one that was connected.
    of_last: Vec<ReferenceRow>,
    references: Vec<(ObservationId, ReferenceRow)>,
    edges: Vec<NewEdge>,
}

impl Connecting {
    /// Looks up the references of new observations.
    pub(crate) async fn begin(tx: &mut Tx, workspace: &WorkspaceId, drafts: &[Draft<'_>]) -> Result<Self> {
        let next: Vec<Vec<ReferenceRow>> = drafts.iter().map(references).collect();
        let mut met: HashMap<Shared, Vec<Met>> = HashMap::new();
        for reference in next.iter().flatten() {
            met.entry((reference.kind, reference.key.clone())).or_default();
        }
        let asked: Vec<(ReferenceKind, &str)> = met.keys().map(|(kind, key)| (*kind, key.as_str())).collect();
        for (shared, found) in queries::sharing(tx, workspace, &asked).await? {
            met.entry(shared).or_default().push(found);
        }
        met.values_mut().for_each(|found| found.reverse());
        let (of_last, references, edges) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { met, next: next.into_iter(), of_last, references, edges })
    }

    /// Connects the next observation. Returns the other end of each edge. It must be [added](Self::add)
    /// before the one after it is connected.
    pub(crate) fn connect(&mut self, draft: &Draft<'_>, now: Timestamp) -> Vec<Neighbour> {
        let observation = &draft.observation;
        self.of_last = self.next.next().unwrap_or_default();
        let mut edges: HashMap<(&ObservationId, &'static str), (NewEdge, Neighbour)> = HashMap::new();
        for reference in &self.of_last {
            let met = self.met.get(&(reference.kind, reference.key.clone())).map_or(&[][..], Vec::as_slice);
            for Met { id: other, side, cluster, occurred_at } in met.iter().rev().take(MOST_PER_REFERENCE) {
                let Some(relation) = rules::relate(reference.kind, &reference.side, side) else { continue };
                let known = edges.get(&(other, relation.edge_type));
                if known.is_some_and(|(known, _)| known.relation.confidence >= relation.confidence) {
                    continue;
                }
                let (from, to) = match relation.from_new {
                    true => (observation.id.clone(), other.clone()),
                    false => (other.clone(), observation.id.clone()),
                };
                let (id, edge_type) = (new_id("edge", now), relation.edge_type);
                let edge = NewEdge { id, from, to, relation, written: reference.written.clone(), kind: reference.kind };
                let neighbour = Neighbour { edge_type, cluster: cluster.clone(), occurred_at: *occurred_at };
                edges.insert((other, edge_type), (edge, neighbour));
            }
        }
        let (edges, neighbours): (Vec<NewEdge>, Vec<Neighbour>) = edges.into_values().unzip();
        self.edges.extend(edges);
        neighbours
    }

    /// Lets those that are connected later meet the observation that was connected last.
    pub(crate) fn add(&mut self, draft: &Draft<'_>) {
        let observation = &draft.observation;
        for reference in self.of_last.drain(..) {
            let met = Met {
                id: observation.id.clone(),
                side: reference.side.clone(),
                cluster: observation.cluster_id.clone(),
                occurred_at: observation.occurred_at,
            };
            self.met.entry((reference.kind, reference.key.clone())).or_default().push(met);
            self.references.push((observation.id.clone(), reference));
        }
    }

    /// Stores the references and the edges.
    pub(crate) async fn store(self, tx: &mut Tx, workspace: &WorkspaceId, now: Timestamp) -> Result<()> {
        queries::insert_references(tx, workspace, &self.references).await?;
        Ok(queries::insert_edges(tx, workspace, &self.edges, now).await?)
    }
}

/// The references that can connect this observation: its own first, then those that only its text
/// mentions.
fn references(draft: &Draft<'_>) -> Vec<ReferenceRow> {
    let mut references: Vec<ReferenceRow> = Vec::new();
    let provider = &draft.observation.provider;
    for reference in &draft.event.references {
        let Some(key) = &reference.key else { continue };
        let role = if reference.is_subject { Role::Subject } else { Role::Reference };
        add(
            &mut references,
            reference.kind,
            key,
            &reference.id,
            Side { provider: provider.clone(), label: reference.label.clone(), role },
        );
    }
    for entity in draft.entities.iter().filter(|entity| entity.category == "project") {
        for (kind, key) in mentioned(&entity.key, draft) {
            let side = Side { provider: provider.clone(), label: None, role: Role::Mention };
            add(&mut references, kind, &key, &entity.key, side);
        }
    }
    references
}

fn add(references: &mut Vec<ReferenceRow>, kind: ReferenceKind, key: &str, written: &str, side: Side) {
    if !references.iter().any(|known| known.kind == kind && known.key == key) {
        references.push(ReferenceRow { kind, key: key.to_owned(), written: written.to_owned(), side });
    }
}

/// The references that a text may mean: `ABC-7` an issue; `#12` an issue or a pull request of the
/// event's own repository.
fn mentioned(written: &str, draft: &Draft<'_>) -> Vec<(ReferenceKind, String)> {
    if let Some(number) = written.strip_prefix('#').and_then(|digits| digits.parse().ok()) {
        let repository = draft.event.repository.as_deref();
        let key = repository.map(|repository| Reference::number_key(repository, number));
        return key.map_or_else(Vec::new, |key| vec![(ReferenceKind::Issue, key.clone()), (ReferenceKind::Pr, key)]);
    }
    let is_key = written.split_once('-').is_some_and(|(letters, digits)| {
        letters.chars().all(|c| c.is_ascii_uppercase()) && digits.chars().all(|c| c.is_ascii_digit())
    });
    if is_key { vec![(ReferenceKind::Issue, written.to_owned())] } else { Vec::new() }
}

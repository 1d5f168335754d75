use super::*;

fn stored(rows: &[(&str, &str)]) -> BTreeMap<String, StoredVersion> {
    let row = |version: &str| StoredVersion { version: version.to_owned(), is_document: true, is_missing: false };
    rows.iter().map(|(key, version)| ((*key).to_owned(), row(version))).collect()
}

fn listed(rows: &[(&str, &str)]) -> Vec<ListedDocument> {
    let row = |(key, version): &(&str, &str)| ListedDocument { key: (*key).to_owned(), version: (*version).to_owned() };
    rows.iter().map(row).collect()
}

fn fetched(plan: &Plan) -> Vec<&str> {
    plan.fetch.iter().map(|document| document.key.as_str()).collect()
}

fn moved(plan: &Plan) -> Vec<(&str, &str)> {
    plan.moves.iter().map(|Move { from, to }| (from.as_str(), to.as_str())).collect()
}

#[test]
fn only_other_versions_are_fetched() {
    let plan =
        plan(&stored(&[("a", "1"), ("b", "2")]), listed(&[("a", "1"), ("b", "3"), ("c", "4")]), &Coverage::Complete);
    assert_eq!((fetched(&plan), plan.unchanged), (vec!["b", "c"], 1));
    assert!(plan.moves.is_empty() && plan.delete.is_empty());
}

#[test]
fn a_version_at_a_new_place_has_moved_if_the_old_place_is_gone() {
    let before = stored(&[("a/x.md", "1"), ("b.md", "2")]);
    let plan = plan(&before, listed(&[("c/x.md", "1"), ("b.md", "2"), ("copy.md", "2")]), &Coverage::Complete);
    assert_eq!(moved(&plan), [("a/x.md", "c/x.md")]);
    // A copy is no move: its original is still there.
    assert_eq!((fetched(&plan), plan.delete.len()), (vec!["copy.md"], 0));
}

#[test]
fn equal_files_move_to_their_own_names() {
    let before = stored(&[("a/one.md", "1"), ("a/two.md", "1"), ("a/three.md", "1")]);
    let plan = plan(&before, listed(&[("b/two.md", "1"), ("b/one.md", "1")]), &Coverage::Complete);
    assert_eq!(moved(&plan), [("a/two.md", "b/two.md"), ("a/one.md", "b/one.md")]);
    assert_eq!(plan.delete, ["a/three.md"]);
}

#[test]
fn an_incomplete_listing_deletes_and_moves_nothing() {
    let before = stored(&[("a", "1"), ("b", "2")]);
    let plan = plan(&before, listed(&[("c", "1")]), &Coverage::Incomplete);
    assert_eq!((fetched(&plan), plan.moves.len(), plan.delete.len(), plan.missing.len()), (vec!["c"], 0, 0, 0));
}

#[test]
fn a_listing_of_some_keys_says_nothing_of_others() {
    let before = stored(&[("a", "1"), ("b", "2"), ("c", "3")]);
    let keys = |keys: &[&str]| Coverage::Keys(keys.iter().map(|key| (*key).to_owned()).collect());
    let removed = plan(&before, Vec::new(), &keys(&["a"]));
    assert_eq!((removed.delete, removed.unchanged), (vec!["a".to_owned()], 0));
    let renamed = plan(&before, listed(&[("d", "1")]), &keys(&["a", "d"]));
    assert_eq!(moved(&renamed), [("a", "d")]);
    assert!(renamed.delete.is_empty());
}

#[test]
fn a_document_that_may_be_hidden_is_deleted_the_second_time() {
    let mut rows = stored(&[("a", "1"), ("b", "2")]);
    let first = plan(&rows, listed(&[("b", "2")]), &Coverage::CompleteIfRepeated);
    assert_eq!((first.missing, first.delete.len()), (vec!["a".to_owned()], 0));
    rows.get_mut("a").unwrap().is_missing = true;
    let second = plan(&rows, listed(&[("b", "2")]), &Coverage::CompleteIfRepeated);
    assert_eq!((second.delete, second.missing.len()), (vec!["a".to_owned()], 0));
    let back = plan(&rows, listed(&[("a", "1"), ("b", "2")]), &Coverage::CompleteIfRepeated);
    assert_eq!((back.found_again, back.unchanged), (vec!["a".to_owned()], 2));
}

#[test]
fn a_file_that_was_left_out_is_not_moved_and_not_fetched_again() {
    let mut rows = stored(&[("a", "1")]);
    rows.get_mut("a").unwrap().is_document = false;
    assert_eq!(plan(&rows, listed(&[("a", "1")]), &Coverage::Complete).unchanged, 1);
    let renamed = plan(&rows, listed(&[("b", "1")]), &Coverage::Complete);
    assert_eq!((fetched(&renamed), renamed.moves.len(), renamed.delete.len()), (vec!["b"], 0, 1));
}

#[test]
fn a_thousand_renamed_files_are_a_thousand_moves() {
    let rows: Vec<(String, String)> = (0..1_000).map(|n| (format!("old/{n}.md"), format!("sha{n}"))).collect();
    let row = |version: &String| StoredVersion { version: version.clone(), is_document: true, is_missing: false };
    let before = rows.iter().map(|(key, version)| (key.clone(), row(version))).collect();
    let after =
        rows.iter().map(|(key, version)| ListedDocument { key: key.replace("old", "new"), version: version.clone() });
    let plan = plan(&before, after.collect(), &Coverage::Complete);
    assert_eq!((plan.moves.len(), plan.fetch.len(), plan.delete.len()), (1_000, 0, 0));
}

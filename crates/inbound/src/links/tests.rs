use super::*;

fn found(text: &str) -> Vec<(String, String, String)> {
    let found = closed_issues(text, "Acme/Shop").into_iter();
    found.map(|r| (r.label.unwrap_or_default(), r.id, r.key.unwrap_or_default())).collect()
}

fn expect(label: &str, id: &str, key: &str) -> (String, String, String) {
    (label.into(), id.into(), key.into())
}

#[test]
fn every_form_of_a_closing_keyword_is_normalised() {
    let text = "Fix #1, fixes #2, close #3, closes #4, closed #5, resolve #6, resolves #7, resolved #8, fixed #9";
    let labels: Vec<String> = found(text).into_iter().map(|(label, ..)| label).collect();
    assert_eq!(labels, ["fixes", "fixes", "closes", "closes", "closes", "resolves", "resolves", "resolves", "fixes"]);
}

#[test]
fn numbers_carry_their_repository_and_keys_stand_alone() {
    assert_eq!(found("Fixes #361"), [expect("fixes", "#361", "acme/shop#361")]);
    assert_eq!(found("closes other/repo#5"), [expect("closes", "#5", "other/repo#5")]);
    assert_eq!(
        found("- Fixes LF-412\n- Resolves Sentry NEURAL-847"),
        [expect("fixes", "LF-412", "LF-412"), expect("resolves", "NEURAL-847", "NEURAL-847"),]
    );
}

#[test]
fn words_without_an_issue_link_nothing() {
    assert_eq!(found("Fixes embedding mismatch. Prefixes #1. See #2. A closed door."), []);
}

#[test]
fn an_issue_that_is_named_twice_is_one_reference() {
    assert_eq!(found("Fixes #1. Closes #1.").len(), 1);
}

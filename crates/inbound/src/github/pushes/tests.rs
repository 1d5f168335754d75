use serde_json::{Value, json};

use super::*;

fn push(change: impl FnOnce(&mut Value)) -> Option<DefaultBranchPush> {
    let commit = |added: &[&str], modified: &[&str], removed: &[&str]| json!({ "id": "c", "added": added, "modified": modified, "removed": removed });
    let mut body = json!({
        "ref": "refs/heads/main", "before": "1111", "after": "2222", "created": false, "deleted": false, "forced": false,
        "repository": { "id": 7, "default_branch": "main" },
        "commits": [commit(&["a.md", "b.md"], &[], &["old.md"]), commit(&["old.md"], &["c.md"], &["b.md"])],
    });
    change(&mut body);
    of_default_branch(&body)
}

#[test]
fn the_last_change_of_a_file_counts() {
    let push = push(|_| {}).unwrap();
    assert_eq!((push.repository, push.head.as_str()), (7, "2222"));
    let changes = push.changes.unwrap();
    assert_eq!(
        (changes.changed, changes.removed),
        (["a.md", "c.md", "old.md"].map(str::to_owned).to_vec(), vec!["b.md".to_owned()],)
    );
}

#[test]
fn a_push_that_does_not_tell_all_names_no_files() {
    let commit = json!({ "added": ["x.md"] });
    let changes: [(&str, Value); 5] = [
        ("forced", json!(true)),
        ("created", json!(true)),
        ("before", json!("0000000000")),
        ("commits", json!(vec![commit; CUT])),
        // A merge without commits of its own, or an event of another version.
        ("commits", json!([])),
    ];
    for (field, value) in changes {
        let push = push(|body| body[field] = value.clone()).unwrap();
        assert_eq!(push.changes, None, "{field}");
    }
}

#[test]
fn other_branches_and_tags_are_not_followed() {
    for reference in ["refs/heads/feature", "refs/tags/main", "main"] {
        assert_eq!(push(|body| body["ref"] = json!(reference)), None, "{reference}");
    }
    assert_eq!(push(|body| body["deleted"] = json!(true)), None);
    assert_eq!(of_default_branch(&json!({})), None);
}

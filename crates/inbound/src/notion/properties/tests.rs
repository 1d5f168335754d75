use serde_json::json;

use super::*;

fn rich(text: &str) -> Value {
    json!([{ "type": "text", "plain_text": text, "annotations": {}, "href": null }])
}

#[test]
fn a_title_is_found_by_its_type() {
    let page = json!({ "properties": { "Name": { "type": "title", "title": rich("Release\nplan") } } });
    assert_eq!(title(&page).as_deref(), Some("Release plan"));
    assert_eq!(title(&json!({ "title": rich("Tasks") })).as_deref(), Some("Tasks"));
    assert_eq!(title(&json!({ "properties": { "Name": { "type": "title", "title": [] } } })), None);
}

#[test]
fn properties_with_a_value_are_lines() {
    let page = json!({ "properties": {
        "Name": { "type": "title", "title": rich("x") },
        "Status": { "type": "status", "status": { "name": "Doing" } },
        "Kind": { "type": "select", "select": null },
        "Tags": { "type": "multi_select", "multi_select": [{ "name": "a" }, { "name": "b" }] },
        "Due": { "type": "date", "date": { "start": "2026-01-02", "end": "2026-01-05" } },
        "Owner": { "type": "people", "people": [{ "name": "Ann" }, { "id": "hidden" }] },
        "Points": { "type": "number", "number": 3.5 },
        "Done": { "type": "checkbox", "checkbox": false },
        "Page": { "type": "url", "url": "https://example.com/(a)" },
        "Sum": { "type": "formula", "formula": { "type": "number", "number": 7 } },
        "Titles": { "type": "rollup", "rollup": { "type": "array", "array": [
            { "type": "title", "title": rich("One") }, { "type": "rollup", "rollup": { "type": "array", "array": [] } },
        ] } },
        "Parent": { "type": "relation", "relation": [{ "id": "aa-bb" }] },
        "Id": { "type": "unique_id", "unique_id": { "prefix": "ENG", "number": 12 } },
        "By": { "type": "created_by", "created_by": { "name": "Bob" } },
        "Later": { "type": "of_another_time", "of_another_time": {} },
    } });
    let expected = "- Status: Doing
- Tags: a, b
- Due: 2026-01-02 to 2026-01-05
- Owner: Ann
- Points: 3.5
- Done: no
- Page: [https://example.com/(a)](https://example.com/%28a%29)
- Sum: 7
- Titles: One
- Parent: [page](https://www.notion.so/aabb)
- Id: ENG-12
- By: Bob";
    assert_eq!(lines(&page), expected);
}

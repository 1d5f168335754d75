//! The seeds are valid, and escape text from outside.

use campanile_documents::layout::Layouts;
use campanile_documents::template::Variables;

use super::*;
use crate::workflows::{Definition, Op, Program, check};

fn rendered(op: usize, variables: &Value) -> Value {
    let definition: Definition = serde_json::from_value(observation_captured()).unwrap();
    let program = Program::new("v".into(), OBSERVATION_CAPTURED.into(), definition);
    let Op::Step(_, Some(content)) = &program.ops[op] else { panic!("{op} is no channel step") };
    content.render(&Variables::new(variables, Default::default()).unwrap(), &Layouts::default()).unwrap()
}

#[test]
fn the_seeds_have_no_faults() {
    for (key, document) in all() {
        assert_eq!(check(&document), [], "{key}");
    }
}

#[test]
fn the_digest_lists_what_came_and_escapes_it() {
    let activity = |title: &str, significance: u32| {
        json!({ "title": title, "significance": significance, "type": "push", "topics": ["fix", "ci"],
            "url": "http://x/observations/obs_1" })
    };
    let variables = json!({
        "total_activities": 2, "activities": [activity("<b>Fix</b>", 80), activity("Second", 71)],
        "workspace": "default", "workspaceUrl": "http://x",
    });
    let mail = rendered(3, &variables);
    let (html, text) = (mail["html_body"].as_str().unwrap(), mail["text_body"].as_str().unwrap());
    assert!(html.contains("&lt;b&gt;Fix&lt;/b&gt;") && !html.contains("<b>Fix"), "{html}");
    assert!(html.contains("Push, significance 80 of 100") && html.contains("fix, ci"), "{html}");
    assert!(text.contains("2 new observations in default") && text.contains("Second"), "{text}");
    assert_eq!(mail["subject_line"], "2 new observations in default");
    let single = json!({ "total_activities": 1, "activities": [activity("Alone", 90)], "workspace": "default" });
    assert_eq!(rendered(3, &single)["subject_line"], "[90] Alone");
}

#[test]
fn titles_of_strangers_are_text_in_the_feed() {
    let feed = |title: &str| {
        let item = rendered(0, &json!({ "title": title, "significance": 80, "url": "http://x/o/1" }));
        item["blocks"][0]["rendered"].as_str().unwrap().to_owned()
    };
    assert_eq!(feed("HashSet<Type> leaks"), "<p><strong>HashSet&lt;Type&gt; leaks</strong> scored 80 of 100.</p>");
    for title in [
        "[log in](https://example.net)",
        "![x](https://example.net/p.gif)",
        "<a class=\"fixed\" href=\"https://e.x\">x</a>",
    ] {
        let shown = feed(title);
        assert!(!shown.contains("<a") && !shown.contains("<img") && shown.contains("</strong> scored"), "{shown}");
    }
}

#[test]
fn titles_of_strangers_mention_nobody_in_slack() {
    let said = rendered(1, &json!({ "data": { "title": "<!channel> & <https://x.y|z>", "topics": [] } }));
    assert_eq!(said["json_content"]["blocks"][1]["text"]["text"], "*&lt;!channel&gt; &amp; &lt;https://x.y|z&gt;*");
    assert_eq!(said["summary"], "&lt;!channel&gt; &amp; &lt;https://x.y|z&gt;");
}

#[test]
fn the_feed_shows_markdown_that_is_safe() {
    let item =
        rendered(0, &json!({ "title": "<img src=x onerror=alert(1)>", "significance": 80, "url": "http://x/o/1" }));
    let body = item["blocks"][0]["rendered"].as_str().unwrap();
    assert!(body.contains("80") && !body.contains("<img"), "{body}");
    assert_eq!(item["blocks"][1]["rendered"], "http://x/o/1");
}

#[test]
fn slack_is_told_in_blocks_that_slack_takes() {
    let data = json!({
        "observationType": "release", "significanceScore": 87, "title": "a <b> \"c\"", "topics": ["x", "y"], "url": "http://c/1",
    });
    let said = rendered(1, &json!({ "data": data }));
    let blocks = &said["json_content"]["blocks"];
    assert_eq!(blocks[0]["text"]["text"], "Release: Score 87/100");
    assert_eq!(blocks[1]["text"]["text"], "*a &lt;b&gt; \"c\"*");
    assert_eq!(blocks[2]["text"]["text"], "*Topics:* x, y");
    assert_eq!(blocks[3]["elements"][0]["url"], "http://c/1");
}

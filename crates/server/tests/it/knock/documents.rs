//! Layouts, partials and translations, guides, and the page of preferences.

use std::time::Duration;

use campanile_db::testing::TestDatabase;
use campanile_testkit::mailbox::Mailbox;
use campanile_testkit::server::Server;
use serde_json::{Value, json};

use super::{Knock, feed_step};
use crate::on_each_server;

#[tokio::test(flavor = "multi_thread")]
async fn mails_are_wrapped_in_layouts_and_render_partials() {
    for database in TestDatabase::each().await {
        let mut mailbox = Mailbox::start().await;
        let server = Server::start(crate::BINARY, database, &[("CAMPANILE_SMTP_URL", &mailbox.url())]).await;
        let knock = Knock::of(&server);
        let layout = json!({ "name": "Plain", "html_layout": "<main>{{ content }}</main><footer>{{ recipient.name }}</footer>",
            "text_layout": "[{{ content }}]" });
        knock.put("/email_layouts/plain?commit=true", json!({ "email_layout": layout })).await;
        let partial = json!({ "name": "Greeting", "type": "text", "content": "Hello {{ whom }}{{ recipient.name }}{{ missing }}" });
        knock.put("/partials/greeting?commit=true", json!({ "partial": partial })).await;
        let broken = knock.ask("PUT", "/partials/broken", json!({ "partial": { "content": "{% if %}" } }), 422).await;
        assert_eq!(broken["errors"][0]["field"], "content");
        let step = |layout: &str| {
            json!([{ "ref": "mail", "type": "channel", "channel_key": "email", "channel_type": "email", "template": {
                "subject": "Hi", "html_body": "{% render 'greeting', whom: actor.name %} {{ vars.manage_preferences_url }}",
                "text_body": "text", "settings": { "layout_key": layout } } }])
        };
        knock.workflow("wrapped", step("plain")).await;
        knock.workflow("unwrapped", step("nothing")).await;
        let to = json!({ "recipients": [{ "id": "jane", "name": "Jane", "email": "jane@example.com" }],
            "actor": { "id": "ada", "name": "Ada" } });
        knock.trigger("wrapped", to.clone()).await;
        let mail = tokio::time::timeout(Duration::from_secs(20), mailbox.mails.recv()).await.unwrap().unwrap();
        let text = mail.content.replace("=\r\n", "").replace("=3D", "=");
        // A partial sees only the values that it is given.
        assert!(text.contains("<main>Hello Ada http://") && text.contains("<footer>Jane</footer>"), "{text}");
        assert!(text.contains("[text]"), "{text}");
        let page = text.split("/p/").nth(1).unwrap().split('<').next().unwrap().to_owned();
        manage(&server, &format!("/p/{page}")).await;

        knock.trigger("unwrapped", to).await;
        let failed = knock
            .until("/messages?source=unwrapped", |items| items["items"].as_array().unwrap().len() == 1)
            .await["items"][0]
            .clone();
        assert_eq!(failed["status"], "undelivered");
        let events = knock.get(&format!("/messages/{}/events", failed["id"].as_str().unwrap())).await;
        assert!(events.to_string().contains("there is no layout"), "{events}");
    }
}

/// Checks the preferences page that a mail links to: it shows the settings, and stores the ticked
/// ones.
async fn manage(server: &Server, path: &str) {
    let page = server.ask("GET", path, &[], Vec::new()).await.unwrap();
    let html = page.json.as_str().unwrap();
    assert!(html.contains("name=\"wrapped/email\" checked"), "{html}");
    // Campanile's own workflows for members are not shown to customers.
    let ours = ["observation-captured", "job-completed", "job-failed", "admin-alert"];
    assert!(ours.iter().all(|key| !html.contains(key)), "{html}");
    let member = server.all("/api/members").await[0]["id"].as_str().unwrap().to_owned();
    let config = Knock::of(server).get(&format!("/users/{member}/preference_center/config")).await.to_string();
    assert!(ours.iter().all(|key| config.contains(key)), "{config}");
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let saved = server.ask("POST", path, &headers, b"unwrapped/email=on".to_vec()).await.unwrap();
    let html = saved.json.as_str().unwrap();
    assert!(html.contains("name=\"wrapped/email\">") && html.contains("name=\"unwrapped/email\" checked"), "{html}");
    let set = Knock::of(server).get("/users/jane/preferences/default").await;
    assert_eq!(set["workflows"]["wrapped"]["channel_types"]["email"], false);
    let url = Knock::of(server).post("/users/jane/preference_center/signed_url", json!({})).await;
    assert!(url["url"].as_str().unwrap().ends_with(url["token"].as_str().unwrap()));
    assert_eq!(server.ask("GET", "/p/v1.made-up", &[], Vec::new()).await.unwrap().status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guide_is_shown_until_its_user_is_done_with_it() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        knock.put("/channels/guides", json!({ "type": "in_app_guide", "provider": "in_app_guide_knock" })).await;
        let steps = json!([{ "ref": "one", "schema_key": "banner", "values": { "text": "Hello" } }]);
        let conditions = json!({ "all": [{ "variable": "recipient.plan", "operator": "equal_to", "argument": "pro" }] });
        for (key, conditions) in [("tour", json!(null)), ("pro", conditions)] {
            let mut guide = json!({ "name": key, "type": "banner", "channel_key": "guides", "steps": steps });
            if !conditions.is_null() {
                guide["target_property_conditions"] = conditions;
            }
            knock.put(&format!("/guides/{key}?commit=true"), json!({ "guide": guide })).await;
        }
        let keys = |guides: &Value, list: &str, name: &str| -> Vec<String> {
            guides[list].as_array().unwrap().iter().map(|guide| guide[name].as_str().unwrap().to_owned()).collect()
        };
        let read = async || knock.get("/users/jane/guides/guides").await;
        assert_eq!(keys(&read().await, "ineligible_guides", "reason"), ["guide_not_active", "guide_not_active"]);
        for key in ["tour", "pro"] {
            knock.put(&format!("/guides/{key}/activate"), json!({ "status": true })).await;
        }
        let guides = read().await;
        assert_eq!(keys(&guides, "entries", "key"), ["tour"]);
        assert_eq!(keys(&guides, "ineligible_guides", "reason"), ["target_conditions_not_met"]);
        assert_eq!(guides["entries"][0]["steps"][0]["content"], json!({ "text": "Hello" }));
        knock.put("/users/jane", json!({ "plan": "pro" })).await;
        assert_eq!(keys(&read().await, "entries", "key"), ["pro", "tour"]);

        let told = json!({ "channel_id": "guides", "guide_id": "x", "guide_key": "tour", "guide_step_ref": "one", "content": {} });
        for mark in ["seen", "interacted", "archived"] {
            let done = knock.put(&format!("/users/jane/guides/messages/{mark}"), told.clone()).await;
            assert_eq!(done, json!({ "status": "ok" }));
        }
        let guides = read().await;
        assert_eq!(keys(&guides, "entries", "key"), ["pro"]);
        assert!(guides["guide_group_display_logs"]["default"].is_string());
        let messages = knock.get("/users/jane/messages").await;
        assert_eq!((messages["items"].as_array().unwrap().len(), &messages["items"][0]["source"]["type"]), (1, &json!("guide")));
        let who = json!({ "guide_key": "tour" });
        knock.ask("DELETE", "/users/jane/guides/messages/archived", who.clone(), 200).await;
        let again = read().await["entries"][1].clone();
        assert!(again["steps"][0]["message"]["seen_at"].is_string() && again["steps"][0]["message"]["archived_at"].is_null());
        knock.put("/users/jane/guides/engagements/reset", who).await;
        assert!(read().await["entries"][1]["steps"][0]["message"]["id"].is_null());
        let steps = json!([{ "ref": "one", "schema_key": "banner", "values": { "text": "Not said yet" } }]);
        let draft = json!({ "name": "tour", "type": "banner", "channel_key": "guides", "steps": steps });
        knock.put("/guides/tour", json!({ "guide": draft })).await;
        knock.put("/guides/fresh", json!({ "guide": draft })).await;
        knock.put("/guides/fresh/activate", json!({ "status": true })).await;
        let seen = knock.get("/users/jane/guides/guides").await.to_string();
        assert!(!seen.contains("Not said yet"), "a draft is seen by nobody: {seen}");
        let wrong = json!({ "channel_id": "guides", "guide_key": "tour", "guide_step_ref": "two" });
        knock.ask("PUT", "/users/jane/guides/messages/seen", wrong, 422).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_come_out_of_a_warehouse() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let call = async |method: &str, params: Value| {
            let body = json!({ "jsonrpc": "2.0", "id": "1", "method": method, "params": params });
            knock.post("/integrations/census/custom-destination", body).await
        };
        assert_eq!(call("test_connection", json!({})).await["result"], json!({ "success": true }));
        assert_eq!(call("nothing", json!({})).await["error"]["code"], -32_601);
        let records = json!([{ "id": "w1", "name": "Wendy", "plan": "pro" }, { "name": "nobody" }]);
        let synced = call("sync_batch", json!({ "records": records })).await["result"]["record_results"].clone();
        assert_eq!((&synced[0]["success"], &synced[1]["success"]), (&json!(true), &json!(false)));
        assert_eq!(knock.get("/users/w1").await["plan"], "pro");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feeds_counts_are_of_the_time_that_is_asked_for() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        knock.workflow("w", json!([feed_step("x")])).await;
        knock.trigger("w", json!({ "recipients": ["jane"] })).await;
        let fed = knock.until_fed("jane", 1).await;
        let at = fed["entries"][0]["inserted_at"].as_str().unwrap();
        let later = knock.feed("jane", &format!("inserted_at.gt={at}")).await;
        assert_eq!((&later["entries"], &later["meta"]["unread_count"]), (&json!([]), &json!(0)));
        assert_eq!(knock.feed("jane", &format!("inserted_at.gte={at}")).await["meta"]["unread_count"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_workflow_of_the_documents_works_as_it_stands() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/notifications.md")).unwrap();
    let (whole, _) = text.split_once("\n## Workflows\n").unwrap();
    let bodies: Vec<&str> = whole.split(" -d '").skip(1).filter_map(|rest| Some(rest.split_once("'\n")?.0)).collect();
    let [workflow, trigger] = bodies[..] else { panic!("two requests: {bodies:?}") };
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        knock.put("/workflows/comment-created?commit=true", serde_json::from_str(workflow).unwrap()).await;
        knock.post("/workflows/comment-created/trigger", serde_json::from_str(trigger).unwrap()).await;
        let feed = knock.until("/users/jane/feeds/in-app", |feed| feed["entries"][0].is_object()).await;
        let body = feed["entries"][0]["blocks"][0]["rendered"].as_str().unwrap();
        assert!(body.contains("<strong>Ben</strong> on Bells: Rounder, please."), "{body}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_by_those_who_manage_are_in_the_trail() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        knock.put("/channels/sms", json!({ "type": "sms", "provider": "sms_twilio" })).await;
        let unknown = json!({ "type": "sms", "provider": "sms_nobody" });
        let refused = knock.ask("PUT", "/channels/other", unknown, 422).await;
        assert_eq!(refused["errors"][0]["message"], "is not served here; for sms there are sms_twilio");
        knock.workflow("welcome", json!([feed_step("Hi")])).await;
        knock.put("/workflows/welcome/activate", json!({ "status": false })).await;
        knock.put("/commits?commit_message=all", Value::Null).await;
        knock.ask("DELETE", "/workflows/welcome", Value::Null, 204).await;
        knock.ask("DELETE", "/channels/sms", Value::Null, 204).await;
        let trail = server.all("/api/activity").await;
        let actions: Vec<&str> = trail.iter().take(6).map(|line| line["action"].as_str().unwrap()).collect();
        assert_eq!(
            actions,
            [
                "channel.deleted",
                "resource.deleted",
                "resources.committed",
                "resource.deactivated",
                "resource.committed",
                "channel.updated"
            ]
        );
        assert_eq!((&trail[1]["subject_id"], &trail[1]["metadata"]["type"]), (&json!("welcome"), &json!("workflow")));
        assert_eq!(trail[0]["actor_kind"], "key");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_versions_of_one_workflow_are_listed_and_read_as_they_were_committed() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        for text in ["One", "Two", "Three"] {
            knock.workflow("welcome", json!([feed_step(text)])).await;
            knock.workflow("other", json!([feed_step("Other")])).await;
        }
        let listed = knock.get("/commits?resource_type=workflow&resource_id=welcome&page_size=2").await;
        let ids: Vec<&str> = listed["entries"].as_array().unwrap().iter().filter_map(|c| c["id"].as_str()).collect();
        assert_eq!(ids.len(), 2, "{listed}");
        let after = listed["page_info"]["after"].as_str().unwrap();
        let path = format!("/commits?resource_type=workflow&resource_id=welcome&page_size=2&after={after}");
        let rest = knock.get(&path).await;
        let oldest = rest["entries"][0]["id"].as_str().unwrap();
        assert_eq!(rest["entries"].as_array().unwrap().len(), 1, "{rest}");
        for (id, text) in [(ids[0], "Three"), (ids[1], "Two"), (oldest, "One")] {
            let version = knock.get(&format!("/commits/{id}")).await;
            assert_eq!(version["resource"], json!({ "identifier": "welcome", "type": "workflow" }));
            assert!(version["document"]["steps"][0].to_string().contains(text), "{version}");
        }
        knock.ask("GET", "/commits?resource_type=workflows", Value::Null, 422).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn committing_everything_commits_drafts_and_changes_nothing_else() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let active = |text: &str| json!({ "workflow": { "name": "W", "active": true, "steps": [feed_step(text)] } });
        knock.put("/workflows/off?commit=true", active("One")).await;
        knock.put("/workflows/off/activate", json!({ "status": false })).await;
        knock.put("/workflows/draft", active("Draft")).await;
        let before = knock.get("/workflows/off").await;
        knock.put("/commits?commit_message=all", Value::Null).await;
        let after = knock.get("/workflows/off").await;
        assert_eq!((&after["active"], &after["updated_at"]), (&json!(false), &before["updated_at"]));
        let versions = async |key: &str| {
            let listed = knock.get(&format!("/commits?resource_type=workflow&resource_id={key}")).await;
            listed["entries"].as_array().unwrap().len()
        };
        assert_eq!((versions("off").await, versions("draft").await), (1, 1));
        assert_eq!(knock.get("/workflows/draft").await["active"], true, "the first commit switches it on");
        knock.put("/commits?commit_message=again", Value::Null).await;
        assert_eq!(versions("draft").await, 1);
    })
    .await;
}

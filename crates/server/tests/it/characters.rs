//! Unusual characters, numbers and depths, sent through every entrance. Accepted values are
//! processed, in the same way on both databases. A message goes out exactly as it was sent. Other
//! values are read back unchanged, except for what no database can store.

use campanile_testkit::provider::sign;
use campanile_testkit::receiver::Receiver;
use campanile_testkit::server::{SECRET_KEY, SOURCE_SECRET, Server};

use crate::BINARY;

/// Names of the JSON values, and their text on the wire.
fn odd() -> Vec<(&'static str, String)> {
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    vec![
        ("NUL", r#""a\u0000b""#.into()),
        ("half a surrogate pair", r#""a\ud83db""#.into()),
        ("the other half", r#""a\udd14b""#.into()),
        ("a pair", r#""a\ud83d\udd14b""#.into()),
        ("a noncharacter", "\"a\u{ffff}b\"".into()),
        ("line separators", "\"a\u{2028}\u{2029}b\"".into()),
        ("from right to left", "\"a\u{202e}b\u{200f}\"".into()),
        ("no width", "\"a\u{200b}\u{feff}b\"".into()),
        ("controls", r#""a\u0007\u001b[31m\u007f\tb""#.into()),
        ("markup", r#""<b>a</b> & **b** {{ c }} {% d %} ' \" \\ / `""#.into()),
        ("a name with marks", "\"Zoe\u{308} \u{1f9d1}\u{200d}\u{1f680}\"".into()),
        ("one long word", format!("\"{}\"", "x".repeat(3_000))),
        ("empty", "\"\"".into()),
        ("more than 2^64", "18446744073709551617".into()),
        ("between 2^63 and 2^64", "18446744073709551615".into()),
        ("less than -2^63", "-9223372036854775809".into()),
        ("minus nothing", "-0.0".into()),
        ("more than a double", "1e400".into()),
        ("a long fraction", "0.1000000000000000055511151231257827".into()),
        ("fifty deep", deep(50)),
        ("two hundred deep", deep(200)),
        ("null", "null".into()),
    ]
}

/// The result of one value at one entrance: entrance, name, status, and the value that was read
/// back.
type Outcome = (&'static str, &'static str, u16, String);

async fn post(server: &Server, path: &str, body: String) -> u16 {
    let key = format!("Bearer {SECRET_KEY}");
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    server.ask("POST", path, &headers, body.into_bytes()).await.unwrap().status
}

/// Sends the value in a provider's delivery: in a title, in a text and in a field that is not read.
async fn delivered(server: &Server, number: usize, name: &'static str, value: &str) -> Outcome {
    // Every issue has a title, so other values get a normal one.
    let text = if value.starts_with('"') && value.len() > 2 { value } else { "\"A bell\"" };
    let body = format!(
        r#"{{"action":"opened","issue":{{"number":{number},"id":{number},"title":{text},"body":{text},"user":{{"id":7,"login":"ada"}},
            "updated_at":"2026-03-01T00:00:00Z"}},"repository":{{"id":1,"full_name":"acme/shop","default_branch":"main"}},
            "sender":{{"id":7,"login":"ada"}},"beside":{value}}}"#
    );
    let status =
        server.deliver(&sign("github", SOURCE_SECRET, "issues", &format!("odd-{number}"), body.as_bytes())).await;
    let status = status.unwrap().status;
    if status != 202 {
        return ("delivery", name, status, String::new());
    }
    server.until_settled().await;
    let deliveries = server.all("/api/deliveries").await;
    let delivery = deliveries.iter().find(|one| one["delivery_id"] == format!("odd-{number}")).unwrap();
    assert_eq!(delivery["status"], "processed", "{name}: {delivery}");
    let observations = server.all("/api/observations").await;
    let seen = observations.iter().find(|one| one["source_id"].as_str().unwrap().contains(&format!("#{number}")));
    let seen =
        seen.or(observations.iter().find(|one| one["source_id"].as_str().unwrap().contains(&format!(":{number}:"))));
    ("delivery", name, status, seen.map_or_else(|| panic!("{name}: {observations:?}"), |one| one["title"].to_string()))
}

/// Sends the value in the payload of a message, which goes out as it was sent.
async fn sent(server: &Server, receiver: &mut Receiver, application: &str, name: &'static str, value: &str) -> Outcome {
    let payload = format!("{{\"odd\":{value}}}");
    let body = format!("{{\"eventType\":\"observation.created\",\"payload\":{payload}}}");
    let status = post(server, &format!("/api/v1/app/{application}/msg"), body).await;
    if status != 202 {
        return ("message", name, status, String::new());
    }
    let received = tokio::time::timeout(std::time::Duration::from_secs(20), receiver.requests.recv()).await;
    let received = String::from_utf8(received.expect("it goes out").unwrap().body).unwrap();
    assert_eq!(received, payload, "{name}: it goes out as it came");
    ("message", name, status, received)
}

/// Sends the value in the data of a trigger, and in a property of the recipient.
async fn triggered(server: &Server, number: usize, name: &'static str, value: &str) -> Outcome {
    let body = format!(r#"{{"recipients":[{{"id":"user-{number}","odd":{value}}}],"data":{{"odd":{value}}}}}"#);
    let status = post(server, "/v1/workflows/odd/trigger", body).await;
    if status != 200 {
        return ("trigger", name, status, String::new());
    }
    let path = format!("/v1/users/user-{number}/feeds/in-app");
    for _ in 0..400 {
        let feed = server.get(&path).await.unwrap().json;
        if let Some(item) = feed["entries"].get(0) {
            let user = server.get(&format!("/v1/users/user-{number}")).await.unwrap();
            assert_eq!(user.status, 200, "{name}");
            if let Ok(came) = serde_json::from_str::<serde_json::Value>(value) {
                assert_eq!((&item["data"]["odd"], &user.json["odd"]), (&came, &came), "{name}");
            }
            return (
                "trigger",
                name,
                status,
                format!("{} {} {}", item["data"], item["blocks"][0]["rendered"], user.json["odd"]),
            );
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("{name}: it was accepted, and nobody was told: {}", server.get(&path).await.unwrap().json);
}

async fn outcomes(server: &Server) -> Vec<Outcome> {
    let mut receiver = Receiver::start().await;
    let application = server.post("/api/v1/app", &serde_json::json!({ "name": "odd" })).await.unwrap().json;
    let application = application["id"].as_str().unwrap().to_owned();
    let endpoint = serde_json::json!({ "url": receiver.url() });
    let made = server.post(&format!("/api/v1/app/{application}/endpoint"), &endpoint).await.unwrap();
    assert_eq!(made.status, 201, "{}", made.json);
    let workflow = serde_json::json!({ "workflow": { "name": "odd", "steps": [{ "ref": "feed", "type": "channel",
        "channel_key": "in-app", "channel_type": "in_app_feed", "template": { "markdown_body": "It is {{ odd | escape_markdown }}." } }] } });
    let key = format!("Bearer {SECRET_KEY}");
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    let path = "/v1/workflows/odd?commit=true";
    let written = server.ask("PUT", path, &headers, workflow.to_string().into_bytes()).await.unwrap();
    assert_eq!(written.status, 200, "{}", written.json);
    let mut outcomes = Vec::new();
    for (number, (name, value)) in odd().into_iter().enumerate() {
        outcomes.push(delivered(server, number + 100, name, &value).await);
        outcomes.push(sent(server, &mut receiver, &application, name, &value).await);
        outcomes.push(triggered(server, number, name, &value).await);
        let event = format!(r#"{{"name":"odd","data":{{"user_id":"user-{number}","odd":{value}}}}}"#);
        outcomes.push(("event", name, post(server, "/api/events", event).await, String::new()));
    }
    outcomes
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_accepted_is_processed_alike_on_both_databases_whatever_its_characters() {
    let mut each: Vec<Vec<Outcome>> = Vec::new();
    for database in campanile_db::testing::TestDatabase::each().await {
        println!("on {}", database.name);
        let server = Server::start(BINARY, database, &[]).await;
        each.push(outcomes(&server).await);
    }
    assert_eq!(each[0], each[1]);
    let refused: Vec<&Outcome> = each[0].iter().filter(|(_, _, status, _)| !(200..300).contains(status)).collect();
    assert!(refused.iter().all(|(.., status, _)| (400..500).contains(status)), "{refused:?}");
    // Entrances that keep the bytes unchanged accept more than those that parse them.
    let may_be = |entrance: &str| match entrance {
        "message" => &[][..],
        "delivery" => &["more than a double", "two hundred deep"],
        _ => &["half a surrogate pair", "the other half", "more than a double", "fifty deep", "two hundred deep"],
    };
    assert!(refused.iter().all(|(entrance, name, ..)| may_be(entrance).contains(name)), "{refused:?}");
}

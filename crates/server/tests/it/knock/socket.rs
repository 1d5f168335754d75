//! Feeds in real time: joins, heartbeats, pushes, who is let in; over two nodes.

use std::time::Duration;

use campanile_testkit::server::Server;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::access::{in_seconds, public_key, signed};
use super::{Knock, feed_step};
use crate::on_each_server;

struct Socket(WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>);

impl Socket {
    async fn open(server: &Server, key: &str, token: &str) -> Result<Self, u16> {
        // As the browser library writes it: with an empty segment for what it has not.
        let query = format!("?user_token={token}&api_key={key}&&vsn=2.0.0");
        let url = server.url(&format!("//ws/v1/websocket{query}")).replacen("http", "ws", 1);
        match connect_async(url).await {
            Ok((stream, _)) => Ok(Self(stream)),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    async fn say(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        let next = tokio::time::timeout(Duration::from_secs(20), self.0.next()).await.expect("a frame comes");
        serde_json::from_str(next.unwrap().unwrap().to_text().unwrap()).unwrap()
    }

    async fn is_quiet(&mut self) -> bool {
        tokio::time::timeout(Duration::from_millis(700), self.0.next()).await.is_err()
    }
}

async fn private_key(server: &Server) -> String {
    server.post("/api/signing-keys", &json!({})).await.unwrap().json["private_key"].as_str().unwrap().to_owned()
}

fn token(private: &str, user: &str) -> String {
    signed(private, &json!({ "sub": user, "exp": in_seconds(60) }))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_pushed_with_the_counts_of_each_feed_that_it_belongs_to() {
    on_each_server(&[], async |server| {
        let (knock, key, private) = (Knock::of(&server), public_key(&server).await, private_key(&server).await);
        knock.workflow("w", json!([feed_step("x")])).await;
        let channel = knock.get("/channels/in-app").await["id"].as_str().unwrap().to_owned();
        let mut socket = Socket::open(&server, &key, &token(&private, "jane")).await.unwrap();
        socket.say(json!([null, "1", "phoenix", "heartbeat", {}])).await;
        assert_eq!(socket.hear().await, json!([null, "1", "phoenix", "phx_reply", { "status": "ok", "response": {} }]));
        let topic = format!("feeds:{channel}:jane");
        let feeds = json!({ "client_a": { "tenant": "acme", "has_tenant": true, "archived": "exclude" }, "client_b": { "trigger_data": { "n": 1 } } });
        socket.say(json!(["2", "2", topic, "phx_join", feeds])).await;
        assert_eq!(socket.hear().await, json!(["2", "2", topic, "phx_reply", { "status": "ok", "response": {} }]));
        knock.trigger("w", json!({ "recipients": ["jane"], "data": { "n": 1 } })).await;
        let pushed = socket.hear().await;
        assert_eq!((&pushed[0], &pushed[1], &pushed[3]), (&json!("2"), &Value::Null, &json!("new-message")));
        assert_eq!((&pushed[4]["event"], &pushed[4]["attn"]), (&json!("new-message"), &json!(["client_b"])));
        assert_eq!(pushed[4]["data"]["client_b"]["metadata"]["unseen_count"], 1);
        assert_eq!(pushed[4]["metadata"]["unread_count"], 1);
        // Joined again with other filters, as when a component is shown beside the first.
        socket.say(json!(["2", "3", topic, "phx_leave", {}])).await;
        assert_eq!(socket.hear().await[3], "phx_reply");
        assert_eq!(socket.hear().await[3], "phx_close");
        socket.say(json!(["4", "4", topic, "phx_join", { "status": "all" }])).await;
        assert_eq!(socket.hear().await[0], "4");
        for _ in 0..20 {
            knock.trigger("w", json!({ "recipients": ["jane"], "tenant": "acme" })).await;
        }
        let mut pushes = 1;
        while socket.hear().await[4]["metadata"]["unread_count"] != 21 {
            pushes += 1;
        }
        assert!(pushes < 20, "{pushes} pushes for twenty items");
        // Of others there is nothing to be heard.
        knock.trigger("w", json!({ "recipients": ["john"] })).await;
        assert!(socket.is_quiet().await);
        socket.say(json!(["5", "5", "nonsense", "whatever", {}])).await;
        assert_eq!(socket.hear().await[4], json!({ "status": "error", "response": { "reason": "unmatched topic" } }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_not_let_in_and_others_feeds_cannot_be_joined() {
    on_each_server(&[], async |server| {
        let (key, private) = (public_key(&server).await, private_key(&server).await);
        let stale = signed(&private, &json!({ "sub": "jane", "exp": in_seconds(-60) }));
        for (key, token) in [("pk_unknown", "x"), (&*key, ""), (&*key, "nonsense"), (&*key, &*stale), ("sk_secret", "")]
        {
            assert_eq!(Socket::open(&server, key, token).await.err(), Some(403), "{key} {token}");
        }
        let mut socket = Socket::open(&server, &key, &token(&private, "jane")).await.unwrap();
        for topic in ["feeds:in-app:john", "feeds:nothing:jane"] {
            socket.say(json!(["1", "1", topic, "phx_join", {}])).await;
            assert_eq!(socket.hear().await[4]["status"], "error", "{topic}");
        }
        socket.say(json!(["2", "2", "feeds:in-app:jane", "phx_join", {}])).await;
        assert_eq!(socket.hear().await[4]["status"], "ok");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_puts_into_a_feed_is_pushed_by_the_other() {
    let server = Server::start(crate::BINARY, campanile_db::testing::TestDatabase::postgres().await, &[]).await;
    let other = server.beside().await;
    let (knock, key, private) = (Knock::of(&server), public_key(&server).await, private_key(&server).await);
    knock.workflow("w", json!([feed_step("x")])).await;
    let mut socket = Socket::open(&other, &key, &token(&private, "jane")).await.unwrap();
    socket.say(json!(["1", "1", "feeds:in-app:jane", "phx_join", { "client_a": {} }])).await;
    socket.hear().await;
    for count in 1..=2 {
        // By turns each node is the one that is asked.
        let asked = if count == 1 { Knock::of(&server) } else { Knock::of(&other) };
        asked.trigger("w", json!({ "recipients": ["jane"] })).await;
        let pushed = socket.hear().await;
        assert_eq!(pushed[4]["data"]["client_a"]["metadata"]["total_count"], count, "{pushed}");
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
}

//! Feeds in real time, also over two nodes: joins, heartbeats, pushes and access.

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
        // The browser library writes an empty segment for each missing parameter.
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
        // A second join with other filters, as when a second component is shown.
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
        // Other users' items are not pushed.
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
        // The two nodes take turns.
        let asked = if count == 1 { Knock::of(&server) } else { Knock::of(&other) };
        asked.trigger("w", json!({ "recipients": ["jane"] })).await;
        let pushed = socket.hear().await;
        assert_eq!(pushed[4]["data"]["client_a"]["metadata"]["total_count"], count, "{pushed}");
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
}

/// Waits until a socket is closed by the server.
async fn until_closed(socket: &mut Socket) {
    let closed = async {
        while let Some(Ok(message)) = socket.0.next().await {
            if message.is_close() {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), closed).await.expect("the socket is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_ends_with_what_has_opened_it() {
    on_each_server(&[], async |server| {
        let made = server.post("/api/signing-keys", &json!({})).await.unwrap().json;
        let (signing, private) = (made["id"].as_str().unwrap(), made["private_key"].as_str().unwrap());
        let public = server.post("/api/public-keys", &json!({ "name": "page" })).await.unwrap().json;
        let (id, key) = (public["id"].as_str().unwrap(), public["key"].as_str().unwrap());
        let other = public_key(&server).await;
        let authorization = format!("Bearer {}", campanile_testkit::server::SECRET_KEY);
        let delete = async |path: &str| {
            let headers = [("authorization", authorization.as_str())];
            let gone = server.ask("DELETE", path, &headers, Vec::new()).await.unwrap();
            assert_eq!(gone.status, 204, "{path}: {}", gone.json);
        };
        // With half a minute of leeway, this token is valid for three more seconds.
        let short = signed(private, &json!({ "sub": "jane", "exp": in_seconds(-27) }));
        let mut expiring = Socket::open(&server, key, &short).await.unwrap();
        let mut with_key = Socket::open(&server, key, &token(private, "jane")).await.unwrap();
        let mut with_token = Socket::open(&server, &other, &token(private, "jane")).await.unwrap();
        until_closed(&mut expiring).await;
        delete(&format!("/api/public-keys/{id}")).await;
        until_closed(&mut with_key).await;
        with_token.say(json!([null, "1", "phoenix", "heartbeat", {}])).await;
        assert_eq!(with_token.hear().await[3], "phx_reply", "another key's goes on");
        delete(&format!("/api/signing-keys/{signing}")).await;
        until_closed(&mut with_token).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_members_token_ends_with_their_session() {
    on_each_server(&[], async |server| {
        let (email, password) = campanile_testkit::server::OWNER;
        let headers = [("content-type", "application/json")];
        let body = json!({ "email": email, "password": password }).to_string().into_bytes();
        let signed_in = server.ask("POST", "/api/session", &headers, body).await.unwrap();
        let set = signed_in.headers.iter().find(|(name, _)| name == "set-cookie").unwrap();
        let cookie = set.1.split(';').next().unwrap();
        let headers = [("cookie", cookie)];
        let given = server.ask("GET", "/api/session/notifications", &headers, Vec::new()).await.unwrap().json;
        let word = |name: &str| given[name].as_str().unwrap();
        let mut socket = Socket::open(&server, word("public_key"), word("token")).await.unwrap();
        let feed = format!("/users/{}/feeds/in-app", word("user_id"));
        Knock::with(&server, word("public_key"), Some(word("token"))).get(&feed).await;
        assert_eq!(server.ask("DELETE", "/api/session", &headers, Vec::new()).await.unwrap().status, 204);
        let ended = Knock::with(&server, word("public_key"), Some(word("token")));
        assert_eq!(ended.ask("GET", &feed, Value::Null, 403).await["code"], "invalid_user_token");
        until_closed(&mut socket).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_not_good_before_its_time() {
    on_each_server(&[], async |server| {
        let (key, private) = (public_key(&server).await, private_key(&server).await);
        let early = signed(&private, &json!({ "sub": "jane", "nbf": in_seconds(300), "exp": in_seconds(600) }));
        assert_eq!(Socket::open(&server, &key, &early).await.err(), Some(403));
        let knock = Knock::with(&server, &key, Some(&early));
        assert_eq!(knock.ask("GET", "/users/jane/feeds/in-app", Value::Null, 403).await["code"], "invalid_user_token");
        let due = signed(&private, &json!({ "sub": "jane", "nbf": in_seconds(10), "exp": in_seconds(600) }));
        assert!(Socket::open(&server, &key, &due).await.is_ok(), "clocks differ by some seconds");
    })
    .await;
}

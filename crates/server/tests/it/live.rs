//! The stream of live events: numbered, in the same order on every node, and caught up with after a break.

use std::time::Duration;

use campanile_accounts::{Caller, keys, organisations};
use campanile_base::{Clock, Secret};
use campanile_net::{AddressRules, Client, OpenResponse, Request};
use campanile_testkit::provider::sign;
use campanile_testkit::server::{SECRET_KEY, SOURCE_SECRET, Server};
use serde_json::{Value, json};

use crate::{BINARY, on_each_server};

const THEIRS: &str = "sk_theirs_0123456789abcdefghij";

struct Event {
    name: String,
    id: i64,
    data: Value,
}

struct Stream {
    answer: OpenResponse,
    text: String,
}

impl Stream {
    async fn open(server: &Server, key: &str, last: Option<&str>) -> Self {
        let loopback = vec!["127.0.0.0/8".parse().unwrap()];
        let mut headers = vec![("authorization".to_owned(), format!("Bearer {key}"))];
        headers.extend(last.map(|id| ("last-event-id".to_owned(), id.to_owned())));
        let request = Request {
            method: "GET",
            url: server.url("/api/stream"),
            headers,
            body: Vec::new().into(),
            timeout: Duration::from_secs(120),
            keep: 1 << 24,
            tls: None,
        };
        let answer =
            Client::new(AddressRules::allowing(loopback)).open(request, Duration::from_secs(60)).await.unwrap();
        assert_eq!(answer.status, 200);
        Self { answer, text: String::new() }
    }

    /// The next event, within a few seconds.
    async fn next(&mut self) -> Option<Event> {
        let look = async {
            loop {
                if let Some(end) = self.text.find("\n\n") {
                    let block: String = self.text.drain(..end + 2).collect();
                    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                    if let Some(data) = field("data:") {
                        let (name, id) = (field("event:").unwrap().to_owned(), field("id:").unwrap().parse().unwrap());
                        return Event { name, id, data: serde_json::from_str(data).unwrap() };
                    }
                    continue;
                }
                let piece = self.answer.next().await.unwrap().expect("it goes on");
                self.text.push_str(std::str::from_utf8(&piece).unwrap());
            }
        };
        tokio::time::timeout(Duration::from_secs(5), look).await.ok()
    }

    /// The ids of the next observations, and the number of the last event.
    async fn observations(&mut self, count: usize) -> (Vec<String>, i64) {
        let (mut ids, mut last) = (Vec::new(), 0);
        while ids.len() < count {
            let event = self.next().await.unwrap_or_else(|| panic!("{} of {count}: {ids:?}", ids.len()));
            assert_eq!(event.name, "news", "{}", event.data);
            assert!(event.id > last, "in order");
            last = event.id;
            if event.data["kind"] == "observation" {
                ids.push(event.data["id"].as_str().unwrap().to_owned());
            }
        }
        (ids, last)
    }
}

async fn deliver(server: &Server, number: u64) {
    let payload = json!({
        "action": "opened", "repository": { "id": 1, "full_name": "acme/shop" }, "sender": { "id": 7, "login": "ada" },
        "issue": { "number": number, "title": "An issue", "user": { "id": 7, "login": "ada" },
            "created_at": "2026-10-04T10:00:00Z", "html_url": "https://github.com/acme/shop/issues/1" },
    });
    let body = payload.to_string();
    let delivery = sign("github", SOURCE_SECRET, "issues", &format!("d-{number}"), body.as_bytes());
    assert_eq!(server.deliver(&delivery).await.unwrap().status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_where_it_was_on_every_node() {
    on_each_server(&[], async |mut server| {
        let beside = if server.database.url.is_some() { Some(server.beside().await) } else { None };
        let other = beside.as_ref().unwrap_or(&server);
        let mut here = Stream::open(&server, SECRET_KEY, None).await;
        let mut there = Stream::open(other, SECRET_KEY, None).await;
        let first = here.next().await.unwrap();
        assert_eq!((first.name.as_str(), &first.data["reason"]), ("again", &json!("begin")));
        assert_eq!(there.next().await.unwrap().name, "again");
        for number in 0..5 {
            deliver(&server, number).await;
            deliver(other, 100 + number).await;
        }
        let (heard, last) = here.observations(10).await;
        assert_eq!(there.observations(10).await.0, heard, "the same, in the same order");
        drop((here, there));

        for number in 10..13 {
            deliver(&server, number).await;
        }
        server.until_settled().await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let newest = server.get("/api/observations?limit=3").await.unwrap().json;
        // What came late of the ten may be told once more: it is behind the last number.
        let mut back = Stream::open(other, SECRET_KEY, Some(&last.to_string())).await;
        let (missed, last) = back.observations(3).await;
        let mut expected: Vec<&str> =
            newest["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        let mut told: Vec<&str> = missed.iter().map(String::as_str).collect();
        expected.sort_unstable();
        told.sort_unstable();
        assert_eq!(told, expected);
        deliver(&server, 20).await;
        let (_, newest) = back.observations(1).await;
        assert!(newest > last);
        drop(back);

        for wrong in ["999999", "-1", "not a number", ""] {
            let mut stream = Stream::open(&server, SECRET_KEY, Some(wrong)).await;
            let told = stream.next().await.unwrap();
            assert_eq!((told.name.as_str(), &told.data["reason"]), ("again", &json!("too_old")), "{wrong:?}");
        }
        let mut stream = Stream::open(&server, SECRET_KEY, Some(&newest.to_string())).await;
        let told = stream.next().await.unwrap();
        assert!(matches!(told.name.as_str(), "here" | "news"), "{}", told.name);
        drop(stream);

        drop(beside);
        server.restart().await;
        let mut stream = Stream::open(&server, SECRET_KEY, Some(&newest.to_string())).await;
        let told = stream.next().await.unwrap();
        assert_eq!((told.name.as_str(), &told.data["reason"]), ("again", &json!("missed")), "it was killed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_bounded_and_of_one_organisation() {
    for database in campanile_db::testing::TestDatabase::each().await {
        let mut server = Server::start(BINARY, database, &[]).await;
        server.kill().await;
        let db = server.open_database().await;
        db.write(|tx| {
            Box::pin(async move {
                let caller = Caller::system(organisations::create(tx, &Clock::System, "Others").await?);
                keys::adopt(tx, &Clock::System, &caller, "theirs", &Secret::new(THEIRS.to_owned())).await
            })
        })
        .await
        .unwrap();
        drop(db);
        server.restart().await;
        let mut ours = Stream::open(&server, SECRET_KEY, None).await;
        let mut theirs = Stream::open(&server, THEIRS, None).await;
        let begin = ours.next().await.unwrap().id;
        assert_eq!(theirs.next().await.unwrap().name, "again");
        deliver(&server, 1).await;
        ours.observations(1).await;
        assert!(theirs.next().await.is_none(), "it is another organisation's");
        let mut back = Stream::open(&server, THEIRS, Some(&begin.to_string())).await;
        assert!(matches!(back.next().await.unwrap().name.as_str(), "here" | "again"));
        assert!(back.next().await.is_none());

        server.kill().await;
        let db = server.open_database().await;
        let filled = db.write(|tx| {
            Box::pin(async move {
                // As after a thousand events more.
                tx.execute("UPDATE live_head SET next_seq = next_seq + 1500", &[]).await?;
                tx.execute("DELETE FROM live_event", &[]).await
            })
        });
        filled.await.unwrap();
        drop(db);
        server.restart().await;
        let mut stream = Stream::open(&server, SECRET_KEY, Some(&begin.to_string())).await;
        let told = stream.next().await.unwrap();
        assert_eq!((told.name.as_str(), &told.data["reason"]), ("again", &json!("too_old")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_answer_and_listen_speak_to_a_server() {
    on_each_server(&[], async |server| {
        let listening = tokio::process::Command::new(BINARY)
            .args(["listen", "--server", &server.url(""), "--key", SECRET_KEY])
            .stdout(std::process::Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut listening = listening.unwrap();
        let mut lines = {
            use tokio::io::AsyncBufReadExt as _;
            tokio::io::BufReader::new(listening.stdout.take().unwrap()).lines()
        };
        let first: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
        assert_eq!(first["event"], "again");
        deliver(&server, 1).await;
        let wait = tokio::time::timeout(Duration::from_secs(10), async {
            loop {
                let line: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
                if line["kind"] == "observation" {
                    return line;
                }
            }
        });
        assert!(wait.await.unwrap()["id"].as_str().unwrap().starts_with("obs_"));
        server.until_settled().await;
        let cli = |words: &[&str]| {
            let told = std::process::Command::new(BINARY)
                .args(["answer", "--server", &server.url(""), "--key", SECRET_KEY])
                .args(words)
                .output()
                .unwrap();
            assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
            String::from_utf8(told.stdout).unwrap()
        };
        let told = cli(&["status", "of", "acme/shop#1"]);
        assert!(told.contains("#1: status open") && told.contains("Session ans_"), "{told}");
        let json: Value = serde_json::from_str(&cli(&["--json", "status of acme/shop#1"])).unwrap();
        assert_eq!(json["mode"], "extractive");
    })
    .await;
}

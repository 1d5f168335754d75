//! The Svix API, tested like Svix's own server: each test has the name of the test there that checks
//! the same.

mod applications;
mod attempts;
mod bounds;
mod endpoints;
mod event_types;
mod messages;
mod operational;
mod repeats;
mod ways;
mod worker;

use std::time::{Duration, Instant};

use campanile_testkit::server::{Answer, SECRET_KEY, Server};
use serde_json::{Value, json};

/// A caller of the API.
struct Svix<'s> {
    server: &'s Server,
    token: String,
}

impl<'s> Svix<'s> {
    fn of(server: &'s Server) -> Self {
        Self { server, token: SECRET_KEY.to_owned() }
    }

    fn with(server: &'s Server, token: &str) -> Self {
        Self { server, token: token.to_owned() }
    }

    async fn call(&self, method: &'static str, path: &str, body: &Value) -> Answer {
        self.call_with(method, path, body, &[]).await
    }

    async fn call_with(&self, method: &'static str, path: &str, body: &Value, more: &[(&str, &str)]) -> Answer {
        let authorization = format!("Bearer {}", self.token);
        let mut headers = vec![("authorization", authorization.as_str())];
        headers.extend(more);
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.server.ask(method, &format!("/api/v1{path}"), &headers, body).await.unwrap()
    }

    /// Calls, and expects a status. Returns the body.
    async fn ask(&self, method: &'static str, path: &str, body: Value, status: u16) -> Value {
        let answer = self.call(method, path, &body).await;
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.json);
        answer.json
    }

    async fn get(&self, path: &str) -> Value {
        self.ask("GET", path, Value::Null, 200).await
    }

    async fn post(&self, path: &str, body: Value, status: u16) -> Value {
        self.ask("POST", path, body, status).await
    }

    async fn app(&self, name: &str) -> String {
        id(&self.post("/app/", json!({ "name": name }), 201).await)
    }

    async fn endpoint(&self, app: &str, url: &str) -> String {
        id(&self.post(&format!("/app/{app}/endpoint/"), json!({ "url": url }), 201).await)
    }

    async fn message(&self, app: &str, event_type: &str, payload: Value) -> String {
        id(&self.post(&format!("/app/{app}/msg/"), json!({ "eventType": event_type, "payload": payload }), 202).await)
    }

    async fn event_type(&self, name: &str) {
        self.post("/event-type/", json!({ "name": name, "description": "for tests" }), 201).await;
    }

    /// Reads a list repeatedly until it is right.
    async fn until(&self, path: &str, is_right: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let began = Instant::now();
        loop {
            let list = self.get(path).await["data"].as_array().unwrap().clone();
            if is_right(&list) {
                return list;
            }
            assert!(began.elapsed() < Duration::from_secs(15), "{path}: {list:?}");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
}

fn id(made: &Value) -> String {
    made["id"].as_str().unwrap_or_else(|| panic!("{made} has an id")).to_owned()
}

fn ids(list: &Value) -> Vec<String> {
    list["data"].as_array().unwrap().iter().map(named).collect()
}

fn named(item: &Value) -> String {
    ["id", "name"].iter().find_map(|key| item[key].as_str()).unwrap().to_owned()
}

/// Checks the rules of every list, with ten items that `make` makes, in `ascending` order unless
/// another order is requested.
async fn common_list(
    svix: &Svix<'_>,
    path: &str,
    ascending: bool,
    has_order: bool,
    make: impl AsyncFn(usize) -> String,
) {
    let mut made = Vec::new();
    for n in 0..10 {
        // Ids sort by time, with a precision of four milliseconds.
        tokio::time::sleep(Duration::from_millis(5)).await;
        made.push(make(n).await);
    }
    if !ascending {
        made.reverse();
    }
    let all = svix.get(&format!("{path}?limit=50")).await;
    let offset = ids(&all).iter().position(|id| *id == made[0]).unwrap();
    assert_eq!(offset, 0, "nothing else is in the list");
    assert_eq!(all["done"], true);
    let one = svix.get(&format!("{path}?limit=1")).await;
    assert_eq!((ids(&one), &one["done"]), (made[..1].to_vec(), &json!(false)));
    let ten = svix.get(&format!("{path}?limit=10")).await;
    assert_eq!((ids(&ten), &ten["done"]), (made.clone(), &json!(true)));
    let six = svix.get(&format!("{path}?limit=6")).await;
    assert_eq!((ids(&six), &six["done"]), (made[..6].to_vec(), &json!(false)));
    let rest = svix.get(&format!("{path}?limit=6&iterator={}", six["iterator"].as_str().unwrap())).await;
    assert_eq!((ids(&rest), &rest["done"]), (made[6..].to_vec(), &json!(true)));
    let back = svix.get(&format!("{path}?limit=3&iterator={}", rest["prevIterator"].as_str().unwrap())).await;
    assert_eq!(ids(&back), made[3..6]);
    svix.ask("GET", &format!("{path}?iterator=BAD-$$$ITERATOR"), Value::Null, 422).await;
    svix.ask("GET", &format!("{path}?limit=300"), Value::Null, 422).await;
    svix.ask("GET", &format!("{path}?limit=many"), Value::Null, 400).await;
    let none = svix.get(&format!("{path}?limit=0")).await;
    assert_eq!(
        (none["data"].as_array().unwrap().len(), &none["iterator"], &none["done"]),
        (0, &Value::Null, &json!(false))
    );
    if has_order {
        let order = if ascending { "descending" } else { "ascending" };
        made.reverse();
        let first = svix.get(&format!("{path}?limit=3&order={order}")).await;
        assert_eq!(ids(&first), made[..3]);
        let iterator = first["iterator"].as_str().unwrap();
        let second = svix.get(&format!("{path}?limit=3&order={order}&iterator={iterator}")).await;
        assert_eq!(ids(&second), made[3..6]);
        let iterator = second["prevIterator"].as_str().unwrap();
        let back = svix.get(&format!("{path}?limit=3&order={order}&iterator={iterator}")).await;
        assert_eq!((ids(&back), &back["done"]), (made[..3].to_vec(), &json!(true)));
    }
}

//! Every route that there is: those of the OpenAPI document, and those of the Knock API, which stand in its router.

use campanile_testkit::server::Server;

const KNOCK: &str = include_str!("../../../../web/src/knock/mod.rs");
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// A method and a path, whose parts in braces are to be filled.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: String,
}

pub(super) async fn all(server: &Server) -> Vec<Route> {
    let document = server.get("/openapi.json").await.unwrap().json;
    let mut routes = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let of_path = METHODS.into_iter().filter(|method| operations.get(method.to_lowercase()).is_some());
        routes.extend(of_path.map(|method| Route { method, path: path.clone() }));
    }
    let described = routes.len();
    for route in KNOCK.split(".route(").skip(1) {
        let path = route.split('"').nth(1).expect("a route has a path");
        let handlers = route.split_once(',').map_or("", |(_, handlers)| handlers);
        // What is put together elsewhere (`LAYOUTS.one()`), or a name for several, is tried by all methods.
        let is_named = |method: &str| handlers.contains(&format!("{}(", method.to_lowercase()));
        let is_plain = METHODS.iter().any(|method| is_named(method));
        let of_path = METHODS.into_iter().filter(|method| !is_plain || is_named(method));
        routes
            .extend(of_path.filter(|_| !path.contains('*')).map(|method| Route { method, path: format!("/v1{path}") }));
    }
    for path in
        ["/ws/v1/websocket", "/providers/slack/authenticate", "/oauth/slack/callback", "/t/{token}", "/p/{token}"]
    {
        routes.push(Route { method: "GET", path: path.to_owned() });
    }
    assert!(described > 150 && routes.len() > described + 150, "{described} of {}", routes.len());
    routes
}

impl Route {
    /// The path with something in place of each part in braces.
    pub(super) fn filled(&self, with: &str) -> String {
        let parts = self.path.split('/').map(|part| match part {
            "{channel}" | "{feed}" if with == "x" => "in-app",
            "{set}" if with == "x" => "default",
            "{locale}" if with == "x" => "en",
            part if part.starts_with('{') => with,
            part => part,
        });
        parts.collect::<Vec<_>>().join("/")
    }

    /// Whether the path has a part to be filled.
    pub(super) fn has_place(&self) -> bool {
        self.path.contains('{')
    }

    /// An answer without an end is no answer to wait for; an end of one's own key is the end of the walk.
    pub(super) fn is_walked(&self) -> bool {
        self.path != "/api/stream" && !(self.method == "DELETE" && self.path == "/api/v1/app/{app}")
    }
}

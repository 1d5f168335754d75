//! Every route: those of the OpenAPI document, and a few that belong to no API.

use campanile_testkit::server::Server;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// A method and a path, with parts in braces to be filled.
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
    for path in
        ["/ws/v1/websocket", "/providers/slack/authenticate", "/oauth/slack/callback", "/t/{token}", "/p/{token}"]
    {
        routes.push(Route { method: "GET", path: path.to_owned() });
    }
    assert!(routes.len() > 330, "{} routes", routes.len());
    routes
}

impl Route {
    /// The path with a value in place of each part in braces.
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

    /// True if the path has a part to be filled.
    pub(super) fn has_place(&self) -> bool {
        self.path.contains('{')
    }

    /// True if the walk may call the route. The stream's answer never ends, and deleting the
    /// application would end the portal token's rights.
    pub(super) fn is_walked(&self) -> bool {
        self.path != "/api/stream" && !(self.method == "DELETE" && self.path == "/api/v1/app/{app}")
    }
}

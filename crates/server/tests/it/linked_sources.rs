//! Resources of a connection are linked as sources of a workspace.

use campanile_testkit::linear::{LinearConduct, LinearServer};
use campanile_testkit::receiver::Receiver;
use campanile_testkit::server::Server;
use serde_json::{Value, json};

use crate::on_each_server;
use crate::strangers::other_organisation;
use crate::tools::{PATIENCE, connected, delete, linear_settings, read, team, until, workspace};

/// The names of the linked resources of the first workspace.
async fn linked(server: &Server) -> Vec<String> {
    let list = read(server, "/api/sources").await;
    let names = list["data"].as_array().unwrap().iter().filter_map(|source| source["resource"]["name"].as_str());
    names.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn resources_are_linked_all_or_none_listed_unlinked_and_end_with_their_connection() {
    let provider = LinearServer::start(&[]).await;
    on_each_server(&linear_settings(&provider), async |server| {
        provider.conduct(LinearConduct::Works);
        provider.set_teams(&["Ops", "Design", "Core"]);
        let id = connected(&server, 3).await;
        let place = format!("/api/connections/{id}");
        let workspace = workspace(&server).await;
        let path = format!("/api/workspaces/{workspace}/sources");
        let link = async |resources: Value| {
            server.post(&path, &json!({ "connection": id, "resources": resources })).await.unwrap()
        };

        let made = link(json!([team("team-0"), team("team-1")])).await;
        assert_eq!(made.status, 201, "{}", made.json);
        assert_eq!(linked(&server).await, ["Ops", "Design"]);
        let first = &made.json["data"][0];
        assert_eq!((&first["provider"], &first["resource"]["connection_id"]), (&json!("linear"), &json!(id)));
        let listed = read(&server, &format!("{place}/resources")).await;
        let counts = |list: &Value| -> Vec<usize> {
            list["data"].as_array().unwrap().iter().map(|team| team["sources"].as_array().unwrap().len()).collect()
        };
        assert_eq!(counts(&listed), [0, 1, 1], "by name: {listed}");
        assert_eq!(listed["data"][2]["sources"][0], json!({ "id": first["id"], "workspace_id": workspace }));

        // Whatever is wrong with one of them, none is linked.
        for (resources, status, said) in [
            (json!([]), 400, "1 to 50"),
            (json!([team("team-2"), team("team-2")]), 400, "twice"),
            (json!([team("team-2"), team("team-9")]), 400, "has no team"),
            (json!([team("team-2"), { "kind": "repository", "provider_id": "team-0" }]), 400, "has no repository"),
            (json!([team("team-2"), team("team-0")]), 409, "linked in this workspace already"),
            (json!((0..51).map(|n| team(&format!("team-{n}"))).collect::<Vec<_>>()), 400, "1 to 50"),
        ] {
            let refused = link(resources).await;
            assert_eq!(refused.status, status, "{said}: {}", refused.json);
            assert!(refused.json.to_string().contains(said), "{said}: {}", refused.json);
        }
        assert_eq!(linked(&server).await, ["Ops", "Design"]);

        // A team that the account does not have any more is not linked.
        provider.set_teams(&["Ops", "Design"]);
        assert_eq!(server.post(&format!("{place}/check"), &json!({})).await.unwrap().status, 200);
        let gone = |list: &Value| list["data"].as_array().unwrap().iter().any(|team| team["status"] == "inactive");
        until(&server, &format!("{place}/resources"), gone).await;
        let inactive = link(json!([team("team-2")])).await;
        assert_eq!(inactive.status, 409, "{}", inactive.json);
        assert!(inactive.json.to_string().contains("is inactive"), "{}", inactive.json);

        // A connection and a workspace of others are not there.
        let (stranger, _) = other_organisation(&server).await;
        let stranger = format!("Bearer {stranger}");
        let headers = [("authorization", stranger.as_str()), ("content-type", "application/json")];
        let theirs = server.ask("GET", "/api/workspaces", &headers[..1], Vec::new()).await.unwrap().json;
        for workspace in [workspace.as_str(), theirs["data"][0]["id"].as_str().unwrap()] {
            let body = json!({ "connection": id, "resources": [team("team-0")] }).to_string().into_bytes();
            let path = format!("/api/workspaces/{workspace}/sources");
            assert_eq!(server.ask("POST", &path, &headers, body).await.unwrap().status, 404);
        }

        // Unlinked, it can be linked again; in another workspace, it is linked beside.
        assert_eq!(delete(&server, &format!("/api/sources/{}", first["id"].as_str().unwrap())).await, 204);
        assert_eq!(linked(&server).await, ["Design"]);
        assert_eq!(link(json!([team("team-0")])).await.status, 201);
        let other = server.post("/api/workspaces", &json!({ "name": "Other" })).await.unwrap().json;
        let other = format!("/api/workspaces/{}/sources", other["id"].as_str().unwrap());
        let beside = server.post(&other, &json!({ "connection": id, "resources": [team("team-0")] })).await.unwrap();
        assert_eq!(beside.status, 201, "{}", beside.json);
        let listed = read(&server, &format!("{place}/resources?search=ops")).await;
        assert_eq!(counts(&listed), [2]);

        // Disconnecting the account removes its sources, and endpoints hear of each.
        let mut receiver = Receiver::start().await;
        server.add_endpoint(&receiver.url()).await;
        assert_eq!(delete(&server, &place).await, 202);
        until(&server, &place, |connection| connection["status"] == "closed").await;
        assert!(linked(&server).await.is_empty());
        let mut disconnected = 0;
        while disconnected < 2 {
            let request = tokio::time::timeout(PATIENCE, receiver.requests.recv()).await.unwrap().unwrap();
            let told: Value = serde_json::from_slice(&request.body).unwrap();
            // The first sync of a source that was just linked may end here as well.
            match told["type"].as_str() {
                Some("source.disconnected") => disconnected += 1,
                other => assert_eq!(other, Some("sync.completed")),
            }
        }
        let closed = link(json!([team("team-0")])).await;
        assert_eq!(closed.status, 409, "{}", closed.json);
        let trail = read(&server, "/api/activity?action=source").await;
        let told: Vec<&str> =
            trail["data"].as_array().unwrap().iter().filter_map(|line| line["action"].as_str()).collect();
        let number = |action: &str| told.iter().filter(|told| **told == action).count();
        assert_eq!((number("source.linked"), number("source.deleted")), (4, 4), "{trail}");
    })
    .await;
}

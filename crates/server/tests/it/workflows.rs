//! `campanile workflows`: notifications as files.

use std::path::Path;
use std::process::{Command, Output};

use campanile_testkit::server::{SECRET_KEY, Server};
use serde_json::{Value, json};

use crate::{BINARY, on_each_server};

fn run(server: &Server, folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(BINARY);
    command.args(["workflows", words[0]]).args(&words[1..]).env("CAMPANILE_CLI_KEY", SECRET_KEY);
    command.env("CAMPANILE_CLI_SERVER", server.url(""));
    if words[0] != "preview" {
        command.arg("--folder").arg(folder);
    }
    command.output().unwrap()
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pulled_is_pushed_back_validated_and_shown() {
    on_each_server(&[], async |server| {
        let folder = server.data().join("files");
        let told = json!({ "translation": { "format": "json", "content": "{\"a\": \"b\"}" } });
        let key = format!("Bearer {SECRET_KEY}");
        let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
        let path = "/v1/translations/de-CH?namespace=mail&tenant=acme&commit=true";
        let written = server.ask("PUT", path, &headers, told.to_string().into_bytes()).await.unwrap();
        assert_eq!(written.status, 200, "{}", written.json);
        printed(&run(&server, &folder, &["pull"]));
        assert!(folder.join("translations/de-CH.mail.acme/translation.json").exists());
        let place = folder.join("workflows/observation-captured");
        let document = place.join("workflow.json");
        let text = std::fs::read_to_string(&document).unwrap();
        assert!(text.contains("\"html_body@\": \"mail.html_body.html\"") && !text.contains("created_at"), "{text}");

        // Nothing was changed, so pushing makes no new version.
        let commits = async || server.get("/v1/commits").await.unwrap().json["entries"].as_array().unwrap().len();
        let before = commits().await;
        printed(&run(&server, &folder, &["push", "--commit"]));
        assert_eq!(commits().await, before);

        std::fs::write(place.join("mail.html_body.html"), "<p>New: {{ title }} for {{ recipient.name }}</p>").unwrap();
        printed(&run(&server, &folder, &["push", "--commit", "-m", "shorter"]));
        assert_eq!(commits().await, before + 1);
        let data = json!({ "title": "<b>" }).to_string();
        let words = [
            "preview",
            "observation-captured",
            "mail",
            "--data",
            &data,
            "--recipient",
            "{\"id\":\"a\",\"name\":\"Ada\"}",
        ];
        let shown: Value = serde_json::from_str(&printed(&run(&server, &folder, &words))).unwrap();
        assert_eq!(shown["html_body"], "<p>New: <b> for Ada</p>");
        assert!(server.get("/v1/messages").await.unwrap().json["items"].as_array().unwrap().is_empty());

        std::fs::write(place.join("mail.html_body.html"), "{% if %}").unwrap();
        let refused = run(&server, &folder, &["validate"]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains("mail.template.html_body"), "{said}");
        let words = ["preview", "observation-captured", "digest"];
        assert!(!run(&server, &folder, &words).status.success(), "a step that says nothing shows nothing");
        std::fs::write(&document, text.replace("mail.html_body.html", "../../../../secret")).unwrap();
        let refused = run(&server, &folder, &["push"]);
        assert!(String::from_utf8_lossy(&refused.stderr).contains("must be a path within it"));
    })
    .await;
}

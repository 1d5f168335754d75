use campanile_base::Timestamp;

use super::*;

fn keys(body: &str) -> Vec<(&'static str, String)> {
    let event = SourceEvent {
        provider: "github".into(),
        event_type: "push".into(),
        source_id: "x".into(),
        title: "t".into(),
        body: body.into(),
        actor: None,
        occurred_at: Timestamp::from_seconds(0),
        repository: None,
        references: vec![Reference::commit("a8f3c2d91e4b5678")],
        metadata: serde_json::Map::new(),
    };
    extract(&event).into_iter().map(|entity| (entity.category, entity.key)).collect()
}

#[test]
fn each_pattern_finds_its_kind() {
    let found = keys(
        "POST /api/search fails for @ada-l, see #361 and LF-412; DATABASE_URL in src/db/mod.rs since b7e4d1f82c, branch: fix/it",
    );
    for expected in [
        ("endpoint", "POST /api/search"),
        ("engineer", "@ada-l"),
        ("project", "#361"),
        ("project", "LF-412"),
        ("config", "DATABASE_URL"),
        ("definition", "src/db/mod.rs"),
        ("reference", "b7e4d1f"),
        ("reference", "branch:fix/it"),
        ("reference", "a8f3c2d"),
    ] {
        assert!(found.contains(&(expected.0, expected.1.to_owned())), "{expected:?} in {found:?}");
    }
}

#[test]
fn noise_is_dropped_and_the_most_certain_find_is_kept() {
    let found = keys("The API and URL of a8f3c2d91e4b5678, 1234567 and defaced mail a@b.example");
    assert_eq!(found, [("reference", "a8f3c2d".to_owned())]);
}

#[test]
fn a_commit_is_named_by_any_length_of_its_digits() {
    assert_eq!(key_of_written(" a8f3c2d91e4b5678 "), "a8f3c2d");
    for unchanged in ["#361", "LF-412", "1234567890", "defaced", "@ada", "branch:fix/it", "a8f3"] {
        assert_eq!(key_of_written(unchanged), unchanged);
    }
}

#[test]
fn evidence_is_cut_at_characters_not_bytes() {
    let text = format!("{}#361{}", "é".repeat(80), " ü".repeat(80));
    let found: Vec<Entity> = from_text(&format!("é {text}")).collect();
    assert!(found.is_empty() || found[0].evidence.chars().count() <= 2 * AROUND + 4);
    assert_eq!(around(&format!("{} #1", "é".repeat(80)), 161, 163).chars().count(), 52);
}

/// The keys of a category that a text names.
fn named(category: &str, body: &str) -> Vec<String> {
    let mut keys: Vec<String> = keys(body).into_iter().filter(|(of, _)| *of == category).map(|(_, key)| key).collect();
    keys.retain(|key| key != "a8f3c2d");
    keys.sort_unstable();
    keys
}

#[test]
fn files_packages_and_functions_are_definitions() {
    let text = "`parse.ts` and @acme/db/src/pool.rs, docs/ops.md of @acme/cli; not node.js, https://docs.rs or a@b.md";
    assert_eq!(named("definition", text), ["@acme/cli", "@acme/db/src/pool.rs", "docs/ops.md", "parse.ts"]);
    let text = "pool.acquire() calls readAll() and `closeAll`, not count() or `close`\n    at runQuery (db.ts:12)";
    assert_eq!(named("definition", text), ["closeAll", "db.ts", "pool.acquire", "readAll", "runQuery"]);
}

#[test]
fn branches_are_known_by_their_usual_begin() {
    let text = "Merge pull request #1 from acme/fix/login-loop; see `feat/search` and fix/pool.rs, fix/up";
    assert_eq!(named("reference", text), ["branch:feat/search", "branch:fix/login-loop"]);
}

#[test]
fn settings_and_services_are_known_by_name() {
    assert_eq!(named("config", "`retry_limit: 3` of MAX_RETRIES, not `read_all`"), ["MAX_RETRIES", "retry_limit"]);
    let text = "Redis and kafka; postgres://db, redis.example.com and ops@stripe.com are addresses";
    assert_eq!(named("service", text), ["Redis", "kafka"]);
}

#[test]
fn what_only_looks_like_an_entity_is_left_out() {
    for text in [
        "UTF-8, SHA-256 and GPT-4",
        "DBV-2026-02-08",
        "psql://admin:pw!@db-primary.internal:5432/shop",
        "550e8400-e29b-41d4-a716-446655440000",
        "`@scope/x` by mail a@b.example",
    ] {
        let found = keys(text);
        let others = found.iter().filter(|(category, key)| key != "a8f3c2d" && *category != "definition");
        assert_eq!(others.count(), 0, "{text}: {found:?}");
    }
    assert_eq!(named("reference", "CVE-2024-12345"), ["CVE-2024-12345"]);
}

#[test]
fn a_number_of_a_provider_is_no_entity_and_a_project_has_its_name() {
    let mut event = SourceEvent {
        provider: "vercel".into(),
        event_type: "deployment.ready".into(),
        source_id: "x".into(),
        title: "t".into(),
        body: String::new(),
        actor: None,
        occurred_at: Timestamp::from_seconds(0),
        repository: None,
        references: vec![
            Reference::new(ReferenceKind::Project, "prj_1"),
            Reference::new(ReferenceKind::Issue, "5012847391"),
        ],
        metadata: serde_json::Map::new(),
    };
    event.metadata.insert("projectName".into(), "shop".into());
    let found: Vec<_> = extract(&event).into_iter().map(|entity| (entity.category, entity.key)).collect();
    assert_eq!(found, [("project", "shop".to_owned())]);
}

use campanile_memory::EmbedderSettings;

use super::*;

fn check(values: &[(&str, &str)]) -> Result<Settings, String> {
    let mut layers = Layers::default();
    layers.add_environment(values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))?;
    layers.check()
}

#[test]
fn what_an_orchestrator_says_of_a_service_is_no_setting() {
    let injected = [
        ("CAMPANILE_SERVICE_HOST", "10.0.0.7"),
        ("CAMPANILE_SERVICE_PORT", "4400"),
        ("CAMPANILE_SERVICE_PORT_HTTP", "4400"),
        ("CAMPANILE_PORT", "tcp://10.0.0.7:4400"),
        ("CAMPANILE_PORT_4400_TCP", "tcp://10.0.0.7:4400"),
        ("CAMPANILE_PORT_4400_TCP_PROTO", "tcp"),
        ("CAMPANILE_DB_SERVICE_HOST", "10.0.0.8"),
    ];
    assert!(check(&injected).is_ok());
    assert!(check(&[("CAMPANILE_PORT", "4400")]).unwrap_err().contains("there is no setting port"));
}

#[test]
fn a_value_without_sense_or_unit_is_refused_by_the_name_of_its_setting() {
    for (variable, value) in [
        ("CAMPANILE_MAIL_FROM", "foo"),
        ("CAMPANILE_NOTIFY_DIGEST", "10"),
        ("CAMPANILE_BASE_URL", "https://example.com/campanile"),
    ] {
        let refused = check(&[(variable, value)]).unwrap_err();
        assert!(refused.contains(variable), "{refused}");
    }
    assert!(check(&[("CAMPANILE_BASE_URL", "https://example.com/"), ("CAMPANILE_NOTIFY_DIGEST", "0")]).is_ok());
}

#[test]
fn what_is_wrong_in_a_file_has_its_line_and_shows_no_value() {
    let file = std::env::temp_dir().join(format!("campanile-wrong-{}.toml", std::process::id()));
    std::fs::write(&file, "listen = \"127.0.0.1:1\"\nencryption_key = 'hush\n").unwrap();
    let refused = Layers::default().add_file(&file).unwrap_err();
    std::fs::remove_file(&file).unwrap();
    assert!(refused.contains(".toml, line 2, column ") && !refused.contains("hush"), "{refused}");
}

#[test]
fn a_provider_of_vectors_or_orders_is_set_as_a_whole() {
    let refused = |values: &[(&str, &str)]| check(values).unwrap_err();
    let url = ("CAMPANILE_EMBEDDINGS_URL", "https://api.example.com/v1/");
    assert!(refused(&[url]).contains("embeddings_model"));
    assert!(refused(&[("CAMPANILE_EMBEDDINGS_MODEL", "m")]).contains("embeddings_url"));
    let whole = [url, ("CAMPANILE_EMBEDDINGS_MODEL", "m"), ("CAMPANILE_EMBEDDINGS_QUERY_PREFIX", "query: ")];
    let EmbedderSettings::Provider(provider) = check(&whole).unwrap().models.embedder else { panic!("a provider") };
    assert_eq!((provider.url.as_str(), provider.query_prefix.as_str()), ("https://api.example.com/v1", "query: "));
    for (variable, value) in [
        ("CAMPANILE_EMBEDDINGS_DIMENSIONS", "2048"),
        ("CAMPANILE_EMBEDDINGS_DIMENSIONS", "0"),
        ("CAMPANILE_EMBEDDINGS_KIND", "other"),
        ("CAMPANILE_EMBEDDINGS_MAX_TOKENS", "10"),
        ("CAMPANILE_MEMORY_EMBEDDER", "off"),
        ("CAMPANILE_LLM_URL", "https://user:hush@api.example.com"),
        ("CAMPANILE_RERANK_KIND", "other"),
        ("CAMPANILE_RERANK_URL", "https://api.example.com"),
    ] {
        assert!(check(&[whole[0], whole[1], (variable, value)]).is_err(), "{variable}={value}");
    }
    let tei = [("CAMPANILE_RERANK_URL", "https://rerank.example.com"), ("CAMPANILE_RERANK_KIND", "tei")];
    assert!(check(&tei).unwrap().models.reranker.unwrap().model.is_none());
}

#[test]
fn a_language_model_is_set_as_a_whole() {
    let refused = |values: &[(&str, &str)]| check(values).unwrap_err();
    assert!(refused(&[("CAMPANILE_LLM_URL", "https://api.example.com")]).contains("llm_model"));
    assert!(refused(&[("CAMPANILE_LLM_MODEL", "m")]).contains("llm_url"));
    assert!(refused(&[("CAMPANILE_LLM_KEY", "hush")]).contains("llm_key"));
    assert!(!refused(&[("CAMPANILE_LLM_KEY", "hush")]).contains("hush"));
    let whole = [("CAMPANILE_LLM_URL", "https://api.example.com/"), ("CAMPANILE_LLM_MODEL", "m")];
    let settings = check(&whole).unwrap();
    assert_eq!(settings.answers.model.as_ref().unwrap().url, "https://api.example.com");
    assert!(refused(&[whole[0], whole[1], ("CAMPANILE_LLM_KIND", "other")]).contains("llm_kind"));
    assert!(check(&[whole[1], ("CAMPANILE_LLM_URL", "ftp://x")]).is_err());
}

#[test]
fn the_defaults_fit() {
    let settings = check(&[]).unwrap();
    assert_eq!(settings.webhooks.retry_schedule, campanile_webhooks::Settings::default().retry_schedule);
    assert_eq!(format!("{:?}", settings.engine), format!("{:?}", campanile_engine::Settings::default()));
    assert_eq!(settings.max_age, Some(Duration::from_secs(7 * 3_600)));
    assert_eq!(format!("{:?}", settings.retention), format!("{:?}", campanile_app::Retention::default()));
}

#[test]
fn a_wrong_or_unknown_setting_is_named() {
    for (variable, value, named) in [
        ("CAMPANILE_LISTENN", "x", "listenn"),
        ("CAMPANILE_LISTEN", "4400", "listen"),
        ("CAMPANILE_INBOUND_MAX_AGE", "soon", "inbound_max_age"),
        ("CAMPANILE_NET_ALLOW", "10.0.0.0/33", "net_allow"),
        ("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", "5s,later", "webhooks_retry_schedule"),
        ("CAMPANILE_BOOTSTRAP_SOURCES", "bitbucket=x", "bootstrap_sources"),
        ("DATABASE_URL", "mysql://x", "database_url"),
        ("CAMPANILE_LOG_FORMAT", "xml", "log_format"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318", "otlp_endpoint"),
        ("CAMPANILE_ENGINE_LEASE", "10ms", "engine_lease"),
    ] {
        let error = check(&[(variable, value)]).unwrap_err();
        assert!(error.contains(named), "{variable}: {error}");
    }
}

#[test]
fn what_is_secret_is_not_described() {
    let settings = check(&[("CAMPANILE_BOOTSTRAP_SECRET_KEY", "sk_hidden_hidden"), ("CAMPANILE_NODE", "a")]).unwrap();
    let shown = settings.describe();
    assert!(!shown.contains("sk_hidden") && shown.contains("CAMPANILE_BOOTSTRAP_SECRET_KEY"));
    assert!(!format!("{:?}", settings.bootstrap).contains("sk_hidden"));
}

#[test]
fn no_password_in_an_address_is_described() {
    let names: Vec<String> = KNOWN.iter().map(|known| format!("CAMPANILE_{}", known.name.to_uppercase())).collect();
    for name in &names {
        let Ok(settings) = check(&[(name.as_str(), "http://ada:s3cr3t@collector:4318/v1?token=s3cr3t")]) else {
            continue;
        };
        assert!(!settings.describe().contains("s3cr3t"), "{name}");
    }
    let settings = check(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://ada:s3cr3t@collector:4318")]).unwrap();
    assert!(settings.describe().contains("http://…@collector:4318"), "{}", settings.describe());
}

#[test]
fn a_file_may_use_tables_and_lists_and_the_environment_wins() {
    let folder = std::env::temp_dir().join(format!("campanile-settings-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("campanile.toml");
    std::fs::write(&file, "listen = \"127.0.0.1:1\"\n[webhooks]\nretry_schedule = [\"1s\", \"2m\"]\n").unwrap();
    let mut layers = Layers::default();
    layers.add_file(&file).unwrap();
    layers.add_environment([("CAMPANILE_LISTEN".to_owned(), "127.0.0.1:2".to_owned())].into_iter()).unwrap();
    let settings = layers.check().unwrap();
    assert_eq!(settings.listen, "127.0.0.1:2");
    assert_eq!(settings.webhooks.retry_schedule, [Duration::from_secs(1), Duration::from_secs(120)]);
    std::fs::write(&file, "[webhooks]\nretries = 3\n").unwrap();
    assert!(Layers::default().add_file(&file).unwrap_err().contains("webhooks_retries"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_settings_of_the_integration_at_vercel_belong_together() {
    let all = [
        ("CAMPANILE_CONNECTOR_VERCEL_CLIENT_ID", "oac_1"),
        ("CAMPANILE_CONNECTOR_VERCEL_CLIENT_SECRET", "secret"),
        ("CAMPANILE_CONNECTOR_VERCEL_SLUG", "campanile"),
    ];
    assert!(check(&all).is_ok() && check(&[]).is_ok());
    for missing in 0..all.len() {
        let given: Vec<_> = all.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, pair)| *pair).collect();
        let refused = check(&given).unwrap_err();
        assert!(refused.contains("connector_vercel_") && refused.contains("needs"), "{refused}");
    }
    let odd = [all[0], all[1], ("CAMPANILE_CONNECTOR_VERCEL_SLUG", "a/b")];
    assert!(check(&odd).unwrap_err().contains("connector_vercel_slug"));
}

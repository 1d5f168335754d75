//! The patterns by which entities are found in a text.
//!
//! A pattern finds a candidate by its first group; the check beside it looks at what stands around, and
//! gives the key, or refuses it.

use std::sync::LazyLock;

use regex::Regex;

/// A pattern, with the category and the confidence of what it finds.
pub(super) struct Pattern {
    pub(super) category: &'static str,
    pub(super) confidence: f64,
    pub(super) regex: Regex,
    /// The key of a candidate; `None` if it is no entity.
    pub(super) key: fn(&Found<'_>) -> Option<String>,
}

/// A candidate within its text.
pub(super) struct Found<'t> {
    pub(super) text: &'t str,
    pub(super) value: &'t str,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Found<'_> {
    fn before(&self) -> Option<char> {
        self.text[..self.start].chars().next_back()
    }

    fn after(&self) -> &str {
        &self.text[self.end..]
    }

    /// True if the text goes on behind a sign, as in `v1.2` or `a-b`.
    fn goes_on_behind(&self, signs: &[char]) -> bool {
        let mut after = self.after().chars();
        after.next().is_some_and(|sign| signs.contains(&sign)) && after.next().is_some_and(char::is_alphanumeric)
    }
}

/// The endings of files that are code, settings or documentation.
const ENDINGS: &str = "ts|tsx|mts|cts|js|jsx|mjs|cjs|rs|py|go|rb|java|kt|swift|scala|c|h|cc|cpp|hpp|cs|php|sql|sh|\
    yml|yaml|toml|json|md|mdx|css|scss|html|vue|svelte|proto|tf|gradle|ipynb|lock";
/// Names that end like files and are none.
const NO_FILES: [&str; 10] =
    ["node.js", "next.js", "vue.js", "nuxt.js", "react.js", "three.js", "express.js", "d3.js", "nest.js", "ember.js"];
/// Words before a number that look like the key of an issue: standards, algorithms, models.
const NO_ISSUES: [&str; 18] = [
    "UTF", "SHA", "ISO", "HTTP", "GPT", "AES", "RFC", "MD", "TLS", "SSL", "RSA", "ES", "IPV", "CVE", "UTC", "GMT",
    "COVID", "BASE",
];
/// Services that systems depend on, by names that mean nothing else.
const SERVICES: &str = "Pinecone|Redis|PostgreSQL|Postgres|MySQL|MariaDB|MongoDB|SQLite|DynamoDB|Cassandra|Kafka|\
    RabbitMQ|Elasticsearch|OpenSearch|ClickHouse|BigQuery|Supabase|PlanetScale|Cloudflare|Fastly|Stripe|Twilio|\
    SendGrid|Mailgun|Datadog|PagerDuty|Grafana|Prometheus|Kubernetes|Docker|Terraform|Auth0|Okta|Algolia|Typesense|\
    Meilisearch|Qdrant|Weaviate|OpenAI|Anthropic|Cohere|Nginx|Upstash|Netlify|Heroku|Firebase";

pub(super) static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let files = format!(r"((?:@?[\w.\-]+/)*[\w.\-]*\w\.(?:{ENDINGS}))\b");
    let services = format!(r"(?i)\b({SERVICES})\b");
    type Key = fn(&Found<'_>) -> Option<String>;
    let patterns: [(&str, f64, &str, Key); 17] = [
        ("endpoint", 0.95, r"\b((?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\s+/[\w\-./{}:]*)", endpoint),
        ("project", 0.95, r"(?:^|[^\w/&])(#\d{1,6})\b", whole),
        ("project", 0.90, r"\b([A-Z][A-Z0-9]{1,9}-\d+)\b", issue),
        ("reference", 0.90, r"\b(CVE-\d{4}-\d{4,7})\b", whole),
        ("engineer", 0.90, r#"(?:^|[\s(\[{,;:>"'*_])(@[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?)\b"#, person),
        ("config", 0.85, r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b", whole),
        ("config", 0.65, r"`([a-z][a-z0-9]*(?:_[a-z0-9]+)+)\s*[:=][^`\n]*`", whole),
        ("definition", 0.80, &files, file),
        ("definition", 0.75, r"(@[a-z0-9][\w.\-]*/[a-z0-9][\w.\-]*\w)", package),
        ("definition", 0.75, r"(?m)^\s*at (?:async )?([A-Za-z_$][\w$.]*) \(", whole),
        ("definition", 0.75, r"(?m)^Function: ([A-Za-z_$][\w$.:]*)$", whole),
        ("definition", 0.70, r"\b([a-z_$][\w$]*(?:(?:\.|::)[A-Za-z_$][\w$]*)*)\(\)", function),
        ("definition", 0.65, r"`([a-z]+[0-9]*(?:[A-Z][a-z0-9]+)+)`", whole),
        ("reference", 0.75, r"(?i)\b(branch:\s*[\w\-./]+)", said_branch),
        (
            "reference",
            0.75,
            r"\b((?:feat|feature|fix|hotfix|bugfix|chore|refactor|perf)/[\w.\-]+(?:/[\w.\-]+)*)",
            branch,
        ),
        ("reference", 0.70, r"\b([0-9a-f]{7,40})\b", commit),
        ("service", 0.70, &services, service),
    ];
    let compiled = patterns.into_iter().map(|(category, confidence, regex, key)| {
        let regex = Regex::new(regex).expect("the patterns are constants");
        Pattern { category, confidence, regex, key }
    });
    compiled.collect()
});

/// The text as it is written.
#[allow(clippy::unnecessary_wraps, reason = "it is one of the checks")]
fn whole(found: &Found<'_>) -> Option<String> {
    Some(found.value.to_owned())
}

#[allow(clippy::unnecessary_wraps, reason = "it is one of the checks")]
fn endpoint(found: &Found<'_>) -> Option<String> {
    Some(found.value.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// `ABC-12`, but neither `UTF-8` nor the begin of `DB-2026-02-08`.
fn issue(found: &Found<'_>) -> Option<String> {
    let prefix = found.value.split('-').next().unwrap_or_default();
    if NO_ISSUES.contains(&prefix) || found.goes_on_behind(&['-', '.']) { None } else { whole(found) }
}

/// A handle, but neither a package such as `@scope/name` nor the host of a mail address.
fn person(found: &Found<'_>) -> Option<String> {
    let is_more = found.after().starts_with('/') || found.goes_on_behind(&['.', '@']);
    if is_more { None } else { whole(found) }
}

/// A path, or a name with the ending of a file; not a part of an address.
fn file(found: &Found<'_>) -> Option<String> {
    let is_address = matches!(found.before(), Some('/' | '@' | ':')) || found.value.contains("://");
    let name = found.value.to_lowercase();
    if is_address || NO_FILES.contains(&name.as_str()) || name.starts_with("www.") { None } else { whole(found) }
}

/// `@scope/name`, if no path goes on behind it.
fn package(found: &Found<'_>) -> Option<String> {
    let is_part = found.before().is_some_and(|before| before.is_alphanumeric() || "./@_-".contains(before));
    if is_part || found.after().starts_with('/') { None } else { whole(found) }
}

/// A call whose name has several words: `parseInput()`, `pool.acquire()`, `read_all()`.
fn function(found: &Found<'_>) -> Option<String> {
    let has_words = found.value.contains(['.', ':', '_']) || found.value.contains(|c: char| c.is_ascii_uppercase());
    if has_words { whole(found) } else { None }
}

#[allow(clippy::unnecessary_wraps, reason = "it is one of the checks")]
fn said_branch(found: &Found<'_>) -> Option<String> {
    Some(format!("branch:{}", found.value["branch:".len()..].trim()))
}

/// A branch by a usual begin, such as `fix/login`; a path to a file begins like that as well.
fn branch(found: &Found<'_>) -> Option<String> {
    let name = found.value.trim_end_matches(['.', '-']);
    let last = name.rsplit('/').next().unwrap_or_default();
    let is_file = last.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.split('|').any(|known| known == ending));
    // `fix/feat` are two words.
    if is_file || last.len() < 4 { None } else { Some(format!("branch:{name}")) }
}

/// The first seven digits of a commit. Digits alone are a number, letters alone a word, and what stands
/// between dashes is a part of another id.
fn commit(found: &Found<'_>) -> Option<String> {
    let has = |wanted: fn(&char) -> bool| found.value.chars().any(|c| wanted(&c));
    let is_part = found.before() == Some('-') || found.after().starts_with('-');
    let is_commit = has(char::is_ascii_digit) && has(char::is_ascii_alphabetic) && !is_part;
    is_commit.then(|| found.value[..7].to_owned())
}

/// The name of a service; not a part of an address.
fn service(found: &Found<'_>) -> Option<String> {
    let is_scheme = found.after().starts_with(':') && !found.after().starts_with(": ");
    let is_host = matches!(found.before(), Some('@' | '.' | '/')) || found.goes_on_behind(&['.']);
    if is_scheme || is_host { None } else { whole(found) }
}

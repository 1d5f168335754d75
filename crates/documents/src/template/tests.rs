//! Tests of templates: their output, and their bounds.

use serde_json::json;

use super::*;

fn rendered(template: &str) -> String {
    let data = json!({ "name": "Ada <3", "topics": ["a", "b"], "nested": { "n": 7 }, "flag": false });
    Template::parse(template).unwrap().render(&data).unwrap()
}

#[test]
fn what_is_missing_is_nothing() {
    assert_eq!(rendered("[{{ missing }}{{ missing.deeper.still }}]"), "[]");
    assert_eq!(rendered("{{ missing | default: 'x' }}"), "x");
    assert_eq!(rendered("{% for x in missing %}never{% endfor %}."), ".");
    assert_eq!(rendered("{% if missing %}a{% else %}b{% endif %}"), "b");
    assert_eq!(rendered("{% if nested.none == nil %}a{% endif %}"), "a");
    assert_eq!(rendered("{% if topics.size > 1 %}{{ topics.size }}{% endif %}"), "2");
}

#[test]
fn what_is_there_is_rendered() {
    assert_eq!(rendered("{{ topics | join: ', ' }} {{ nested.n | plus: 1 }}"), "a, b 8");
    assert_eq!(rendered("{{ 'pull_request' | capitalize }} {{ name | escape }}"), "Pull_request Ada &lt;3");
    assert_eq!(rendered("{% for t in topics %}{{ forloop.index }}{{ t }}{% endfor %}"), "1a2b");
    assert_eq!(rendered("{% assign y = topics | first %}{{ y }}{% if flag %}no{% endif %}"), "a");
}

#[test]
fn filters_of_the_hosted_service_are_there() {
    assert_eq!(rendered("{{ nested | json }} {{ topics | json }} {{ missing | json }}"), r#"{"n":7} ["a","b"] null"#);
    assert_eq!(rendered("{% assign x = '{\"y\": [1, 2]}' | from_json %}{{ x.y[1] }}"), "2");
    assert_eq!(rendered("{{ 1 | pluralize: 'item', 'items' }} {{ 2 | pluralize: 'item', 'items' }}"), "item items");
    assert_eq!(rendered("{{ '2026-03-01T23:30:00Z' | timezone: 'Europe/Berlin' | date: '%d %H:%M' }}"), "02 00:30");
    assert_eq!(
        rendered(
            "{{ 1234567.5 | format_number: 'en' }} {{ 1234.5 | currency: 'EUR', 'de' }} {{ 9.7 | rounded_currency: 'USD' }}"
        ),
        "1,234,567.5 €1,234.50 $10"
    );
    assert_eq!(
        rendered("{{ 'ada' | md5 }} {{ 'ada' | sha256 | slice: 0, 6 }}"),
        "8c8d357b5e872bbacd45197626bd5759 fdee43"
    );
    assert_eq!(
        rendered(
            "{{ 'a b' | titlecase }} {{ 'v1.10.0' | compare_versions: '1.9' }} {{ topics | intersect: topics | join: '' }}"
        ),
        "A B 1 ab"
    );
    assert_eq!(rendered("{{ '2026-03-01T10:00:00Z' | format_date_in_locale: 'en', 'long' }}"), "March 1, 2026");
    assert_eq!(rendered("{{ '**b**' | from_markdown }}"), "<p><strong>b</strong></p>");
    let failed = Template::parse("{{ 'x' | from_json }}").unwrap().render(&json!({})).unwrap_err().to_string();
    assert!(failed.contains("from_json"), "{failed}");
}

#[test]
fn loops_forgive_too() {
    let items = "{% assign items = '[{\"a\": 1}, {\"b\": {\"c\": 2}}]' | from_json %}";
    let shown = |text: &str| rendered(&format!("{items}{text}"));
    assert_eq!(shown("{% for i in items %}[{{ i.a }}{{ i.b.c }}{{ i.x.y }}]{% endfor %}"), "[1][2]");
    assert_eq!(shown("{%- for i in items -%} {% if i.a %}a{% else %}-{% endif %} {%- endfor -%}"), "a-");
    assert_eq!(shown("{% for i in items %}{% for j in i.none %}x{{ j.x }}{% else %}o{% endfor %}{% endfor %}"), "oo");
    assert_eq!(
        shown("{% for i in items %}{{ i.x }}{% if i.a %}{% continue %}{% endif %}b{% break %}{% endfor %}"),
        "b"
    );
    assert_eq!(rendered("{% raw %}{% for %}{% endraw %}"), "{% for %}");
    let error = Template::parse("a\n{% for i in items %}\n{{ i | }}{% endfor %}").unwrap_err().to_string();
    assert!(error.contains('3'), "the line is the author's: {error}");
}

#[test]
fn a_broken_template_says_what_is_wrong() {
    let error = Template::parse("{% if %}").unwrap_err().to_string();
    assert!(error.contains("if"), "{error}");
}

fn refused(template: &str) -> String {
    let data = json!({ "big": "x".repeat(200_000), "list": vec!["word"; 50_000] });
    let parsed = Template::parse(template);
    match parsed {
        Ok(template) => template.render(&data).expect_err("it is refused").to_string(),
        Err(error) => error.to_string(),
    }
}

fn begins_within_a_second(work: impl FnOnce()) {
    let began = std::time::Instant::now();
    work();
    // A test build is slow, and so may the machine be.
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn a_template_without_end_ends() {
    begins_within_a_second(|| {
        let loops = |inside: &str| {
            format!(
                "{{% for i in (1..3000) %}}{{% for j in (1..3000) %}}{{% for k in (1..3000) %}}{inside}{{% endfor %}}{{% endfor %}}{{% endfor %}}"
            )
        };
        for inside in ["", "x", "{{ i }}", "{% if i %}{% endif %}", "{% assign a = i %}", "{% continue %}"] {
            assert!(refused(&loops(inside)).contains("the template takes"), "{inside}");
        }
    });
}

#[test]
fn a_range_is_not_written_out_before_it_is_measured() {
    begins_within_a_second(|| {
        for range in ["(1..1000000000)", "(-9223372036854775807..9223372036854775807)"] {
            assert!(refused(&format!("{{% for i in {range} limit: 1 %}}{{% endfor %}}")).contains("range"), "{range}");
            assert!(refused(&format!("{{% render 'p' for {range} as i %}}")).contains("range"), "{range}");
        }
        assert_eq!(rendered("{% for i in (5..1) %}x{% else %}none{% endfor %}"), "none");
    });
}

#[test]
fn values_and_output_are_bounded() {
    begins_within_a_second(|| {
        let doubled = "{% assign a = a | append: a %}".repeat(28);
        assert!(refused(&format!("{{% assign a = 'xxxxxxxx' %}}{doubled}")).contains("larger"));
        let captured = "{% capture a %}{{ a }}{{ a }}{% endcapture %}".repeat(28);
        assert!(refused(&format!("{{% assign a = 'xxxxxxxx' %}}{captured}")).contains("larger"));
        assert!(refused("{{ big | replace: 'x', big }}").contains("larger"));
        assert!(refused("{{ list | join: big }}").contains("larger"));
        assert!(refused("{% for i in (1..100) %}{{ big }}{% endfor %}").contains("renders to more"));
        assert!(
            refused("{% for i in (1..100) %}{% assign a = big | append: i %}{% endfor %}").contains("assigns more")
        );
        assert!(refused("{{ list | uniq }}").contains("the template takes"));
        assert!(
            refused("{% for i in (1..99999) %}{% if big contains 'y' %}{% endif %}{% endfor %}")
                .contains("the template takes")
        );
    });
}

#[test]
fn a_letter_that_stands_for_nothing_is_no_format_of_a_date() {
    for format in ["%2é", "%é", "%-5\u{fffd}0Y", "100% möglich"] {
        let said = Template::parse(&format!("{{{{ 'now' | date: '{format}' }}}}")).unwrap().render(&json!({}));
        let is_text = format.contains("% ");
        assert!(is_text || said.unwrap_err().to_string().contains("no format"), "{format}");
    }
    assert!(rendered("{{ '2026-03-01' | date: '%d. März' }}").ends_with(". März"));
}

#[test]
fn a_part_of_a_date_has_a_width() {
    let at = "{{ '2026-03-01 10:00:00 +0000' | date: ";
    assert!(refused(&format!("{at}'%200000000Y' }}}}")).contains("32 wide"));
    assert!(refused(&format!("{at}'%-_99999999999999999999999d' }}}}")).contains("32 wide"));
    assert_eq!(rendered(&format!("{at}'%10Y %-d %% 2026' }}}}")), "0000002026 1 % 2026");
}

#[test]
fn blocks_lie_a_hundred_deep_at_most() {
    for (start, end) in [
        ("{% if a %}", "{% endif %}"),
        ("{% unless a %}", "{% endunless %}"),
        ("{% for i in a %}", "{% endfor %}"),
        ("{% case a %}{% when 1 %}", "{% endcase %}"),
        ("{% capture a %}", "{% endcapture %}"),
        ("{% ifchanged %}", "{% endifchanged %}"),
        ("{% comment %}", "{% endcomment %}"),
    ] {
        let nested = |depth: usize| format!("a\n{}{}", start.repeat(depth), end.repeat(depth));
        assert!(Template::parse(&nested(100)).unwrap().render(&json!({})).is_ok(), "{start}");
        let error = Template::parse(&nested(1_500)).unwrap_err().to_string();
        assert!(error.contains("100 deep") && error.contains("2"), "{start}: {error}");
        assert!(Template::parse(&start.repeat(1_500)).is_err(), "{start}");
    }
    // A template parsed after a refused one is not affected.
    assert!(Template::parse("{% if a %}{% endif %}").is_ok());
}

#[test]
fn what_its_parser_recurses_or_squares_on_is_refused_with_the_line() {
    for (text, why) in [
        (format!("a\n{{{{ {}a }}}}", "a[".repeat(20_000)), "line 2: brackets"),
        (format!("a\n{{{{ x['{{{{ {}a }}}}'] }}}}", "a[\"b\"][a[".repeat(5_000)), "line 2: brackets"),
        (format!("a\n{{% if a %}}{}{{% endif %}}", "{% elsif a %}".repeat(2_000)), "elsif"),
        (format!("a\n{{% if a == \"%}}\"{} %}}{{% endif %}}", " or a".repeat(5_000)), "line 2: a condition"),
        (format!("a\n{}", " ".repeat(150_000)), "line 2: more than 1000 blank"),
        ("a\n{{ 99999999999999999999 }}".to_owned(), "line 2: the number"),
        ("x".repeat(300_000), "longer than"),
        ("{% '".repeat(40_000), "not closed"),
    ] {
        begins_within_a_second(|| {
            let error = Template::parse(&text).unwrap_err().to_string();
            assert!(error.contains(why), "{why}: {error}");
            assert!(error.len() < 3_000);
        });
    }
    for text in
        ["{{ a.b[0].c['d'] }} [a](https://x.example/[b])", "{% raw %}{{ a[ }}{% endraw %}", "12345678901234567890123"]
    {
        assert!(Template::parse(text).is_ok(), "{text}");
    }
    let or = " or a".repeat(90);
    assert_eq!(rendered(&format!("{{% if a{or} %}}x{{% else %}}y{{% endif %}}")), "y");
}

#[test]
fn a_partial_that_renders_itself_is_an_error() {
    let partials =
        [("p", "{% render 'p' %}"), ("q", "{% for i in (1..9) %}{% render 'q' %}{% endfor %}"), ("r", "r{{ x }}")];
    let partials = partials.map(|(key, text)| (key.to_owned(), text.to_owned()));
    let variables = Variables::new(&json!({}), Arc::new(Partials::new(partials))).unwrap();
    let render = |text: &str| Template::parse(text).unwrap().render_with(&variables);
    for name in ["p", "q"] {
        begins_within_a_second(|| {
            let error = render(&format!("{{% render '{name}' %}}")).unwrap_err().to_string();
            assert!(error.contains("10 deep"), "{error}");
        });
    }
    // The budget of one rendering is not that of the next.
    assert_eq!(
        render("{% render 'r', x: 1 %}{% render 'r' for (1..3) as x %}{% render 'r' with 4 as x %}").unwrap(),
        "r1r1r2r3r4"
    );
}

#[test]
fn a_translation_that_translates_itself_is_an_error() {
    let document =
        json!({ "locale_code": "en", "format": "json", "content": json!({ "a": "{{ 'a' | t }}" }).to_string() });
    let localized = Arc::new(Translations::new([document])).spoken(None, None);
    let variables = Variables::new(&json!({}), Arc::default()).unwrap().spoken(localized);
    let error = Template::parse("{{ 'a' | t }}").unwrap().render_with(&variables).unwrap_err().to_string();
    assert!(error.contains("10 deep"), "{error}");
}

#[test]
fn arithmetic_that_does_not_fit_is_an_error_of_the_template() {
    for (chain, why) in [
        ("-9223372036854775808 | divided_by: -1", "too large"),
        ("-9223372036854775808 | modulo: -1", "too large"),
        ("-9223372036854775808 | abs", "too large"),
        ("9223372036854775807 | plus: 1", "too large"),
        ("-9223372036854775808 | minus: 1", "too large"),
        ("9223372036854775807 | times: 2", "too large"),
        ("1.0 | divided_by: 0", "zero"),
        ("1 | modulo: 0", "zero"),
        ("1 | round: 99999999999", "20 places"),
        ("1000000000000000000000.5 | ceil", "too large"),
    ] {
        let error = refused(&format!("{{{{ {chain} }}}}"));
        assert!(error.contains(why), "{chain}: {error}");
    }
    assert_eq!(
        rendered(
            "{{ 7 | divided_by: 2 }} {{ 7 | divided_by: 2.0 }} {{ '7' | modulo: 4 }} {{ 2.345 | round: 2 }} {{ -2.5 | abs }} {{ 1.2 | ceil }} {{ 1.7 | floor }} {{ 1.5 | round }} {{ '3' | times: 1.5 }}"
        ),
        "3.5 3.5 3 2.35 2.5 2 1 2 4.5"
    );
}

#[test]
fn what_the_library_panics_at_is_an_error_of_the_template() {
    let error = refused("{% for i in (1..99999999999999999999) %}{% endfor %}");
    assert!(error.contains("cannot handle") || error.contains("too large"), "{error}");
    assert_eq!(rendered("{{ 1 | plus: 1 }}"), "2");
}

/// The expected values are the answers of LiquidJS 10.
#[test]
fn filters_answer_what_liquidjs_answers() {
    let data = json!({
        "f": false, "z": 0, "s": "abc", "e": "", "list": [3, 1, 2], "objects": [{ "a": 1 }, { "a": 2.5 }, { "b": 1 }],
        "at": "2026-01-05T10:00:00Z", "micros": "2026-01-05T10:00:00.123456Z", "day": "2026-01-05", "unix": 1_767_607_200,
        "big": 10_000_000_000_000_000_000_u64,
    });
    for (template, expected) in [
        ("{{ missing | plus: 1 }}", "1"),
        ("{{ s | plus: 1 }}", "1"),
        ("{{ e | minus: 1 }}", "-1"),
        ("{{ missing | round }}{{ missing | abs }}{{ s | ceil }}", "000"),
        ("{{ 5 | at_most: missing }}", "0"),
        ("{{ f | default: 'x' }}", "x"),
        ("{{ f | default: 'x', allow_false: true }}", "false"),
        ("{{ e | default: 'x' }}{{ missing | default: 'y' }}", "xy"),
        ("{{ z | default: 'x' }}", "0"),
        ("{{ list | sum }}", "6"),
        ("{{ objects | sum: 'a' }}", "3.5"),
        ("{{ 'a?b>' | base64_encode }} {{ 'YT9iPg==' | base64_decode }}", "YT9iPg== a?b>"),
        ("{{ at | date: '%Y %H:%M' }}", "2026 10:00"),
        ("{{ micros | date: '%d.%m.%Y %H:%M:%S' }}", "05.01.2026 10:00:00"),
        ("{{ day | date: '%d.%m.' }}", "05.01."),
        ("{{ unix | date: '%Y' }}", "2026"),
        ("{{ at | date: '%H:%M', 'America/New_York' }}", "05:00"),
        ("{{ missing | date: '%Y' }}{{ s | date: '%Y' }}", "abc"),
        ("{{ big }}", "10000000000000000000"),
    ] {
        let said = Template::parse(template).unwrap().render(&data);
        assert_eq!(said.unwrap_or_else(|error| panic!("{template}: {error}")), expected, "{template}");
    }
}

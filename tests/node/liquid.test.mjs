// Templates behave as LiquidJS has them, which the hosted service renders with: every filter with every kind of input. Where ours are
// other on purpose, the case stands below with the reason.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Liquid } from "liquidjs";
import { api, start } from "./harness.mjs";

const data = {
  text: "Hello World",
  hollow: "",
  spaces: "  a b  ",
  html: "<b>\"A\" & 'B'</b>",
  lines: "a\nb\r\nc",
  number: 42,
  float: 3.14159,
  negative: -7,
  zero: 0,
  digits: "12.5",
  yes: true,
  no: false,
  nothing: null,
  words: ["b", "a", "C", "a"],
  numbers: [3, 1, 2],
  things: [
    { name: "b", n: 2, on: true },
    { name: "a", n: 1, on: false },
    { name: "c", n: 3 },
  ],
  object: { name: "x", n: 1 },
  iso: "2026-03-05T14:07:09Z",
  day: "2026-03-05",
  unix: 1772719629,
};

// An object as text says nothing anywhere: "[object Object]" there, its fields one after the other here.
const inputs = [...Object.keys(data).filter((name) => !["things", "object"].includes(name)), "missing"];
// What JavaScript's Date makes of these is nobody's wish.
const noDates = ["digits", "yes", "no", "numbers"];
// Ours on purpose.
const ours = {
  "{{ lines | truncate: 5, '' }}": "letters are counted as people see them",
  "{{ float | modulo: 5 }}": "there it is 3.1415900000000008",
  "{{ missing | json }}": "what is missing is null",
};
const filters = [
  "upcase", "downcase", "capitalize", "strip", "lstrip", "rstrip", "strip_newlines", "newline_to_br", "strip_html", "escape",
  "escape_once", "url_encode", "url_decode", "size", "first", "last", "reverse | join: ','", "sort | join: ','",
  "sort_natural | join: ','", "uniq | join: ','", "compact | join: ','", "join: '-'", "split: ' ' | join: '|'", "append: '!'",
  "prepend: '!'", "remove: 'l'", "remove_first: 'l'", "remove_last: 'l'", "replace: 'l', 'L'", "replace_first: 'l', 'L'",
  "replace_last: 'l', 'L'", "truncate: 5", "truncate: 5, ''", "truncatewords: 1", "slice: 1", "slice: 1, 3", "slice: -3, 2",
  "abs", "ceil", "floor", "round", "round: 2", "plus: 1", "plus: 1.5", "minus: 1", "times: 2", "times: 1.5", "divided_by: 2",
  "divided_by: 2.0", "modulo: 5", "at_least: 10", "at_most: 10", "default: 'd'", "default: 'd', allow_false: true", "json",
  "base64_encode", "sum", "date: '%Y-%m-%d %H:%M:%S'", "date: '%a, %d %b %y %-d %e %j %I %l %p %%'", "date: '%s'",
];
const ofThings = [
  "map: 'name' | join: ','", "where: 'on', true | map: 'name' | join: ','", "where: 'on' | map: 'name' | join: ','",
  "sort: 'n' | map: 'name' | join: ','", "sum: 'n'", "has: 'name', 'c'", "reject: 'on' | map: 'name' | join: ','",
  "concat: words | size", "uniq | size", "group_by: 'on' | size",
];
const wholes = [
  "{% liquid\n assign a = 1\n echo a\n if a == 1\n echo 'x'\n endif\n%}", "{% echo 'a' | upcase %}",
  "{% tablerow w in words cols: 2 %}{{ w }}{% endtablerow %}", "{% for w in words limit: 2 offset: 1 %}{{ forloop.index }}{{ w }}{% endfor %}",
  "{% for w in words reversed %}{{ w }}{% unless forloop.last %},{% endunless %}{% endfor %}", "{% for i in (1..3) %}{{ i }}{% else %}none{% endfor %}",
  "{% for w in missing %}x{% else %}none{% endfor %}", "{% case number %}{% when 1, 42 %}yes{% else %}no{% endcase %}",
  "{% cycle 'a', 'b' %}{% cycle 'a', 'b' %}{% cycle 'a', 'b' %}", "{% increment c %}{% increment c %}{% decrement d %}",
  "{% capture x %}{{ number }}!{% endcapture %}{{ x }}", "{% if text contains 'World' and number > 41 or no %}y{% endif %}",
  "{% if words contains 'a' %}y{% endif %}{% if hollow == empty %}e{% endif %}{% if hollow == blank %}b{% endif %}", "{{ things[0].name }}{{ words.first }}{{ words.last }}{{ words.size }}{{ text.size }}",
  "{% raw %}{{ a }}{% endraw %}{%- comment -%} x {%- endcomment -%}", "{% if missing %}y{% else %}n{% endif %}{% if zero %}y{% endif %}{% if hollow %}y{% endif %}",
  "{{ 'a' | append: 'b' | upcase }}{{- ' x ' -}}{{ nothing }}{{ yes }}", "{% assign x = 'a,b' | split: ',' %}{{ x[1] }}{{ x | size }}",
  "{% for t in things %}{% if t.n == 1 %}{% continue %}{% endif %}{{ t.name }}{% if t.n == 3 %}{% break %}{% endif %}{% endfor %}",
  "{% assign c = things | find: 'name', 'c' %}{{ c.n }}{{ c.name }}", "{{ number | plus: missing }}", "{{ missing | plus: 1 }}", "{{ text | plus: 1 }}", "{{ unix | date: '%Y', 'America/New_York' }}", "{{ iso | date: '%H:%M', 'Europe/Berlin' }}",
];

const cases = [
  ...inputs.flatMap((input) =>
    filters.filter((filter) => !(filter.startsWith("date") && noDates.includes(input))).map((filter) => `{{ ${input} | ${filter} }}`),
  ),
  ...inputs.map((input) => `{{ ${input} }}`),
  ...ofThings.map((filter) => `{{ things | ${filter} }}`),
  ...wholes,
];

test("templates render as LiquidJS renders them", async (t) => {
  const server = await start("sqlite");
  t.after(server.stop);
  await api(server, "/v1/channels/text", { method: "PUT", body: JSON.stringify({ type: "sms", provider: "sms_twilio", settings: {} }) });
  const step = { ref: "sms", type: "channel", channel_key: "text", channel_type: "sms", template: { text_body: "x" } };
  const made = await api(server, "/v1/workflows/liquid?commit=true", { method: "PUT", body: JSON.stringify({ workflow: { name: "liquid", steps: [step] } }) });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const liquid = new Liquid({ timezoneOffset: 0 });
  const differences = [];
  for (const text of cases.filter((text) => !(text in ours))) {
    const theirs = await liquid.parseAndRender(text, data).catch((error) => ({ error: error.message }));
    const body = JSON.stringify({ recipient: "ada", data, template: { text_body: text } });
    const answer = await api(server, "/v1/workflows/liquid/steps/sms/preview_template", { method: "POST", body });
    const rendered = answer.body?.result === "success" ? answer.body.template.body : { error: JSON.stringify(answer.body).slice(0, 200) };
    if (rendered.error && theirs.error) continue;
    if (rendered !== theirs) differences.push({ text, theirs, rendered });
  }
  assert.deepEqual(differences, []);
});

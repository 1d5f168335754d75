// A rendered message as its recipient gets it, and what it is made of.

import { type ReactNode, useState } from "react";
import { JsonViewer } from "../../../components/ui/json-viewer";
import { Segments } from "../../../components/ui/tabs";
import { asList, asObject, asText } from "../../../lib/json";
import { BlockKit } from "./block-kit";
import { HtmlFrame, PlainText } from "./html-frame";

type Look = { name: string; shown: ReactNode };

export function Rendered({ content }: { content: Record<string, unknown> }) {
  const looks = looksOf(content);
  const [chosen, setChosen] = useState(looks[0]?.name ?? "");
  const look = looks.find(({ name }) => name === chosen) ?? looks[0];
  const line = asText(content.subject_line) ?? asText(content.title);
  return (
    <div className="grid min-w-0 gap-3">
      {(line || looks.length > 1) && (
        <div className="flex flex-wrap items-center justify-between gap-2">
          {line ? <p className="min-w-0 font-semibold wrap-anywhere">{line}</p> : <span />}
          {looks.length > 1 && (
            <Segments
              label="Shown as"
              value={look?.name ?? ""}
              options={looks.map(({ name }) => [name, name])}
              onChange={setChosen}
            />
          )}
        </div>
      )}
      {look?.shown}
    </div>
  );
}

/** The ways in which it can be looked at; the first is how people get it. */
function looksOf(content: Record<string, unknown>): Look[] {
  const html = asText(content.html_body);
  if (html !== undefined) {
    return [
      { name: "HTML", shown: <HtmlFrame html={html} /> },
      { name: "Text", shown: <PlainText text={asText(content.text_body) ?? ""} /> },
      { name: "Source", shown: <PlainText label="Source" text={html} /> },
    ];
  }
  if (content.blocks) return feedLooks(asList(content.blocks).map(asObject));
  const chat = asObject(content.template);
  const markdown = asText(content.markdown) ?? asText(asObject(asList(chat.blocks)[0]).content);
  const json = content.json_content ?? chat.json_content;
  if (markdown !== undefined) {
    const summary = asText(content.summary) ?? asText(chat.summary);
    const plain = { name: "Text", shown: <PlainText text={markdown || summary || ""} /> };
    if (!json) return [plain];
    return [
      { name: "Block Kit", shown: <BlockKit content={json} /> },
      plain,
      { name: "JSON", shown: <JsonViewer label="Blocks" value={json} /> },
    ];
  }
  const body = asText(content.body);
  if (content.url !== undefined) return [{ name: "Request", shown: <RequestShown content={content} /> }];
  return [{ name: "Text", shown: <PlainText text={body ?? JSON.stringify(content, null, 2)} /> }];
}

function feedLooks(blocks: Record<string, unknown>[]): Look[] {
  const rendered = (name: string) => asText(blocks.find((block) => block.name === name)?.rendered);
  const body = rendered("body") ?? "";
  const action = rendered("action_url");
  const buttons = asList(blocks.find((block) => block.type === "button_set")?.buttons).map(asObject);
  const text = new DOMParser().parseFromString(body, "text/html").body.textContent ?? "";
  return [
    {
      name: "HTML",
      shown: (
        <div className="grid gap-2">
          <HtmlFrame
            html={`<meta name="color-scheme" content="light"><div style="font-family:system-ui,sans-serif;font-size:14px;line-height:1.5">${body}</div>`}
          />
          {buttons.length > 0 && (
            <p className="flex flex-wrap gap-2">
              {buttons.map((button) => (
                <span key={String(button.name)} className="border-line rounded border px-3 py-1 text-xs font-medium">
                  {asText(button.label)}
                </span>
              ))}
            </p>
          )}
          {action && <p className="text-quiet text-xs wrap-anywhere">Leads to {action}</p>}
        </div>
      ),
    },
    { name: "Text", shown: <PlainText text={action ? `${text.trim()}\n${action}` : text.trim()} /> },
  ];
}

function RequestShown({ content }: { content: Record<string, unknown> }) {
  return (
    <div className="grid gap-2">
      <p className="font-mono text-xs wrap-anywhere">
        {(asText(content.method) ?? "post").toUpperCase()} {asText(content.url)}
      </p>
      <JsonViewer label="Headers" value={content.headers ?? {}} maxHeight={160} />
      <JsonViewer label="Body" value={content.body ?? ""} />
    </div>
  );
}

// Slack's blocks as Slack would show them, so far as it matters for reading: headers, sections with fields, buttons, context, pictures.
// biome-ignore-all lint/suspicious/noArrayIndexKey: parts of a message have nothing of their own but their place

import type { ReactNode } from "react";

type Text = { type?: string; text?: string };
type Element = Text & { elements?: Element[]; alt_text?: string; image_url?: string; url?: string; style?: string };
type Block = Omit<Element, "text"> & { text?: Text | string; fields?: Text[]; accessory?: Element; title?: Text };

export function BlockKit({ content }: { content: unknown }) {
  const blocks = (content as { blocks?: Block[] } | undefined)?.blocks;
  if (!Array.isArray(blocks)) return <p className="text-quiet">There are no blocks in it.</p>;
  return (
    <div className="border-line grid gap-2 border-l-4 pl-3">
      {blocks.map((block, index) => (
        <OneBlock key={index} block={block} />
      ))}
    </div>
  );
}

function OneBlock({ block }: { block: Block }) {
  const text = typeof block.text === "string" ? { text: block.text } : block.text;
  switch (block.type) {
    case "header":
      return <p className="text-base font-semibold">{text?.text}</p>;
    case "divider":
      return <hr className="border-line" />;
    case "context":
      return (
        <p className="text-quiet text-xs">
          {block.elements?.map((part, index) => (
            <Part key={index} part={part} />
          ))}
        </p>
      );
    case "actions":
      return (
        <p className="flex flex-wrap gap-2">
          {block.elements?.map((part, index) => (
            <Part key={index} part={part} />
          ))}
        </p>
      );
    case "image":
      return <img src={block.image_url} alt={block.alt_text ?? ""} className="max-h-40 rounded" />;
    case "section":
      return (
        <div className="grid gap-2">
          {text && (
            <p className="whitespace-pre-line">
              <Words text={text} />
            </p>
          )}
          {block.fields && (
            <div className="grid grid-cols-2 gap-2">
              {block.fields.map((field, index) => (
                <p key={index} className="whitespace-pre-line">
                  <Words text={field} />
                </p>
              ))}
            </div>
          )}
          {block.accessory && (
            <p>
              <Part part={block.accessory} />
            </p>
          )}
        </div>
      );
    default:
      return <p className="text-quiet text-xs">{block.type ?? "a block without a type"}</p>;
  }
}

function Part({ part }: { part: Element }) {
  if (part.type === "image")
    return <img src={part.image_url} alt={part.alt_text ?? ""} className="inline size-5 rounded" />;
  if (part.type === "button") {
    const label = part.text as unknown as Text | undefined;
    return <span className="border-line rounded border px-3 py-1 text-xs font-medium">{label?.text}</span>;
  }
  return <Words text={part} />;
}

/** Slack's own marks: *bold*, _italic_, ~struck~, `code`, <address|words>. Plain text has none. */
function Words({ text }: { text: Text }) {
  const words = text.text ?? "";
  return <>{text.type === "plain_text" ? words : marked(words)}</>;
}

const MARKS = /(`[^`\n]+`|\*[^*\n]+\*|_[^_\n]+_|~[^~\n]+~|<[^>\n]+>)/;

function marked(words: string): ReactNode[] {
  return words.split(MARKS).map((part, index) => {
    const inner = part.slice(1, -1);
    if (!MARKS.test(part)) return part;
    switch (part[0]) {
      case "`":
        return (
          <code key={index} className="bg-sunken rounded px-1">
            {inner}
          </code>
        );
      case "*":
        return <strong key={index}>{marked(inner)}</strong>;
      case "_":
        return <em key={index}>{marked(inner)}</em>;
      case "~":
        return <s key={index}>{marked(inner)}</s>;
      default:
        return (
          <span key={index} className="text-bronze underline">
            {inner.split("|")[1] ?? inner}
          </span>
        );
    }
  });
}

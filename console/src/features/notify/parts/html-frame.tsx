// Somebody else's HTML: it runs nothing, and reaches nothing of ours.
// biome-ignore-all lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys

export function HtmlFrame({ html, title = "As it looks" }: { html: string; title?: string }) {
  return (
    <iframe
      title={title}
      sandbox=""
      srcDoc={html}
      className="border-line h-[28rem] w-full rounded-md border bg-white"
    />
  );
}

export function PlainText({ text, label = "Text" }: { text: string; label?: string }) {
  return (
    <pre
      tabIndex={0}
      role="region"
      aria-label={label}
      className="bg-sunken max-h-[28rem] overflow-auto rounded-md p-3 font-mono text-xs whitespace-pre-wrap wrap-anywhere"
    >
      {text || "Empty"}
    </pre>
  );
}

// Code in several languages behind tabs, with a copy button. The chosen language holds for every snippet.

import type { KeyboardEvent } from "react";
import { useId, useRef } from "react";

import { CopyButton } from "./copy-button";
import { cx } from "./cx";
import { useSnippetLanguage } from "./snippet-language";

export interface SnippetTab {
  /** The language as people write it: "JavaScript", "curl". */
  name: string;
  code: string;
}

export interface SnippetProps {
  /** The purpose of the code: "Send an event". */
  label: string;
  tabs: SnippetTab[];
}

export function Snippet({ label, tabs }: SnippetProps) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const [language, choose] = useSnippetLanguage();
  const found = tabs.findIndex((tab) => tab.name === language);
  const active = Math.max(found, 0);
  const tab = tabs[active];
  if (!tab) return null;
  const single = tabs.length === 1;

  function walk(event: KeyboardEvent) {
    const next = { ArrowRight: active + 1, ArrowLeft: active - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const target = (next + tabs.length) % tabs.length;
    choose(tabs[target]?.name ?? "");
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[target]?.focus();
  }

  return (
    <figure aria-label={label} className="border-line bg-raised min-w-0 overflow-hidden text-left rounded-lg border">
      <div className="border-line bg-sunken flex items-center gap-2 border-b pr-1.5">
        {single ? (
          <span className="text-quiet min-w-0 flex-1 truncate px-3 py-2 text-xs font-medium">{tab.name}</span>
        ) : (
          <div
            ref={list}
            role="tablist"
            aria-label={`Language: ${label}`}
            onKeyDown={walk}
            className="flex min-w-0 flex-1 overflow-x-auto px-1 [scrollbar-width:none]"
          >
            {tabs.map(({ name }, index) => (
              <button
                key={name}
                id={`${id}-tab-${index}`}
                type="button"
                role="tab"
                aria-selected={index === active}
                aria-controls={`${id}-code`}
                tabIndex={index === active ? 0 : -1}
                onClick={() => choose(name)}
                className={cx(
                  "-mb-px cursor-pointer border-b-2 px-2.5 py-2 text-xs font-medium whitespace-nowrap -outline-offset-2",
                  index === active ? "border-bronze text-ink" : "text-quiet hover:text-ink border-transparent",
                )}
              >
                {name}
              </button>
            ))}
          </div>
        )}
        <CopyButton text={tab.code} label="Copy" />
      </div>
      <div
        id={`${id}-code`}
        {...(single
          ? { role: "group", "aria-label": label }
          : { role: "tabpanel", "aria-labelledby": `${id}-tab-${active}` })}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll, and the keyboard must reach them
        tabIndex={0}
        className="overflow-x-auto -outline-offset-2"
      >
        <pre className="w-max p-3 font-mono text-xs/5 max-sm:w-auto max-sm:wrap-anywhere max-sm:whitespace-pre-wrap">
          {tab.code}
        </pre>
      </div>
    </figure>
  );
}

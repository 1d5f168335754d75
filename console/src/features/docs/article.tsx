// A page of the documentation: its headings with anchors, a list of them, and its links within the console.

import { useNavigate } from "@tanstack/react-router";
import { type MouseEvent, useMemo } from "react";
import { Markdown } from "../../components/ui/markdown";
import { paths } from "../../lib/paths";
import { useWorkspaceId } from "../../lib/url";
import { PAGES } from "./library";
import { type Section, withLinks } from "./sections";

export function Article({ sections }: { sections: Section[] }) {
  const workspace = useWorkspaceId();
  const navigate = useNavigate();
  const linked = useMemo(
    () =>
      sections.map((section) => ({
        ...section,
        body: withLinks(section.body, (page) =>
          PAGES.includes(page) ? `/w/${workspace}${paths.doc(page)}` : undefined,
        ),
      })),
    [sections, workspace],
  );
  // Links of Markdown open in another window; those within the documentation stay in this one.
  const follow = (event: MouseEvent) => {
    const link = (event.target as HTMLElement).closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    const { origin, pathname, hash } = new URL(link.href);
    if (origin !== location.origin || !pathname.includes("/docs/")) return;
    event.preventDefault();
    void navigate({ to: pathname, hash: hash.slice(1) });
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Enter on a link is a click
    <article onClick={follow} className="min-w-0">
      <Contents sections={sections} />
      {linked.map(({ level, title, slug, body }) => (
        <section key={slug} aria-labelledby={level > 1 ? slug : undefined}>
          {level > 1 && <Heading level={level} title={title} slug={slug} />}
          {body && <Markdown text={body} topHeading={4} />}
        </section>
      ))}
    </article>
  );
}

function Heading({ level, title, slug }: Omit<Section, "body">) {
  const Tag = level === 2 ? "h2" : "h3";
  return (
    <Tag id={slug} className={`group scroll-mt-4 mt-8 mb-2 font-semibold ${level === 2 ? "text-base" : ""}`}>
      {title}
      <a
        href={`#${slug}`}
        aria-label={`Link to ${title}`}
        className="text-quiet ml-2 opacity-0 group-hover:opacity-100 focus-visible:opacity-100"
      >
        #
      </a>
    </Tag>
  );
}

function Contents({ sections }: { sections: Section[] }) {
  const parts = sections.filter(({ level }) => level === 2);
  if (parts.length < 3) return null;
  return (
    <nav aria-label="On this page" className="border-line mb-5 border-l-2 pl-3">
      <ul className="flex flex-wrap gap-x-4 gap-y-1">
        {parts.map(({ title, slug }) => (
          <li key={slug}>
            <a href={`#${slug}`} className="text-quiet hover:text-ink py-0.5 text-xs hover:underline">
              {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

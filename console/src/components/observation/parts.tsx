// The parts of an observation, on its page and in its panel.

import { ExternalLink } from "lucide-react";
import type { ReactNode } from "react";
import type { Schemas } from "../../lib/api";
import { exactly, words } from "../../lib/format";
import { actorOf, linkOf } from "../../lib/observation";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";
import { useWorkspaceId } from "../../lib/url";
import { ClusterLink } from "../cluster/cluster-link";
import { Badge, Code } from "../ui/badge";
import { buttonLook } from "../ui/button";
import { CopyButton } from "../ui/copy-button";
import { Go } from "../ui/go";
import { Markdown } from "../ui/markdown";
import { Empty, Facts } from "../ui/page";
import { Time } from "../ui/time";
import { asMarkdown } from "./as-markdown";
import type { Edge } from "./edges";
import { entitiesOf, referencesOf, shortened, typeTitle } from "./references";

export type Detail = Schemas["FullObservation"];

export function useAddress(id: string): string {
  return `${location.origin}/w/${useWorkspaceId()}${paths.observation(id)}`;
}

/** Where it is at its provider, its address, and all of it as Markdown. */
export function Sharing({ it, edges }: { it: Detail; edges: Edge[] }) {
  const address = useAddress(it.id);
  const link = linkOf(it.metadata);
  return (
    <span className="flex flex-wrap items-center gap-1">
      <CopyButton text={address} label="Copy link" />
      <CopyButton text={() => asMarkdown(it, edges, address)} label="Copy as Markdown" />
      {link && (
        <a href={link} target="_blank" rel="noreferrer" className={buttonLook("secondary", "sm")}>
          Open at {providerName(it.provider)}
          <ExternalLink aria-hidden className="size-3.5" />
        </a>
      )}
    </span>
  );
}

export function Content({ body }: { body: string }) {
  return body.trim() ? (
    <Markdown text={body} topHeading={3} className="p-4" />
  ) : (
    <Empty>It has no text besides its title.</Empty>
  );
}

const FILTER = "text-bronze hover:underline";

export function AboutIt({ it }: { it: Detail }) {
  const actor = actorOf(it);
  const facts: [string, ReactNode][] = [
    [
      "Happened",
      <span key="at">
        {exactly(it.occurred_at)} <Time at={it.occurred_at} />
      </span>,
    ],
    ["Captured", <span key="captured">{exactly(it.captured_at)}</span>],
    [
      "Actor",
      actor ? (
        <Go key="actor" to={paths.person(actor.id)} className={FILTER}>
          {actor.name}
        </Go>
      ) : (
        "Not known"
      ),
    ],
    [
      "Event",
      <Go key="type" to={paths.observations} search={{ type: it.type }} className={FILTER}>
        {it.type}
      </Go>,
    ],
    [
      "Category",
      <Go key="category" to={paths.observations} search={{ category: it.category }} className={FILTER}>
        {words(it.category)}
      </Go>,
    ],
    ["Topics", <Topics key="topics" it={it} />],
    ...(it.cluster_id ? [["Cluster", <ClusterLink key="cluster" id={it.cluster_id} />] as [string, ReactNode]] : []),
    [
      "Id",
      <span key="id" className="flex items-center gap-1">
        <Code>{it.id}</Code>
        <CopyButton iconOnly text={it.id} label="Copy the id" />
      </span>,
    ],
  ];
  return <Facts of={facts} />;
}

/** The provider and the type stand elsewhere already. */
function Topics({ it }: { it: Detail }) {
  const topics = it.topics.filter((topic) => topic !== it.provider && topic !== it.type && topic !== it.category);
  if (topics.length === 0) return <span className="text-quiet">None</span>;
  return (
    <span className="flex flex-wrap gap-1">
      {topics.map((topic) => (
        <Go key={topic} to={paths.observations} search={{ topic }}>
          <Badge>{topic}</Badge>
        </Go>
      ))}
    </span>
  );
}

export function References({ list }: { list: unknown[] }) {
  const groups = referencesOf(list);
  if (groups.length === 0) return <Empty>It refers to nothing.</Empty>;
  return (
    <Facts
      of={groups.map(([type, references]) => [
        typeTitle(type, references.length),
        <span key={type} className="flex flex-wrap gap-1">
          {references.map(({ id, url }) =>
            url ? (
              <a
                key={id}
                href={url}
                target="_blank"
                rel="noreferrer"
                title={id}
                className="text-bronze underline underline-offset-2"
              >
                {shortened(type, id)}
              </a>
            ) : (
              <code key={id} title={id} className="bg-sunken rounded px-1 py-0.5 font-mono text-xs break-all">
                {shortened(type, id)}
              </code>
            ),
          )}
        </span>,
      ])}
    />
  );
}

export function Entities({ list }: { list: unknown[] }) {
  const entities = entitiesOf(list);
  if (entities.length === 0) return <Empty>Its text names nothing that is known.</Empty>;
  return (
    <ul className="grid px-4 py-2">
      {entities.map(({ category, key, value, confidence, isOfModel }) => (
        <li key={`${category} ${key}`} className="flex min-w-0 items-baseline gap-2">
          <span className="text-quiet w-20 shrink-0 truncate text-xs">{words(category)}</span>
          <Go
            to={paths.entity(category, key)}
            title={value}
            className="text-bronze min-w-0 flex-1 truncate py-1 font-mono text-xs hover:underline"
          >
            {key}
          </Go>
          {isOfModel && (
            <span className="text-quiet text-xs" title="Found by a language model">
              by model
            </span>
          )}
          {confidence !== undefined && (
            <span className="text-quiet text-xs tabular-nums">{Math.round(confidence * 100)} %</span>
          )}
        </li>
      ))}
    </ul>
  );
}

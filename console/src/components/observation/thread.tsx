// The issue or pull request that an observation is a part of: its description, comments, reviews and events.

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { api, data, type Schemas } from "../../lib/api";
import { words } from "../../lib/format";
import { paths } from "../../lib/paths";
import { useWorkspaceId } from "../../lib/url";
import { Badge } from "../ui/badge";
import { CopyButton } from "../ui/copy-button";
import { Go } from "../ui/go";
import { Markdown } from "../ui/markdown";
import { Facts, Panel } from "../ui/page";
import { Time } from "../ui/time";
import type { Detail } from "./parts";

type Thread = Schemas["Thread"];
type Part = Schemas["ThreadPart"];

/** The thread of an observation, if it is a part of one. */
export function useThread({ thread: id }: Detail) {
  const workspace = useWorkspaceId();
  return useQuery({
    queryKey: ["thread", workspace, id],
    queryFn: () => data(api.GET("/api/thread", { params: { query: { id: id ?? "", workspace } } })),
    enabled: Boolean(id),
  });
}

export function ThreadView({ thread, here }: { thread: Thread; here: string }) {
  const lists: [string, string[]][] = [
    ["Assigned to", thread.assignees],
    ["Reviewers", thread.reviewers],
    ["Co-authors", thread.coAuthors],
    ["Labels", thread.labels],
    ["Milestone", thread.milestone ? [thread.milestone] : []],
    ["Linked", thread.links.map(linkName)],
  ];
  const told = lists.filter(([, list]) => list.length > 0);
  const facts: [string, ReactNode][] = told.map(([name, list]) => [name, list.join(", ")]);
  if (thread.status) facts.unshift(["Status", <Badge key="status">{words(thread.status)}</Badge>]);
  const note = `${words(thread.kind)} ${thread.key}${thread.author ? ` by ${thread.author.name}` : ""}`;
  return (
    <Panel title={thread.title} note={note} actions={<CopyButton text={thread.markdown} label="Copy as Markdown" />}>
      {facts.length > 0 && <Facts of={facts} />}
      <div className="border-line grid gap-4 border-t p-4">
        {thread.isCut && <p className="text-quiet">Older parts are left out.</p>}
        <ol className="grid gap-4">
          {thread.parts.map((part) => (
            <One key={part.observationId} part={part} isHere={part.observationId === here} />
          ))}
        </ol>
        {thread.mentions.length > 0 && (
          <section aria-label="Mentioned by" className="grid gap-1">
            <h3 className="text-quiet text-xs">Mentioned by</h3>
            {thread.mentions.map((mention) => (
              <Go
                key={mention.observationId}
                to={paths.observation(mention.observationId)}
                className="text-bronze wrap-anywhere hover:underline"
              >
                {mention.title}
              </Go>
            ))}
          </section>
        )}
      </div>
    </Panel>
  );
}

/** A link with its relation; a commit by the digits that people write. */
function linkName({ type, id, label }: Thread["links"][number]) {
  const name = type === "commit" ? id.slice(0, 7) : id;
  return label ? `${words(label)} ${name}` : name;
}

const DONE: Record<Part["kind"], string> = {
  description: "opened it",
  comment: "commented",
  review: "reviewed",
  event: "",
};

function One({ part, isHere }: { part: Part; isHere: boolean }) {
  const what = part.kind === "event" || part.kind === "review" ? part.title : DONE[part.kind];
  return (
    <li className={isHere ? "border-bronze border-l-2 pl-3" : "border-line border-l-2 pl-3"}>
      <p className="text-quiet text-xs wrap-anywhere">
        {part.actor && <span className="text-ink font-medium">{part.actor.name} </span>}
        {isHere ? what : <Go to={paths.observation(part.observationId)}>{what}</Go>}
        {part.place && <code> {part.place}</code>} · <Time at={part.occurredAt} />
        {part.editedAt && (
          <>
            , edited <Time at={part.editedAt} />
          </>
        )}
      </p>
      {part.text && <Markdown text={part.text} topHeading={4} className="pt-1" />}
    </li>
  );
}

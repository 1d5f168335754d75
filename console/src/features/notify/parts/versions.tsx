// The versions of a document, newest first: two of them compared, and an old one made the draft again.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { Badge } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { CodeDiff } from "../../../components/ui/code-diff";
import { Empty, Failure, Panel, Skeleton } from "../../../components/ui/page";
import { Time } from "../../../components/ui/time";
import { done, notDone } from "../../../components/ui/toast";
import { exactly } from "../../../lib/format";
import { RecipientName } from "./recipient";
import type { ResourceType } from "./stored-document";
import type { Draft } from "./use-draft";
import { type Commit, useVersions, versionQuery } from "./use-versions";

type VersionsProps<Doc> = {
  type: ResourceType;
  /** The key of the document. */
  of: string;
  draft: Draft<Doc>;
  /** True if the draft differs from the newest version. */
  isAhead: boolean;
  /** Where there is no version yet. */
  none: string;
};

export function Versions<Doc>({ type, of, draft, isAhead, none }: VersionsProps<Doc>) {
  const versions = useVersions(type, of);
  const [chosen, setChosen] = useState<string[]>([]);
  if (versions.isPending) return <Skeleton lines={5} />;
  if (versions.isError) return <Failure error={versions.error} onRetry={() => void versions.refetch()} />;
  const toggle = (id: string) =>
    setChosen(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id].slice(-2));
  return (
    <div className="grid gap-4">
      <Panel title="Versions" note={isAhead ? "the draft has changes that are not committed" : undefined}>
        {versions.data.length === 0 ? (
          <Empty>{none}</Empty>
        ) : (
          <ol className="divide-line divide-y">
            {versions.data.map((commit, index) => (
              <VersionRow
                key={commit.id}
                type={type}
                commit={commit}
                isCurrent={index === 0}
                isChosen={chosen.includes(commit.id)}
                onChoose={() => toggle(commit.id)}
                onRestore={(document) => draft.change(() => document as Doc)}
              />
            ))}
          </ol>
        )}
      </Panel>
      {chosen.length > 0 && <Comparison type={type} ids={chosen} all={versions.data} draft={draft.doc} />}
    </div>
  );
}

type VersionRowProps = {
  type: ResourceType;
  commit: Commit;
  isCurrent: boolean;
  isChosen: boolean;
  onChoose: () => void;
  onRestore: (document: object) => void;
};

function VersionRow({ type, commit, isCurrent, isChosen, onChoose, onRestore }: VersionRowProps) {
  const queries = useQueryClient();
  const author = commit.author.name;
  const restore = useMutation({
    mutationFn: () => queries.fetchQuery(versionQuery(type, commit.id)),
    onSuccess: (document) => {
      onRestore(document);
      done("The draft is as that version was. Save or commit it to keep it.");
    },
    onError: (error) => notDone("The version was not restored", error),
  });
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5">
      <div className="min-w-0 flex-1 basis-56">
        <p className="flex items-center gap-2">
          <span className="truncate font-medium">{commit.commit_message || "No message"}</span>
          {isCurrent && <Badge tone="good">In use</Badge>}
        </p>
        <p className="text-quiet text-xs">
          {author.startsWith("user_") ? <RecipientName reference={author} /> : author} · <Time at={commit.created_at} />
        </p>
      </div>
      <Button size="sm" aria-pressed={isChosen} onClick={onChoose}>
        {isChosen ? "Chosen" : "Compare"}
      </Button>
      {!isCurrent && (
        <Button size="sm" disabled={restore.isPending} onClick={() => restore.mutate()}>
          Restore
        </Button>
      )}
    </li>
  );
}

/** One version compared with the draft, or two with each other: the older one first. */
function Comparison({ type, ids, all, draft }: { type: ResourceType; ids: string[]; all: Commit[]; draft: unknown }) {
  const order = [...ids].sort((a, b) => place(all, b) - place(all, a));
  const first = useQuery(versionQuery(type, order[0] ?? ""));
  const second = useQuery(versionQuery(type, order[1] ?? order[0] ?? ""));
  const failed = [first, second].find(({ isError }) => isError);
  if (failed?.error) return <Failure error={failed.error} onRetry={() => void failed.refetch()} />;
  if (first.isPending || second.isPending) return <Skeleton lines={8} />;
  const after = order.length > 1 ? second.data : draft;
  const named = (id: string | undefined) => {
    const commit = all.find((commit) => commit.id === id);
    return commit?.commit_message || (commit ? `The version of ${exactly(commit.created_at)}` : "A version");
  };
  return (
    <CodeDiff
      label="What has changed"
      language="json"
      before={JSON.stringify(first.data, null, 2)}
      after={JSON.stringify(after, null, 2)}
      beforeLabel={named(order[0])}
      afterLabel={order.length > 1 ? named(order[1]) : "The draft"}
      maxLines={40}
    />
  );
}

const place = (all: Commit[], id: string) => all.findIndex((commit) => commit.id === id);

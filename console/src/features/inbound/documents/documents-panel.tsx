// The documents of a linked source: which files they are, and the newest syncs with what each found.

import { FileSearch, RefreshCw } from "lucide-react";

import { Button } from "../../../components/ui/button";
import { Go } from "../../../components/ui/go";
import { Empty, Facts, Panel } from "../../../components/ui/page";
import { Snippet } from "../../../components/ui/snippet";
import { Time } from "../../../components/ui/time";
import { done, notDone } from "../../../components/ui/toast";
import { paths } from "../../../lib/paths";
import { useCan } from "../../../lib/role";
import type { Source } from "../../../lib/sources";
import { StateBadge } from "../connections/parts";
import {
  type Configuration,
  type DocumentSync,
  isUnderWay,
  type SourceDocuments,
  useDetection,
  useSync,
} from "./source-documents";
import { badgeOfConfiguration, badgeOfSync, countsInWords, scopeInWords, skippedInWords } from "./words";

/** The globs of a repository without a configuration file, and a file that says the same. */
const DEFAULT_GLOBS = ["docs/**/*.md", "docs/**/*.mdx", "README.md"];
const EXAMPLE = `version: 1
include:
${DEFAULT_GLOBS.map((glob) => `  - ${glob}`).join("\n")}
exclude:
  - docs/drafts/**
`;

export function DocumentsPanel({ source, documents }: { source: Source; documents: SourceDocuments }) {
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
      <Which source={source} configuration={documents.configuration ?? undefined} />
      <Syncs source={source} syncs={documents.syncs} />
    </div>
  );
}

function Which({ source, configuration }: { source: Source; configuration?: Configuration }) {
  const can = useCan();
  const isRepository = source.resource?.kind === "repository";
  return (
    <Panel title="Documents" actions={can.configure && isRepository && <LookAgain source={source} />}>
      {!configuration && <Empty>Nothing was looked for yet. The first sync does it.</Empty>}
      {configuration && (
        <>
          <Facts
            of={[
              [
                "Number",
                <Go key="number" to={paths.documents} className="text-bronze hover:underline">
                  {configuration.documents.toLocaleString("en")}
                </Go>,
              ],
              ...(isRepository
                ? ([["Files", <StateBadge key="files" of={badgeOfConfiguration(configuration)} />]] as [
                    string,
                    React.ReactNode,
                  ][])
                : []),
              ["Looked for", <Time key="checked" at={configuration.checked_at} />],
            ]}
          />
          {isRepository && <Explanation of={configuration} />}
        </>
      )}
    </Panel>
  );
}

/** The meaning of a finding, and the way to another one. */
function Explanation({ of: { status, path, error } }: { of: Configuration }) {
  if (status === "configured")
    return <p className="text-quiet px-4 pb-4">The file at the root says which files are documents.</p>;
  if (status === "invalid")
    return (
      <div className="grid gap-2 px-4 pb-4">
        <p role="alert" className="bg-bad-tint text-bad rounded-md px-3 py-2 wrap-anywhere">
          {path}: {error}
        </p>
        <p className="text-quiet">Nothing is read or deleted until the file is mended.</p>
      </div>
    );
  return (
    <div className="grid gap-3 px-4 pb-4">
      <p className="text-quiet">
        Without a file at the root, these are read: {DEFAULT_GLOBS.join(", ")}. A file{" "}
        <code className="font-mono text-xs">campanile.yml</code> chooses others:
      </p>
      <Snippet label="An example of a configuration" tabs={[{ name: "campanile.yml", code: EXAMPLE }]} />
    </div>
  );
}

function LookAgain({ source }: { source: Source }) {
  const detection = useDetection(source.id);
  const look = () =>
    detection.mutate(undefined, {
      onSuccess: (found) => done(badgeOfConfiguration(found).title),
      onError: (error) => notDone("It was not looked for", error),
    });
  return (
    <Button size="sm" busy={detection.isPending} onClick={look}>
      <FileSearch aria-hidden className="size-3.5" />
      Look again
    </Button>
  );
}

function Syncs({ source, syncs }: { source: Source; syncs: DocumentSync[] }) {
  const can = useCan();
  const sync = useSync(source.id);
  const isQueued = syncs.some(({ status }) => status === "queued");
  const syncNow = () => sync.mutate(undefined, { onError: (error) => notDone("No sync was asked for", error) });
  return (
    <Panel
      title="Syncs"
      note="the newest ones"
      actions={
        can.configure && (
          <Button size="sm" busy={sync.isPending} disabled={isQueued} onClick={syncNow}>
            <RefreshCw aria-hidden className="size-3.5" />
            Sync now
          </Button>
        )
      }
    >
      {syncs.length === 0 && <Empty>There was no sync yet.</Empty>}
      <ol aria-label="Syncs" className="divide-line divide-y">
        {syncs.map((it) => (
          <Sync key={it.id} it={it} />
        ))}
      </ol>
    </Panel>
  );
}

/** True while nothing was counted yet, and after a failure. */
const isWithoutCounts = (it: DocumentSync) => it.listed === 0 && (isUnderWay(it) || it.status === "failed");

function Sync({ it }: { it: DocumentSync }) {
  const skipped = skippedInWords(it.skipped);
  return (
    <li className="grid gap-1 px-4 py-2">
      <span className="flex flex-wrap items-center gap-2">
        <StateBadge of={badgeOfSync(it)} />
        <span className="text-quiet min-w-0 flex-1 basis-40 text-xs">{scopeInWords(it)}</span>
        <Time at={it.created_at} />
      </span>
      {!isWithoutCounts(it) && <p>{countsInWords(it)}</p>}
      {skipped.length > 0 && <p className="text-quiet text-xs">In no document: {skipped.join(", ")}</p>}
      {it.reason && <p className="text-quiet text-xs wrap-anywhere">{it.reason}</p>}
      {it.run_id && (
        <Go to={paths.run(it.run_id)} className="text-bronze w-fit text-xs hover:underline">
          Its run
        </Go>
      )}
    </li>
  );
}

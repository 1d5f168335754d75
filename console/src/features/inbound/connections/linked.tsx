// The resources of a connection that are linked: to which workspaces, since when, and how they are unlinked.

import { Link } from "@tanstack/react-router";
import { Unlink } from "lucide-react";
import { useState } from "react";

import { Button, IconButton } from "../../../components/ui/button";
import { Confirm } from "../../../components/ui/dialog";
import { CheckField } from "../../../components/ui/field";
import { Empty, Failure, Panel, Skeleton } from "../../../components/ui/page";
import { Time } from "../../../components/ui/time";
import { done } from "../../../components/ui/toast";
import { useCan } from "../../../lib/role";
import { placeName, type Source } from "../../../lib/sources";
import { useSourceDocuments } from "../documents/source-documents";
import { badgeOfConfiguration } from "../documents/words";
import type { Connection } from "./connections";
import { placeOf, useLinkedSources, useUnlink, useWorkspaces } from "./links";
import { StateBadge } from "./parts";
import { isInUse } from "./words";

/** So many are shown before somebody asks for all. */
const FIRST = 10;

export function Linked({ of }: { of: Connection }) {
  const { id } = of;
  const linked = useLinkedSources(id);
  const workspaces = useWorkspaces();
  const [isWhole, setWhole] = useState(false);
  const all = linked.data ?? [];
  const shown = isWhole ? all : all.slice(0, FIRST);
  return (
    <Panel title="Linked" note={all.length > 0 ? `${all.length} in all workspaces` : undefined}>
      {linked.isPending && <Skeleton lines={2} />}
      {linked.error && <Failure error={linked.error} onRetry={() => void linked.refetch()} />}
      {linked.data && all.length === 0 && (
        <Empty>
          {isInUse(of)
            ? "Nothing is linked yet. What is chosen below and linked becomes a source of the workspace."
            : "Nothing is linked. Resources can be chosen once the account is connected again."}
        </Empty>
      )}
      <ul aria-label="Linked" className="divide-line divide-y">
        {shown.map((source) => (
          <Row
            key={source.id}
            source={source}
            connection={id}
            workspace={workspaces.find((it) => it.id === source.workspace_id)?.name ?? source.workspace_id}
          />
        ))}
      </ul>
      {all.length > shown.length && (
        <p className="border-line border-t px-4 py-3">
          <Button onClick={() => setWhole(true)}>All {all.length}</Button>
        </p>
      )}
    </Panel>
  );
}

type RowProps = { source: Source; connection: string; workspace: string };

function Row({ source, connection, workspace }: RowProps) {
  const can = useCan();
  const name = placeName(source);
  return (
    <li className="flex min-h-10 items-center gap-2 py-1 pr-2 pl-4">
      <span className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-2">
        <Link to={placeOf(source)} className="font-medium wrap-anywhere hover:underline">
          {name}
        </Link>
        <span className="text-quiet text-xs">
          in {workspace}, linked <Time at={source.created_at} />
        </span>
        <DocumentsOf source={source} />
      </span>
      {can.configure && <UnlinkButton source={source} connection={connection} name={name} workspace={workspace} />}
    </li>
  );
}

/** The configuration of a repository and the number of documents. */
function DocumentsOf({ source }: { source: Source }) {
  const documents = useSourceDocuments(source).data;
  const { configuration } = documents ?? {};
  if (!documents?.has_documents || !configuration) return null;
  const number = configuration.documents;
  return (
    <span className="flex flex-wrap items-center gap-2 text-xs">
      {source.resource?.kind === "repository" && <StateBadge of={badgeOfConfiguration(configuration)} />}
      <span className="text-quiet">
        {number.toLocaleString("en")} {number === 1 ? "document" : "documents"}
      </span>
    </span>
  );
}

function UnlinkButton({ source, connection, name, workspace }: RowProps & { name: string }) {
  const unlink = useUnlink(connection);
  const [deletesDocuments, setDeletesDocuments] = useState(false);
  const unlinkIt = async () => {
    await unlink(source.id, deletesDocuments);
    done(`${name} is unlinked from ${workspace}`);
  };
  return (
    <Confirm
      trigger={
        <IconButton label={`Unlink ${name} from ${workspace}`}>
          <Unlink className="size-4" />
        </IconButton>
      }
      title={`Unlink ${name} from ${workspace}?`}
      action="Unlink it"
      onConfirm={unlinkIt}
    >
      <p>
        Nothing more of it comes into the workspace. Observations that came from it stay, and it can be linked again.
      </p>
      <CheckField
        label="Delete its documents too"
        hint="Otherwise they stay, and search finds them as before."
        checked={deletesDocuments}
        onChange={setDeletesDocuments}
      />
    </Confirm>
  );
}

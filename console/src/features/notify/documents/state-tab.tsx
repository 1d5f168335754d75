// The state of a document beside its content; switching a guide on and off, exporting, deleting.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Code } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { Confirm } from "../../../components/ui/dialog";
import { saveAs } from "../../../components/ui/export";
import { Go, useGo } from "../../../components/ui/go";
import { Facts, Failure, Panel } from "../../../components/ui/page";
import { Time } from "../../../components/ui/time";
import { done } from "../../../components/ui/toast";
import type { Workflow } from "../../../lib/knock";
import { paths } from "../../../lib/paths";
import { useWorkflows } from "../../../lib/workflow-names";
import { fileOf } from "../parts/stored-document";
import { activate, documentQuery, listKey, remove } from "./client";
import { type DocumentKind, type StoredDocument, titleOf } from "./kinds";
import { usersOf } from "./usage";

export function StateTab({ kind, stored }: { kind: DocumentKind; stored: StoredDocument }) {
  const { key, active } = stored;
  const workflows = useWorkflows();
  const users = workflows.data && usersOf(kind, key, workflows.data);
  const queries = useQueryClient();
  const go = useGo();
  const turn = useMutation({
    mutationFn: (status: boolean) => activate(key, status),
    onSuccess: (guide) => {
      queries.setQueryData(documentQuery(kind, key).queryKey, guide);
      void queries.invalidateQueries({ queryKey: listKey(kind) });
      done(guide.active ? "The guide is on." : "The guide is off.");
    },
  });
  const removeIt = async () => {
    await remove(kind, key);
    void queries.invalidateQueries({ queryKey: listKey(kind) });
    done(`“${titleOf(stored)}” is deleted.`);
    await go(kind.list.to, kind.list.search && { search: kind.list.search });
  };
  return (
    <Panel title="State" className="max-w-2xl">
      <Facts
        of={[
          ["Key", <Code key="key">{key}</Code>],
          ...(kind.canSwitch
            ? [
                [
                  "State",
                  active ? "On: eligible users see it, as it was last committed." : "Off: no user sees it.",
                ] as [string, string],
              ]
            : []),
          ...(users ? [["Used by", <Users key="users" of={users} />] as [string, ReactNode]] : []),
          ["Changed", <Time key="at" at={stored.updated_at} />],
          ["Created", <Time key="from" at={stored.created_at} />],
        ]}
      />
      <Failure error={turn.error} />
      <div className="flex flex-wrap gap-2 px-4 pb-4">
        {kind.canSwitch && (
          <Button busy={turn.isPending} onClick={() => turn.mutate(!active)}>
            {active ? "Switch off" : "Switch on"}
          </Button>
        )}
        <Button onClick={() => saveAs(`${key.replaceAll("/", "-")}.json`, fileOf(stored), "application/json")}>
          Export as a file
        </Button>
        <Confirm
          trigger={<Button kind="danger">Delete…</Button>}
          title={`Delete “${titleOf(stored)}”?`}
          action={`Delete the ${kind.one}`}
          onConfirm={removeIt}
        >
          {users && users.length > 0 && (
            <p>
              {users.length === 1 ? "A workflow names it" : `${users.length} workflows name it`}:{" "}
              {users.map(({ name, key }) => name || key).join(", ")}.
            </p>
          )}
          <p>Its draft and its committed versions are gone. What names it by key fails or does without.</p>
        </Confirm>
      </div>
    </Panel>
  );
}

function Users({ of }: { of: Workflow[] }) {
  if (of.length === 0) return <span className="text-quiet">No workflow</span>;
  return (
    <span className="flex flex-wrap gap-x-3 gap-y-1">
      {of.map(({ key, name }) => (
        <Go key={key} to={paths.workflow(key)} className="text-bronze hover:underline">
          {name || key}
        </Go>
      ))}
    </span>
  );
}

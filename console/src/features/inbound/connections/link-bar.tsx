// Chooses resources of a connection and links them to a workspace: all of this list or none, and the workspace.

import { useState } from "react";

import { Button } from "../../../components/ui/button";
import { Checkbox, SelectField } from "../../../components/ui/field";
import { done } from "../../../components/ui/toast";
import { useWorkspaceId } from "../../../lib/url";
import { type Choice, canLink, chosen, idOf, MOST, NONE, toLink, withAll, without } from "./choice";
import type { Resource } from "./connections";
import { useLink, useWorkspaces } from "./links";
import { FormFault } from "./parts";
import { counted } from "./words";

export type Choosing = {
  choice: Choice;
  /** The workspace to which they are linked. */
  workspace: string;
  isFull: boolean;
  choose: (it: Resource, isChosen: boolean) => void;
  setChoice: (choice: Choice) => void;
  setWorkspace: (workspace: string) => void;
};

/** A choice of resources, first for the workspace that is looked at. */
export function useChoosing(): Choosing {
  const here = useWorkspaceId();
  const [choice, setChoice] = useState(NONE);
  const [workspace, setWorkspace] = useState(here);
  const choose = (it: Resource, isChosen: boolean) => setChoice((before) => chosen(before, it, isChosen));
  return { choice, workspace, isFull: choice.size >= MOST, choose, setChoice, setWorkspace };
}

type BarProps = { connection: string; rows: Resource[]; choosing: Choosing };

export function LinkBar({ connection, rows, choosing }: BarProps) {
  const { choice, workspace, setChoice, setWorkspace } = choosing;
  const workspaces = useWorkspaces();
  const link = useLink(connection);
  const name = workspaces.find(({ id }) => id === workspace)?.name ?? "the workspace";
  const linkable = rows.filter((it) => canLink(it, workspace));
  const here = linkable.filter((it) => choice.has(idOf(it))).length;
  const isAll = here > 0 && here === Math.min(linkable.length, MOST);
  const wanted = toLink(choice, rows, workspace);
  const linkThem = () =>
    link.mutate(
      { workspace, resources: wanted },
      {
        onSuccess: ({ data: linked }) => {
          setChoice(NONE);
          done(`${counted(linked.length, wanted[0]?.kind ?? "resource")} linked to ${name}`);
        },
      },
    );
  return (
    <div className="border-line bg-raised sticky top-0 z-10 border-b px-4 py-2">
      <div className="flex min-h-8 flex-wrap items-center gap-x-3 gap-y-2">
        <span className="flex items-center gap-2.5">
          <Checkbox
            name="Choose all that are shown"
            isRoomy
            disabled={linkable.length === 0}
            checked={isAll ? true : here > 0 ? "indeterminate" : false}
            onChange={(all) => setChoice(all ? withAll(choice, linkable, workspace) : without(choice, linkable))}
          />
          <span className="text-quiet" aria-live="polite">
            {wanted.length === 0 ? `Choose up to ${MOST} to link` : `${wanted.length} chosen`}
            {wanted.length >= MOST && ", the most at once"}
          </span>
        </span>
        {choice.size > 0 && (
          <Button kind="link" size="sm" onClick={() => setChoice(NONE)}>
            None
          </Button>
        )}
        <span className="ml-auto flex min-w-0 flex-wrap items-center gap-2">
          {workspaces.length > 1 && (
            <SelectField
              label="Workspace"
              hidesLabel
              className="w-auto! max-w-44"
              options={workspaces.map(({ id, name }) => ({ value: id, title: name }))}
              value={workspace}
              onChange={({ target }) => setWorkspace(target.value)}
            />
          )}
          <Button kind="primary" disabled={wanted.length === 0} busy={link.isPending} onClick={linkThem}>
            Link to {name}
          </Button>
        </span>
      </div>
      {link.error && (
        <div className="mt-2">
          <FormFault text={`Nothing was linked: ${link.error.message}.`} />
        </div>
      )}
    </div>
  );
}

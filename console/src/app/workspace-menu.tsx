// The menu of workspaces, and of organisations for whoever belongs to several.

import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Check } from "lucide-react";
import type { ReactNode } from "react";

import { Menu, MenuHeading, MenuItem, MenuLine } from "../components/ui/menu";
import { notDone } from "../components/ui/toast";
import { api, data, useSession, useWorkspace } from "../lib/api";

export function WorkspaceMenu({ trigger }: { trigger: ReactNode }) {
  const session = useSession();
  const workspace = useWorkspace();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const all = session.data?.workspaces ?? [];
  const organisations = session.data?.organisations ?? [];
  const own = session.data?.organisation_id;
  const lookAt = async (organisation: string) => {
    try {
      await data(api.POST("/api/session/organisations/{organisation}", { params: { path: { organisation } } }));
    } catch (error) {
      return notDone("The organisation was not changed", error);
    }
    // Nothing of the organisation before may be seen in the next.
    queries.clear();
    await navigate({ to: "/" });
  };
  return (
    <Menu align="start" trigger={trigger} defaultOpen>
      <MenuHeading>Workspaces</MenuHeading>
      {all.map(({ id, name }) => (
        <MenuItem
          key={id}
          icon={id === workspace?.id ? <Check className="text-bronze" /> : <span className="size-4" />}
          onSelect={() => void navigate({ to: `/w/${id}/home` })}
        >
          {name}
        </MenuItem>
      ))}
      {organisations.length > 1 && (
        <>
          <MenuLine />
          <MenuHeading>Organisations</MenuHeading>
          {organisations.map(({ id, name }) => (
            <MenuItem
              key={id}
              disabled={id === own}
              icon={id === own ? <Check className="text-bronze" /> : <span className="size-4" />}
              onSelect={() => void lookAt(id)}
            >
              {name}
            </MenuItem>
          ))}
        </>
      )}
    </Menu>
  );
}

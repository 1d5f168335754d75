// The menu of the person who is signed in: their settings, how the console looks, the way out.

import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { BookOpen, Keyboard, LogOut, UserCog } from "lucide-react";
import type { ReactNode } from "react";
import { Menu, MenuChoice, MenuHeading, MenuItem, MenuLine } from "../components/ui/menu";
import { notDone } from "../components/ui/toast";
import { api, data } from "../lib/api";
import { type Density, setDensity, setTheme, type Theme, useDensity, useTheme } from "../lib/look";
import { paths } from "../lib/paths";
import { useWorkspaceId } from "../lib/url";

type PersonMenuProps = { trigger: ReactNode; member: { email: string; name: string }; onKeys: () => void };

export function PersonMenu({ trigger, member, onKeys }: PersonMenuProps) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const workspace = useWorkspaceId();
  const theme = useTheme();
  const density = useDensity();
  const go = (path: string) => void navigate({ to: `/w/${workspace}${path}` });
  const leave = async () => {
    try {
      await data(api.DELETE("/api/session"));
    } catch (error) {
      return notDone("You are still signed in", error);
    }
    queries.clear();
    await navigate({ to: "/sign-in" });
  };
  return (
    <Menu trigger={trigger} defaultOpen>
      <p className="px-2 py-1.5">
        {member.name && <span className="block truncate font-medium">{member.name}</span>}
        <span className="text-quiet block truncate text-xs">{member.email}</span>
      </p>
      <MenuLine />
      <MenuItem icon={<UserCog />} onSelect={() => go(paths.signIn)}>
        Password and sessions
      </MenuItem>
      <MenuItem icon={<BookOpen />} onSelect={() => go(paths.docs)}>
        Documentation
      </MenuItem>
      <MenuItem icon={<Keyboard />} keys="?" onSelect={onKeys}>
        All keys
      </MenuItem>
      <MenuLine />
      <MenuHeading>Theme</MenuHeading>
      <MenuChoice
        value={theme}
        onChange={(value) => setTheme(value as Theme)}
        options={[
          ["system", "As the system"],
          ["light", "Light"],
          ["dark", "Dark"],
        ]}
      />
      <MenuHeading>Density</MenuHeading>
      <MenuChoice
        value={density}
        onChange={(value) => setDensity(value as Density)}
        options={[
          ["comfortable", "Comfortable"],
          ["compact", "Compact"],
        ]}
      />
      <MenuLine />
      <MenuItem icon={<LogOut />} onSelect={() => void leave()}>
        Sign out
      </MenuItem>
    </Menu>
  );
}

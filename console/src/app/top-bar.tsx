// The bar at the top: what is told to one, and who one is. On narrow screens also the way to the areas.

import { CircleUserRound, Menu as MenuIcon, Search } from "lucide-react";

import { IconButton } from "../components/ui/button";
import { OnDemand } from "../components/ui/on-demand";
import { Bell } from "../features/bell/bell";
import { lazily } from "../lib/lazily";

export const PersonMenu = lazily(() => import("./person-menu"), "PersonMenu");

type TopBarProps = {
  member: { id: string; email: string; name: string };
  connected: boolean;
  ready: boolean;
  onMenu: () => void;
  onSearch: () => void;
  onKeys: () => void;
};

export function TopBar({ member, connected, ready, onMenu, onSearch, onKeys }: TopBarProps) {
  return (
    <header className="border-line bg-raised flex h-12 shrink-0 items-center gap-1 border-b px-2 sm:px-4">
      <span className="flex lg:hidden">
        <IconButton label="Areas" onClick={onMenu}>
          <MenuIcon className="size-4" />
        </IconButton>
        <IconButton label="Search and do" onClick={onSearch}>
          <Search className="size-4" />
        </IconButton>
      </span>
      <span className="flex-1" />
      <Connection connected={connected} />
      <Bell member={member.id} ready={ready} />
      <OnDemand
        opens="menu"
        load={PersonMenu.preload}
        trigger={
          <IconButton label={member.email}>
            <CircleUserRound className="size-5" />
          </IconButton>
        }
      >
        {(trigger) => <PersonMenu trigger={trigger} member={member} onKeys={onKeys} />}
      </OnDemand>
    </header>
  );
}

function Connection({ connected }: { connected: boolean }) {
  return (
    <span
      role="status"
      title={connected ? "What happens is shown at once" : "The server does not answer; it is tried again"}
      className="text-quiet flex items-center gap-1.5 px-2 text-xs"
    >
      <span aria-hidden className={`size-2 rounded-full ${connected ? "bg-good" : "bg-bad"}`} />
      {connected ? "Live" : "Reconnecting"}
    </span>
  );
}

// The side bar: the workspace that is looked at, and the areas. It can be folded to its icons; on a phone it is a drawer.

import { useLocation } from "@tanstack/react-router";
import { ChevronsUpDown, PanelLeftClose, PanelLeftOpen, Search, Settings } from "lucide-react";
import { useEffect, useRef } from "react";
import { IconButton } from "../components/ui/button";
import { cx } from "../components/ui/cx";
import { Go } from "../components/ui/go";
import { OnDemand } from "../components/ui/on-demand";
import { Keys, Tip } from "../components/ui/tip";
import { useWorkspace } from "../lib/api";
import { useHotkeys } from "../lib/hotkeys";
import { useKept } from "../lib/kept";
import { lazily } from "../lib/lazily";
import { AREAS, type Area, SETTINGS } from "./areas";

export const WorkspaceMenu = lazily(() => import("./workspace-menu"), "WorkspaceMenu");

export function SideBar({ onSearch }: { onSearch: () => void }) {
  const [folded, setFolded] = useKept("side-bar.folded", false);
  useHotkeys([{ keys: "[", title: "Fold the side bar", run: () => setFolded(!folded) }]);
  return (
    <aside className={cx("border-line bg-sunken hidden shrink-0 flex-col border-r lg:flex", folded ? "w-14" : "w-56")}>
      <Inside folded={folded} onSearch={onSearch} />
      <div className={cx("border-line flex border-t p-2", folded ? "justify-center" : "justify-end")}>
        <IconButton
          label={folded ? "Unfold the side bar" : "Fold the side bar"}
          keys="["
          onClick={() => setFolded(!folded)}
        >
          {folded ? <PanelLeftOpen className="size-4" /> : <PanelLeftClose className="size-4" />}
        </IconButton>
      </div>
    </aside>
  );
}

/** The content of the side bar, and of the drawer. */
export function Inside({ folded, onSearch }: { folded: boolean; onSearch: () => void }) {
  const path = useLocation({ select: ({ pathname }) => pathname });
  const inSettings = /^\/w\/[^/]+\/settings/.test(path);
  const nav = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: where one has gone to is brought into sight
  useEffect(() => nav.current?.querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest" }), [path]);
  return (
    <>
      <div className="grid gap-1 p-2">
        <WorkspaceSwitch folded={folded} />
        <button
          type="button"
          onClick={onSearch}
          aria-label="Search and do"
          className={cx(
            "border-line bg-raised text-quiet hover:text-ink flex h-8 cursor-pointer items-center gap-2 rounded-md border px-2",
            folded && "justify-center",
          )}
        >
          <Search aria-hidden className="size-4 shrink-0" />
          {!folded && (
            <>
              <span className="flex-1 text-left">Go to, find, do</span>
              <Keys keys="Ctrl+K" />
            </>
          )}
        </button>
      </div>
      <nav ref={nav} aria-label="Areas" className="min-h-0 flex-1 overflow-y-auto px-2 pb-4">
        {AREAS.map(({ title, areas }) => (
          <div key={title ?? areas[0]?.to} className="pt-1.5">
            {title && !folded && <h2 className="text-quiet px-2 pt-1 pb-0.5 text-xs font-medium">{title}</h2>}
            {title && folded && <hr className="border-line mx-1 mb-2" />}
            <ul>
              {areas.map((area) => (
                <AreaLink key={area.to} area={area} folded={folded} />
              ))}
            </ul>
          </div>
        ))}
        <ul className="pt-2">
          <AreaLink
            area={{ to: "/settings/workspace", title: "Settings", icon: Settings, key: "s" }}
            folded={folded}
            isHere={inSettings}
          />
          {inSettings &&
            !folded &&
            SETTINGS.map((area) => <AreaLink key={area.to} area={area} folded={false} isInner />)}
        </ul>
      </nav>
    </>
  );
}

const LINK =
  "text-quiet hover:bg-line/50 hover:text-ink flex h-8 items-center gap-2.5 rounded-md px-2 font-medium lg:h-7";
const HERE = "bg-raised! text-ink! shadow-sm";

function AreaLink({
  area: { to, title, icon: Icon, key },
  folded,
  isHere,
  isInner,
}: {
  area: Area;
  folded: boolean;
  isHere?: boolean;
  isInner?: boolean;
}) {
  const link = (
    <Go
      to={to}
      className={cx(LINK, folded && "justify-center", isInner && "pl-8", isHere && !isInner && "text-ink")}
      here={isHere === undefined ? HERE : ""}
      aria-label={folded ? title : undefined}
    >
      {!isInner && <Icon aria-hidden className="size-4 shrink-0" />}
      {!folded && <span className="truncate">{title}</span>}
    </Go>
  );
  return (
    <li>
      {folded ? (
        <Tip text={title} keys={key ? `g ${key}` : undefined}>
          {link}
        </Tip>
      ) : (
        link
      )}
    </li>
  );
}

function WorkspaceSwitch({ folded }: { folded: boolean }) {
  const workspace = useWorkspace();
  return (
    <OnDemand
      opens="menu"
      load={WorkspaceMenu.preload}
      trigger={
        <button
          type="button"
          aria-label={`Workspace ${workspace?.name ?? ""}`}
          className={cx(
            "hover:bg-line/50 flex h-10 w-full cursor-pointer items-center gap-2.5 rounded-md px-1.5",
            folded && "justify-center",
          )}
        >
          <img src="/bell.svg" alt="" className="size-6 shrink-0" />
          {!folded && (
            <>
              <span className="min-w-0 flex-1 truncate text-left font-semibold">{workspace?.name}</span>
              <ChevronsUpDown aria-hidden className="text-quiet size-4 shrink-0" />
            </>
          )}
        </button>
      }
    >
      {(trigger) => <WorkspaceMenu trigger={trigger} />}
    </OnDemand>
  );
}

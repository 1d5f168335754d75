// The frame around every page of the portal: narrow, since it lives within other pages.

import { Link, Outlet } from "@tanstack/react-router";

import { cx } from "../components/ui/cx";
import { Tips } from "../components/ui/tip";
import { Toasts } from "../components/ui/toast";

const PAGES = [
  ["/", "Endpoints"],
  ["/messages", "Messages"],
  ["/event-types", "Event catalogue"],
] as const;

const hidesNavigation = new URLSearchParams(location.search).get("hideNavigation") === "true";
const look =
  "focus-inside text-quiet hover:text-ink border-b-2 border-transparent px-1 py-2.5 font-medium whitespace-nowrap";

export function PortalShell() {
  return (
    <Tips>
      <div className={cx("mx-auto max-w-5xl", !("noGutters" in document.documentElement.dataset) && "p-4 sm:p-6")}>
        {!hidesNavigation && (
          <nav aria-label="Webhooks" className="border-line mb-5 flex gap-4 overflow-x-auto border-b">
            {PAGES.map(([to, title]) => (
              <Link
                key={to}
                to={to as string}
                activeOptions={{ exact: to === "/", includeSearch: false }}
                className={look}
                activeProps={{ className: "text-ink! border-bronze!" }}
              >
                {title}
              </Link>
            ))}
          </nav>
        )}
        <main id="main">
          <Outlet />
        </main>
      </div>
      <Toasts />
    </Tips>
  );
}

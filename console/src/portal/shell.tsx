// The frame around every page of the portal: narrow, since it lives within other pages.

import { Link, Outlet } from "@tanstack/react-router";

const PAGES = [
  ["/", "Endpoints"],
  ["/messages", "Messages"],
  ["/event-types", "Event catalogue"],
] as const;

const hidesNavigation = new URLSearchParams(location.search).get("hideNavigation") === "true";
const look = "text-quiet hover:text-ink border-b-2 border-transparent py-2.5 font-medium";

export function PortalShell() {
  const gutters = "noGutters" in document.documentElement.dataset ? "" : "p-4 sm:p-6";
  return (
    <div className={`mx-auto max-w-5xl ${gutters}`}>
      {!hidesNavigation && (
        <nav aria-label="Webhooks" className="border-line mb-5 flex gap-5 border-b">
          {PAGES.map(([to, title]) => (
            <Link key={to} to={to as string} activeOptions={{ exact: to === "/" }} className={look} activeProps={{ className: "text-ink! border-bronze!" }}>
              {title}
            </Link>
          ))}
        </nav>
      )}
      <main id="main">
        <Outlet />
      </main>
    </div>
  );
}

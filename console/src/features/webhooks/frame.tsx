// The layout of webhook pages, in both hosts: in the console as any page, in the portal narrow and without a path.

import { ArrowLeft } from "lucide-react";
import type { ReactNode } from "react";

import { cx } from "../../components/ui/cx";
import { Go, useGo as useGoTo } from "../../components/ui/go";
import { Page } from "../../components/ui/page";
import { paths } from "../../lib/paths";
import { useWebhooks } from "./context";
import type { Place } from "./places";

type ScreenProps = {
  title: string;
  lead?: ReactNode;
  /** The page that it is part of. */
  back?: { title: string; place: Place };
  badges?: ReactNode;
  actions?: ReactNode;
  /** In the console its parts scroll, not the page. */
  fills?: boolean;
  children: ReactNode;
};

export function Screen({ title, lead, back, badges, actions, fills, children }: ScreenProps) {
  const { host, app, name } = useWebhooks();
  if (host === "portal") {
    return (
      <>
        <title>{title}</title>
        {back && (
          <At place={back.place} className="text-quiet hover:text-ink mb-2 inline-flex items-center gap-1 py-1">
            <ArrowLeft aria-hidden className="size-4" /> {back.title}
          </At>
        )}
        <header className="mb-4 flex flex-wrap items-start gap-x-4 gap-y-2">
          <div className="min-w-0 flex-1 basis-64">
            <div className="flex flex-wrap items-center gap-2">
              <h1 className="min-w-0 text-lg font-semibold break-all">{title}</h1>
              {badges}
            </div>
            {lead && <p className="text-quiet mt-0.5">{lead}</p>}
          </div>
          {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
        </header>
        {children}
      </>
    );
  }
  const crumbs = [
    { title: "Applications", to: paths.applications },
    ...(back ? [{ title: name ?? app, to: paths.application(app) }] : []),
  ];
  return (
    <Page title={title} lead={lead} crumbs={crumbs} badges={badges} actions={actions} fills={fills}>
      {children}
    </Page>
  );
}

/** Where a list with its panel stands: in the console all of the window that is left, in the portal a box of its own. */
export function ListArea({ children }: { children: ReactNode }) {
  const { host } = useWebhooks();
  const look = host === "console" ? "flex-1" : "border-line bg-raised h-[36rem] overflow-hidden rounded-lg border pt-3";
  return <div className={cx("flex min-h-0 flex-col", look)}>{children}</div>;
}

/** The part that scrolls by itself beside lists that fill the window. */
export function ScrollArea({ children }: { children: ReactNode }) {
  const { host } = useWebhooks();
  return (
    <div className={host === "console" ? "min-h-0 flex-1 overflow-y-auto px-4 pb-16 sm:px-6" : undefined}>
      {children}
    </div>
  );
}

/** A link to a place of the application. */
export function At({ place, className, children }: { place: Place; className?: string; children: ReactNode }) {
  return (
    <Go to={place.to} search={place.search} className={className}>
      {children}
    </Go>
  );
}

export function useGoAt() {
  const go = useGoTo();
  return (place: Place, replace = false) => go(place.to, { search: place.search, replace });
}

// The console as host: the pages of an application are asked of the session, and stand below the application's address.

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import { Failure, Page, Skeleton } from "../../components/ui/page";
import { api, data } from "../../lib/api";
import { paths } from "../../lib/paths";
import { useCan } from "../../lib/role";
import type { Application } from "./client";
import { usePart, type Webhooks, WebhooksContext } from "./context";
import { placesOf } from "./places";

export const useApplication = (app: string) =>
  useQuery({
    queryKey: ["webhooks", app, "application"],
    queryFn: () => data(api.GET("/api/v1/app/{app}", { params: { path: { app } } })),
  });

/** A page of the application that the address names. */
export function InApplication({ children }: { children: (application: Application) => ReactNode }) {
  const app = usePart("app") ?? "";
  const { configure: mayConfigure } = useCan();
  const application = useApplication(app);
  const name = application.data?.name;
  const webhooks = useMemo<Webhooks>(
    () => ({
      svix: api,
      app,
      can: (capability) => mayConfigure || capability === "ViewBase",
      host: "console",
      places: placesOf(paths.application(app)),
      name,
    }),
    [app, mayConfigure, name],
  );
  if (application.isPending) return <Skeleton lines={6} />;
  if (application.isError) {
    return (
      <Page title="Application" crumbs={[{ title: "Applications", to: paths.applications }]}>
        <Failure error={application.error} onRetry={() => void application.refetch()} />
      </Page>
    );
  }
  return <WebhooksContext value={webhooks}>{children(application.data)}</WebhooksContext>;
}

/** The kinds of applications that the server itself owns: they cannot be renamed or removed. */
export function kindOf(application: Application): "workspace" | "notifications" | "customer" {
  if (application.uid?.startsWith("ws_")) return "workspace";
  return application.uid === "campanile.notifications" ? "notifications" : "customer";
}

// A recipient run as a page of its own.

import { useParams } from "@tanstack/react-router";

import { Page } from "../../../components/ui/page";
import { paths } from "../../../lib/paths";
import { RunDetail, useRunHead } from "./run-detail";

export function RunPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { title, badges } = useRunHead(id);
  return (
    <Page title={title} badges={badges} crumbs={[{ title: "Recipient runs", to: paths.notifyRuns }]}>
      <section aria-label="Run" className="border-line bg-raised max-w-4xl rounded-lg border">
        <RunDetail id={id} />
      </section>
    </Page>
  );
}

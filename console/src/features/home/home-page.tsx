// How everything stands: what needs somebody, what mattered lately, and what goes on.

import { Suspense } from "react";

import { useGo } from "../../components/ui/go";
import { Page } from "../../components/ui/page";
import { usePageActions } from "../../lib/actions";
import { useWorkspace } from "../../lib/api";
import { lazily } from "../../lib/lazily";
import { paths } from "../../lib/paths";
import { useSetUpDone, useSetUpHidden } from "../../lib/set-up";
import { Charts } from "./charts";
import { GoingOut } from "./going-out";
import { HealthStrip } from "./health-strip";
import { Latest, Significant } from "./latest";
import { NeedsYou } from "./needs-list";
import { SetUpRoom } from "./set-up-room";

// Few need it for long.
const SetUpList = lazily(() => import("./set-up-list"));

export function HomePage() {
  const workspace = useWorkspace();
  return workspace ? <Home workspace={workspace.id} /> : null;
}

function Home({ workspace }: { workspace: string }) {
  const go = useGo();
  const [hidden, setHidden] = useSetUpHidden(workspace);
  const [isDone] = useSetUpDone(workspace);
  usePageActions([
    { title: "Connect a source", run: () => void go(paths.integrations) },
    { title: "Invite a colleague", run: () => void go(paths.members) },
    ...(hidden ? [{ title: "Show the set-up list", run: () => setHidden(false) }] : []),
  ]);
  return (
    <Page title="Home">
      <div className="grid gap-4">
        {!hidden && (
          <Suspense fallback={isDone ? null : <SetUpRoom />}>
            <SetUpList onHide={() => setHidden(true)} />
          </Suspense>
        )}
        <HealthStrip />
        <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
          <Significant />
          <div className="grid gap-4">
            <NeedsYou />
            <GoingOut />
          </div>
        </div>
        <Charts />
        <Latest />
      </div>
    </Page>
  );
}

// One observation beside the list.

import { useEdges, useObservation, useWorkspace } from "../../lib/api";
import { words } from "../../lib/format";
import { readTitle } from "../../lib/observation";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";
import { Badge, Score } from "../ui/badge";
import { DetailPanel } from "../ui/detail-panel";
import { Failure, Skeleton } from "../ui/page";
import { AboutIt, Content, References, Sharing } from "./parts";
import { Related } from "./related";

const HEADING = "px-4 pt-4 font-semibold";

export function ObservationPanel({ id }: { id: string }) {
  const observation = useObservation(id);
  const edges = useEdges(id);
  const threshold = useWorkspace()?.notify_threshold;
  if (!observation.data) {
    return (
      <DetailPanel title="Observation">
        {observation.isPending ? (
          <Skeleton lines={6} />
        ) : (
          <Failure error={observation.error} onRetry={() => void observation.refetch()} />
        )}
      </DetailPanel>
    );
  }
  const it = observation.data;
  const { kind, text } = readTitle(it);
  const badges = (
    <>
      <Score value={it.significance} threshold={threshold} />
      <Badge tone="bronze">{kind}</Badge>
      <Badge>{providerName(it.provider)}</Badge>
      <Badge>{words(it.category)}</Badge>
    </>
  );
  return (
    <DetailPanel title={text} page={paths.observation(id)} badges={badges}>
      <div className="border-line border-b px-3 py-1.5">
        <Sharing it={it} edges={edges.data?.data ?? []} />
      </div>
      <Content body={it.body} />
      <div className="border-line border-t">
        <AboutIt it={it} />
      </div>
      <section aria-label="References" className="border-line border-t">
        <h3 className={HEADING}>References</h3>
        <References list={it.references} />
      </section>
      <section aria-label="Related" className="border-line border-t">
        <h3 className={`${HEADING} pb-2`}>Related</h3>
        <Related id={id} most={6} />
      </section>
    </DetailPanel>
  );
}

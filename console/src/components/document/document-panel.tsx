// One document beside a list, at the passage that was found.

import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";
import { Badge } from "../ui/badge";
import { DetailPanel } from "../ui/detail-panel";
import { Failure, Skeleton } from "../ui/page";
import { counted, formatName, useDocument } from "./document";
import { Passages } from "./passages";

export function DocumentPanel({ id, passage }: { id: string; passage?: number }) {
  const document = useDocument(id);
  if (!document.data) {
    return (
      <DetailPanel title="Document">
        {document.isPending ? (
          <Skeleton lines={8} />
        ) : (
          <Failure error={document.error} onRetry={() => void document.refetch()} />
        )}
      </DetailPanel>
    );
  }
  const it = document.data;
  const badges = (
    <>
      <Badge tone="bronze">{formatName(it.format)}</Badge>
      <Badge>{providerName(it.source)}</Badge>
      <Badge>{counted(it.passages, "passage")}</Badge>
      <span className="text-quiet min-w-0 text-xs wrap-anywhere">{it.path}</span>
    </>
  );
  const search = passage === undefined ? undefined : { passage: String(passage) };
  return (
    <DetailPanel title={it.title} page={paths.document(it.id)} pageSearch={search} badges={badges}>
      <Passages document={it} marked={passage} />
    </DetailPanel>
  );
}

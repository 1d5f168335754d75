// The history of a connected account that came along or comes along now, part by part, with what went wrong.

import { History } from "lucide-react";
import { useState } from "react";

import { Button } from "../../../../components/ui/button";
import { Confirm } from "../../../../components/ui/dialog";
import { Empty, Failure, Panel, Skeleton } from "../../../../components/ui/page";
import { Time } from "../../../../components/ui/time";
import { done } from "../../../../components/ui/toast";
import { TONE_TEXT } from "../../../../components/ui/tones";
import { providerName } from "../../../../lib/providers";
import { useCan } from "../../../../lib/role";
import { placeName } from "../../../../lib/sources";
import type { Connection } from "../connections";
import { useLinkedSources } from "../links";
import { StateBadge } from "../parts";
import { type Backfill, isActive, type Stretch, useBackfill, useBackfills, useCancelBackfill } from "./history";
import { HistoryDialog } from "./history-dialog";
import {
  badgeOfBackfill,
  depthInWords,
  kindInWords,
  mostTellingFirst,
  progressInWords,
  stretchInWords,
  toneOfStretch,
} from "./words";

/** So many parts are shown before somebody asks for all. */
const FIRST = 15;

export function HistoryPanel({ of }: { of: Connection }) {
  const can = useCan();
  const [isAsking, setAsking] = useState(false);
  const backfills = useBackfills(of.id);
  const linked = useLinkedSources(of.id);
  const isInUse = of.status === "active" || of.status === "degraded";
  const isOffered = can.configure && isInUse && (linked.data?.length ?? 0) > 0;
  return (
    <Panel
      title="History"
      note="from before it was linked"
      actions={
        isOffered && (
          <Button size="sm" onClick={() => setAsking(true)}>
            <History aria-hidden className="size-3.5" />
            Bring history along
          </Button>
        )
      }
    >
      {backfills.isPending && <Skeleton lines={2} />}
      {backfills.error && <Failure error={backfills.error} onRetry={() => void backfills.refetch()} />}
      {backfills.data?.length === 0 && (
        <Empty>
          {of.status === "closed"
            ? "Nothing came along."
            : "Nothing came along yet. What is linked brings its last days along, unless this server is set otherwise."}
        </Empty>
      )}
      <ul aria-label="History" className="divide-line divide-y">
        {backfills.data?.map((backfill, place) => (
          <Row key={backfill.id} of={of} backfill={backfill} isFirst={place === 0} />
        ))}
      </ul>
      {isAsking && <HistoryDialog of={of} onClose={() => setAsking(false)} />}
    </Panel>
  );
}

type RowProps = { of: Connection; backfill: Backfill; isFirst: boolean };

function Row({ of, backfill, isFirst }: RowProps) {
  const can = useCan();
  const [isOpen, setOpen] = useState(isFirst);
  return (
    <li className="px-4 py-2">
      <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary className="cursor-pointer">
          <span className="inline-flex w-[calc(100%-1.25rem)] flex-wrap items-center gap-x-2 gap-y-1 align-middle">
            <span className="font-medium">{depthInWords(backfill.depth)}</span>
            <StateBadge of={badgeOfBackfill(backfill)} />
            <span className="text-quiet flex-1 text-xs whitespace-nowrap">{backfill.is_automatic && "by itself"}</span>
            <Time at={backfill.created_at} />
          </span>
        </summary>
        <p className="text-quiet mt-1">{progressInWords(backfill)}</p>
        {backfill.reason && <p className="text-quiet mt-1 wrap-anywhere first-letter:uppercase">{backfill.reason}</p>}
        {isOpen && <Stretches of={of} id={backfill.id} />}
      </details>
      {can.configure && isActive(backfill) && <Cancel backfill={backfill} />}
    </li>
  );
}

function Stretches({ of, id }: { of: Connection; id: string }) {
  const backfill = useBackfill(id);
  const linked = useLinkedSources(of.id);
  const [isWhole, setWhole] = useState(false);
  const nameOf = (source: string) => {
    const found = linked.data?.find((it) => it.id === source);
    return found ? placeName(found) : "what is not linked any more";
  };
  if (backfill.isPending) return <Skeleton lines={2} />;
  if (backfill.isError) return <Failure error={backfill.error} onRetry={() => void backfill.refetch()} />;
  const all = mostTellingFirst(backfill.data.stretches);
  const shown = isWhole ? all : all.slice(0, FIRST);
  return (
    <>
      <ul aria-label="Parts" className="mt-2 grid gap-1.5">
        {shown.map((stretch) => (
          <Part key={stretch.id} it={stretch} name={nameOf(stretch.source_id)} tool={providerName(of.provider)} />
        ))}
      </ul>
      {all.length > shown.length && (
        <Button size="sm" className="mt-2" onClick={() => setWhole(true)}>
          All {all.length} parts
        </Button>
      )}
    </>
  );
}

function Part({ it, name, tool }: { it: Stretch; name: string; tool: string }) {
  const faults = [...new Set([it.reason, ...it.errors].filter((text): text is string => Boolean(text)))];
  return (
    <li className="text-xs">
      <span className={TONE_TEXT[toneOfStretch(it)]} aria-hidden>
        ●
      </span>{" "}
      <span className="font-medium">{kindInWords(it.kind)}</span> of {name}
      <span className="text-quiet"> · {stretchInWords(it, tool)}</span>
      {faults.map((fault) => (
        <p key={fault} className="text-bad pl-4 wrap-anywhere first-letter:uppercase">
          {fault}
        </p>
      ))}
    </li>
  );
}

function Cancel({ backfill }: { backfill: Backfill }) {
  const cancel = useCancelBackfill(backfill.id);
  const cancelIt = async () => {
    await cancel();
    done("The history does not come along any more");
  };
  return (
    <Confirm
      trigger={
        <Button size="sm" className="mt-2">
          Cancel it
        </Button>
      }
      title="Stop bringing history along?"
      action="Stop it"
      onConfirm={cancelIt}
    >
      <p>What came along so far stays. The rest can be asked for later.</p>
    </Confirm>
  );
}

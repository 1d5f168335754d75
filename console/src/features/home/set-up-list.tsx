// The first tasks of a new organisation, until they are done.

import { useQuery } from "@tanstack/react-query";
import { ChevronRight, CircleCheck, CircleDashed, X } from "lucide-react";

import { useEffect } from "react";

import { SampleSnippet } from "../../components/sample-delivery";
import { IconButton } from "../../components/ui/button";
import { Go } from "../../components/ui/go";
import { api, data, useNotifications } from "../../lib/api";
import { useHasPassword } from "../../lib/password";
import { useSetUpDone } from "../../lib/set-up";
import { isDeliverySource, useLatestDeliveries, useSources } from "../../lib/sources";
import { useWorkspaceId } from "../../lib/url";
import { isSetUp, type SetUpStep, setUpSteps } from "./set-up";
import { SetUpRoom } from "./set-up-room";

function useSteps() {
  const workspace = useWorkspaceId();
  const notifications = useNotifications(workspace);
  const members = useQuery({ queryKey: ["member"], queryFn: async () => (await data(api.GET("/api/members"))).data });
  const sources = useSources().data;
  const steps = setUpSteps({
    hasPassword: useHasPassword(),
    sources: sources?.filter(isDeliverySource).length,
    deliveries: useLatestDeliveries().data?.length,
    mailsSent: notifications.data && mailsSent(notifications.data.data),
    members: members.data?.length,
    notifications: notifications.data?.data.length,
  });
  return { steps, isKnown: steps.every(({ done }) => done !== undefined) };
}

const mailsSent = (sent: { channel: string; status: string }[]) =>
  sent.filter(({ channel, status }) => channel === "email" && (status === "sent" || status === "delivered")).length;

export default function SetUpList({ onHide }: { onHide: () => void }) {
  const { steps, isKnown } = useSteps();
  const sources = useSources();
  const [wasDone, setWasDone] = useSetUpDone(useWorkspaceId());
  const isDone = isSetUp(steps);
  useEffect(() => {
    if (isKnown && isDone !== wasDone) setWasDone(isDone);
  });
  if (isDone || (!isKnown && wasDone)) return null;
  if (!isKnown) return <SetUpRoom />;
  const count = steps.filter(({ done }) => done).length;
  const source = sources.data?.find(isDeliverySource);
  const wantsSource = steps.find(({ key }) => key === "source")?.done === false;
  return (
    <section aria-label="Set-up" className="border-bronze/40 bg-raised min-w-0 rounded-lg border">
      <header className="flex min-h-11 items-center gap-2 px-4 pt-1.5">
        <h2 className="font-semibold">Set up Campanile</h2>
        <span className="text-quiet text-xs tabular-nums">
          {count} of {steps.length} done
        </span>
        <span className="ml-auto">
          <IconButton label="Put this list away; the workspace's settings bring it back" onClick={onHide}>
            <X className="size-4" />
          </IconButton>
        </span>
      </header>
      <div aria-hidden className="bg-sunken mx-4 mt-1 h-1 overflow-hidden rounded-full">
        <div className="bg-bronze h-full rounded-full" style={{ width: `${(100 * count) / steps.length}%` }} />
      </div>
      <ol className="grid gap-x-4 p-2 sm:grid-cols-2 lg:grid-cols-3">
        {steps.map((step) => (
          <Step key={step.key} step={step} />
        ))}
      </ol>
      {wantsSource && source && (
        <div className="px-4 pb-4">
          <p className="text-quiet mb-2">
            Or send a sample to {source.path} from the shell, signed with the secret of the source:
          </p>
          <SampleSnippet
            provider={source.provider}
            address={`${location.origin}/api/ingest/${source.provider}/${source.path}`}
          />
        </div>
      )}
    </section>
  );
}

function Step({ step: { title, detail, done, to } }: { step: SetUpStep }) {
  const inner = (
    <>
      {done ? (
        <CircleCheck aria-label="Done" className="text-good mt-0.5 size-4 shrink-0" />
      ) : (
        <CircleDashed aria-label="To do" className="text-quiet mt-0.5 size-4 shrink-0" />
      )}
      <span className="min-w-0 flex-1">
        <span className={done ? "text-quiet block" : "block font-medium"}>{title}</span>
        {!done && <span className="text-quiet block text-xs">{detail}</span>}
      </span>
      {!done && to && <ChevronRight aria-hidden className="text-quiet mt-0.5 size-4 shrink-0" />}
    </>
  );
  const look = "flex items-start gap-2.5 rounded-md px-2 py-2";
  return (
    <li>
      {done || !to ? (
        <span className={look}>{inner}</span>
      ) : (
        <Go to={to} className={`${look} hover:bg-sunken`}>
          {inner}
        </Go>
      )}
    </li>
  );
}

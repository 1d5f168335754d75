// What was tried at an endpoint, and what came back.

import { ChevronDown } from "lucide-react";
import { useState } from "react";

import { Button, Panel, Time } from "../../components/ui";
import type { Attempt } from "./client";
import { useAttempts, useDo, useWebhooks } from "./context";
import { Code, Failure, Listed, Outcome, SELECT } from "./parts";
import { Go, places } from "./places";

const STATUSES = [
  ["", "All"],
  ["0", "Delivered"],
  ["2", "Failed"],
] as const;
const CLASSES = ["200", "300", "400", "500"];

export function AttemptList({ endpoint }: { endpoint: string }) {
  const [status, setStatus] = useState("");
  const [code, setCode] = useState("");
  const filter = (status && `&status=${status}`) + (code && `&status_code_class=${code}`);
  const attempts = useAttempts(endpoint, filter);
  return (
    <Panel title="Attempts">
      <p className="border-line flex flex-wrap gap-3 border-b px-4 py-2">
        <select aria-label="How it ended" className={SELECT} value={status} onChange={(event) => setStatus(event.target.value)}>
          {STATUSES.map(([value, title]) => <option key={value} value={value}>{title}</option>)}
        </select>
        <select aria-label="What was answered" className={SELECT} value={code} onChange={(event) => setCode(event.target.value)}>
          <option value="">Any answer</option>
          {CLASSES.map((value) => <option key={value} value={value}>{value[0]}xx</option>)}
        </select>
      </p>
      <Listed of={attempts} none="Nothing was tried yet.">
        {(attempt) => <Row key={attempt.id} attempt={attempt} />}
      </Listed>
    </Panel>
  );
}

function Row({ attempt }: { attempt: Attempt }) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5">
        <span className="basis-28"><Outcome word={attempt.statusText} code={attempt.responseStatusCode} /></span>
        <Go to={places.message(attempt.msgId)} className="text-bronze min-w-48 flex-1 truncate font-mono text-xs hover:underline">
          {attempt.msgId}
        </Go>
        <span className="text-quiet text-xs tabular-nums">{attempt.responseDurationMs} ms</span>
        <Time at={attempt.timestamp} />
        <Button kind="icon" aria-expanded={open} aria-label="Show the answer" onClick={() => setOpen(!open)}>
          <ChevronDown className={`size-4 ${open ? "rotate-180" : ""}`} />
        </Button>
      </div>
      {open && <Code label="Answer" text={attempt.response} />}
    </li>
  );
}

/** Sends a message to an endpoint once more. */
export function Resend({ message, endpoint }: { message: string; endpoint: string }) {
  const { can } = useWebhooks();
  const resend = useDo("POST", `/msg/${message}/endpoint/${endpoint}/resend`);
  if (!can("CreateAttempts")) return null;
  return (
    <>
      <Button kind="plain" onClick={() => resend.mutate()} disabled={resend.isPending}>
        {resend.isSuccess ? "Sent again" : "Send again"}
      </Button>
      {resend.isError && <Failure error={resend.error} />}
    </>
  );
}

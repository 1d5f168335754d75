// The story of a run, step by step: what was done, and why something was not.

import { CheckCircle2, Circle, XCircle } from "lucide-react";

import { Badge, Code } from "../../../components/ui/badge";
import { Go } from "../../../components/ui/go";
import { JsonViewer } from "../../../components/ui/json-viewer";
import { Empty } from "../../../components/ui/page";
import { Time } from "../../../components/ui/time";
import { TONE_COLOUR } from "../../../components/ui/tones";
import type { RunEvent } from "../../../lib/knock";
import { paths } from "../../../lib/paths";
import { argumentText, type Evaluated, operatorTitle, takesArgument } from "../parts/conditions";
import { kindOf, type StepType } from "../workflows/kinds";
import { type Block, type Line, storyOf } from "./story";

type RunStoryProps = { events: RunEvent[]; workflow: string; recipient?: string | undefined };

export function RunStory({ events, workflow, recipient }: RunStoryProps) {
  if (events.length === 0) return <Empty>Nothing has happened yet.</Empty>;
  return (
    <ol aria-label="What happened" className="divide-line divide-y">
      {storyOf(events).map((block) => (
        <BlockShown key={block.key} block={block} workflow={workflow} recipient={recipient} />
      ))}
    </ol>
  );
}

function BlockShown({ block, workflow, recipient }: { block: Block; workflow: string; recipient: string | undefined }) {
  const kind = block.type ? kindOf({ type: block.type as StepType, channel_type: null }) : undefined;
  return (
    <li data-kind="step" className="grid min-w-0 gap-2 px-4 py-3">
      <p className="flex flex-wrap items-center gap-2">
        <span
          aria-hidden
          className="size-2 shrink-0 rounded-full"
          style={{ background: TONE_COLOUR[block.outcome.tone] }}
        />
        {block.step ? (
          <Go to={paths.workflow(workflow)} search={{ step: block.step }} className="font-medium hover:underline">
            {block.step}
          </Go>
        ) : (
          <span className="font-medium">The run</span>
        )}
        {block.type && block.type !== "channel" && <span className="text-quiet text-xs">{kind?.title}</span>}
        <Badge tone={block.outcome.tone}>{block.outcome.word}</Badge>
      </p>
      <ul className="grid gap-2 pl-4">
        {block.lines.map((line) => (
          <LineShown key={line.key} line={line} recipient={recipient} />
        ))}
      </ul>
    </li>
  );
}

function LineShown({ line, recipient }: { line: Line; recipient: string | undefined }) {
  return (
    <li className="grid min-w-0 gap-1.5">
      <p className="flex flex-wrap items-baseline gap-x-2 gap-y-0.5">
        <span className={line.tone === "bad" ? "text-bad" : ""}>{line.title}</span>
        {line.until && (
          <span className="text-quiet">
            until <Time at={line.until} className="text-sm" />
          </span>
        )}
        {line.message && (
          <Go to={paths.message(line.message)} className="text-bronze hover:underline">
            Open the message
          </Go>
        )}
        {line.run && (
          <Go to={paths.notifyRun(line.run)} className="text-bronze hover:underline">
            Open that run
          </Go>
        )}
        <Time at={line.at} />
      </p>
      {line.reason && <p className="text-quiet break-words first-letter:uppercase">{line.reason}.</p>}
      {line.preference && (
        <p className="text-quiet">
          Refused by <Code>{line.preference}</Code>{" "}
          {recipient && (
            <Go to={recipient} search={{ tab: "preferences" }} className="text-bronze underline">
              Open the preferences
            </Go>
          )}
        </p>
      )}
      {line.conditions && <Conditions of={line.conditions} />}
      {line.rest && (
        <details className="min-w-0">
          <summary className="text-quiet w-fit cursor-pointer text-xs">Details</summary>
          <div className="mt-1">
            <JsonViewer label="Details" value={line.rest} maxHeight={240} />
          </div>
        </details>
      )}
    </li>
  );
}

/** Each condition with the value that was found; those after the decision were not looked at. */
function Conditions({ of }: { of: Evaluated[] }) {
  return (
    <ul aria-label="Conditions" className="border-line grid gap-1 border-l-2 pl-3">
      {of.map((one, index) => {
        const Icon = one.holds === undefined ? Circle : one.holds ? CheckCircle2 : XCircle;
        const word = one.holds === undefined ? "not looked at" : one.holds ? "holds" : "does not hold";
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the same comparison may stand twice
          <li key={index} className="flex items-start gap-1.5 text-xs">
            <Icon
              aria-label={word}
              className={`mt-px size-3.5 shrink-0 ${one.holds === undefined ? "text-quiet" : one.holds ? "text-good" : "text-bad"}`}
            />
            <span className="min-w-0 wrap-anywhere">
              <span className="font-mono">{one.variable}</span> {operatorTitle(one.operator)}{" "}
              {takesArgument(one.operator) && <span className="font-mono">{argumentText(one.argument)}</span>}
              {one.found !== undefined && (
                <span className="text-quiet">
                  {" "}
                  · found <span className="font-mono">{argumentText(one.found) || "nothing"}</span>
                </span>
              )}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

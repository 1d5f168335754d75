// The steps of a workflow: the diagram, and the form of the step that is selected.

import { Plus, Redo2, Undo2 } from "lucide-react";
import { useState } from "react";

import { Button, IconButton } from "../../../components/ui/button";
import { cx } from "../../../components/ui/cx";
import { Dialog } from "../../../components/ui/dialog";
import { EmptyState } from "../../../components/ui/page";
import { type DiagramStep, StepDiagram, type StepPlace } from "../../../components/ui/step-diagram";
import { useHotkeys } from "../../../lib/hotkeys";
import type { Step } from "../../../lib/knock";
import { useUrl } from "../../../lib/url";
import { allSteps, freeRef, stepOf, withInserted, withMoved, withRemoved } from "./document";
import { useEditor } from "./editor-context";
import { GROUPS, KINDS, kindOf, type StepKind } from "./kinds";
import { inShort, type Problem } from "./problems";
import { StepPanel } from "./step-panel";
import { conditionNote, summaryOf } from "./summary";

export function StepsTab() {
  const url = useUrl();
  const { draft, problems, channels } = useEditor();
  const [place, setPlace] = useState<StepPlace>();
  const selected = stepOf(draft.doc.steps, url.get("step"));
  const select = (ref: string | undefined) => url.set({ step: ref, part: undefined }, { replace: true });
  useHotkeys([
    { keys: "Ctrl+Z", title: "Take the last change back", run: () => draft.undo?.() },
    {
      keys: "a",
      title: "Add a step at the end",
      run: () => setPlace({ parent: null, branch: 0, index: draft.doc.steps.length }),
    },
  ]);
  const add = (kind: StepKind) => {
    if (!place) return;
    const ref = freeRef(draft.doc.steps, kind.ref);
    const made = kind.make();
    const channel = made.type === "channel" ? channels.find(({ type }) => type === made.channel_type) : undefined;
    const step: Step = { ref, ...made, ...(channel && { channel_key: channel.key }) };
    draft.change((doc) => withInserted(doc, place, step));
    setPlace(undefined);
    select(ref);
  };
  const whole = problems.filter(({ step }) => step === undefined);
  return (
    <div className="grid gap-4">
      {whole.length > 0 && (
        <div role="alert" className="border-bad/40 bg-bad-tint text-bad rounded-md border px-3 py-2">
          {whole.map((problem) => (
            <p key={`${problem.field} ${problem.message}`}>{inShort(problem)}</p>
          ))}
        </div>
      )}
      <div
        className={cx(
          "grid grid-cols-[minmax(0,1fr)] items-start gap-4",
          selected && "lg:grid-cols-[17rem_minmax(0,1fr)] 2xl:grid-cols-[22rem_minmax(0,1fr)]",
        )}
      >
        <section
          aria-label="Diagram"
          className={cx(
            "border-line bg-sunken/40 min-w-0 rounded-lg border",
            selected && "max-lg:hidden lg:sticky lg:top-0 lg:max-h-[calc(100dvh-4rem)] lg:overflow-y-auto",
          )}
        >
          <div className="border-line bg-raised sticky top-0 z-[5] flex items-center gap-1 rounded-t-lg border-b px-2 py-1">
            <span className="text-quiet flex-1 px-2 text-xs">
              {count(allSteps(draft.doc.steps).length)}
              {!selected && draft.doc.steps.length > 0 && ". Choose one to read and change it."}
            </span>
            <IconButton label="Undo" keys="Ctrl+Z" disabled={!draft.undo} onClick={() => draft.undo?.()}>
              <Undo2 className="size-4" />
            </IconButton>
            <IconButton label="Redo" disabled={!draft.redo} onClick={() => draft.redo?.()}>
              <Redo2 className="size-4" />
            </IconButton>
            <IconButton
              label="Add a step at the end"
              keys="a"
              onClick={() => setPlace({ parent: null, branch: 0, index: draft.doc.steps.length })}
            >
              <Plus className="size-4" />
            </IconButton>
          </div>
          <div className="p-2">
            {draft.doc.steps.length === 0 && (
              <EmptyState
                title="No steps yet"
                actions={<Button onClick={() => setPlace({ parent: null, branch: 0, index: 0 })}>Add a step</Button>}
              >
                A run takes the steps from top to bottom, for each recipient.
              </EmptyState>
            )}
            <StepDiagram
              label="Steps"
              steps={draft.doc.steps.map((step) => boxOf(step, problems))}
              selected={selected?.ref ?? null}
              onSelect={select}
              onAdd={setPlace}
              onMove={(ref, to) => draft.change((doc) => withMoved(doc, ref, to))}
              onRemove={(ref) => {
                draft.change((doc) => withRemoved(doc, ref));
                if (ref === selected?.ref) select(undefined);
              }}
            />
          </div>
        </section>
        {selected && <StepPanel key={selected.ref} step={selected} />}
      </div>
      <Dialog title="Add a step" open={place !== undefined} onClose={() => setPlace(undefined)} wide>
        <KindChoice onChoose={add} />
      </Dialog>
    </div>
  );
}

const count = (steps: number) => `${steps} ${steps === 1 ? "step" : "steps"}`;

function boxOf(step: Step, problems: Problem[]): DiagramStep {
  const kind = kindOf(step);
  const Icon = kind.icon;
  const problem = problems.find((one) => one.step === step.ref);
  const badges = [...(step.conditions ? ["conditions"] : []), ...(step.send_windows?.length ? ["send windows"] : [])];
  const ways = step.branches?.map((way) => ({
    name: way.name ?? "",
    note: conditionNote(way.conditions),
    steps: way.steps ?? [],
  }));
  const cohorts = step.cohort_branches?.map((way) => ({
    name: way.name ?? "",
    note: `${way.percentage} %`,
    steps: way.steps ?? [],
  }));
  const branches = (ways ?? cohorts)?.map(({ name, note, steps }, index) => ({
    name: name || `Way ${index + 1}`,
    ...(note && { note }),
    steps: steps.map((inner) => boxOf(inner, problems)),
  }));
  return {
    ref: step.ref,
    title: step.name || step.ref,
    kind: kind.title,
    icon: <Icon />,
    tone: kind.tone,
    summary: summaryOf(step),
    badges,
    ...(problem && { problem: inShort(problem) }),
    ...(branches && { branches }),
  };
}

function KindChoice({ onChoose }: { onChoose: (kind: StepKind) => void }) {
  return (
    <div className="grid gap-5">
      {GROUPS.map((group) => (
        <section key={group} aria-label={group} className="grid gap-2">
          <h3 className="text-quiet text-xs font-medium">{group}</h3>
          <ul className="grid gap-2 sm:grid-cols-2">
            {KINDS.filter((kind) => kind.group === group).map((kind) => (
              <li key={kind.key}>
                <button
                  type="button"
                  onClick={() => onChoose(kind)}
                  className="border-line hover:bg-sunken flex h-full w-full cursor-pointer items-start gap-2.5 rounded-md border p-2.5 text-left"
                >
                  <kind.icon aria-hidden className="text-bronze mt-0.5 size-4 shrink-0" />
                  <span className="min-w-0">
                    <span className="block font-medium">{kind.title}</span>
                    <span className="text-quiet block text-xs">{kind.about}</span>
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

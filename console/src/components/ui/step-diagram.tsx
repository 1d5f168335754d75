// The steps of a workflow from top to bottom, branches side by side. It shows and asks; the page keeps the steps.

import { ArrowDown, ArrowUp, Plus, Trash2, TriangleAlert } from "lucide-react";
import type { KeyboardEvent, ReactNode } from "react";
import { createContext, use, useEffect, useId, useRef, useState } from "react";

import { cx } from "./cx";
import type { Direction, StepPlace } from "./step-tree";
import { findStep, moveTarget, neighbour } from "./step-tree";
import type { Tone } from "./tones";
import { TONE_TEXT, TONE_TINT } from "./tones";

export type { StepPlace } from "./step-tree";

export interface DiagramStep {
  /** Unique within the workflow. */
  ref: string;
  title: string;
  /** The kind in words: "Email", "Delay". */
  kind: string;
  icon?: ReactNode;
  summary?: ReactNode;
  /** Colours the icon. */
  tone?: Tone;
  badges?: string[];
  /** The fault of this step. */
  problem?: string;
  branches?: DiagramBranch[];
}

export interface DiagramBranch {
  name: string;
  /** When it is taken: "plan is pro". */
  note?: string;
  steps: DiagramStep[];
}

export interface StepDiagramProps {
  /** The accessible name of the whole. */
  label?: string;
  steps: DiagramStep[];
  /** The ref of the selected step. */
  selected?: string | null;
  onSelect: (ref: string) => void;
  /** Without it no add buttons are shown. */
  onAdd?: (place: StepPlace) => void;
  /** `moveStep` of step-tree.ts applies the place. */
  onMove?: (ref: string, place: StepPlace) => void;
  onRemove?: (ref: string) => void;
}

type Diagram = StepDiagramProps & {
  reachable: string | undefined;
  hint: string;
  move: (ref: string, to: Direction) => void;
};

const DiagramContext = createContext<Diagram | null>(null);

function useDiagram(): Diagram {
  const diagram = use(DiagramContext);
  if (!diagram) throw new Error("a step is shown outside of a StepDiagram");
  return diagram;
}

const ARROWS: Record<string, Direction> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
};

export function StepDiagram(props: StepDiagramProps) {
  const { label = "Steps", steps, selected, onSelect, onMove, onRemove } = props;
  const root = useRef<HTMLDivElement>(null);
  const focusNext = useRef<string>(null);
  const [spoken, setSpoken] = useState("");
  const hint = useId();
  const reachable = selected && findStep(steps, selected) ? selected : steps[0]?.ref;

  // A moved step is mounted anew in its other branch, and a removed one is gone: the focus is set once the steps changed.
  useEffect(() => {
    if (!focusNext.current) return;
    root.current?.querySelector<HTMLElement>(`[data-step="${CSS.escape(focusNext.current)}"]`)?.focus();
    focusNext.current = null;
  });

  const move = (ref: string, to: Direction) => {
    const place = moveTarget(steps, ref, to);
    if (!place || !onMove) return;
    focusNext.current = ref;
    setSpoken(`${findStep(steps, ref)?.title} moved ${to}`);
    onMove(ref, place);
  };

  const remove = (ref: string) => {
    if (!onRemove) return;
    focusNext.current = neighbour(steps, ref, "down") ?? neighbour(steps, ref, "up");
    setSpoken(`${findStep(steps, ref)?.title} removed`);
    onRemove(ref);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const ref = (event.target as HTMLElement).dataset.step;
    if (!ref || event.ctrlKey || event.metaKey) return;
    const direction = ARROWS[event.key];
    if (direction) {
      event.preventDefault();
      if (event.altKey) return move(ref, direction);
      const target = neighbour(steps, ref, direction);
      if (!target) return;
      focusNext.current = target;
      onSelect(target);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      remove(ref);
    }
  };

  return (
    <DiagramContext value={{ ...props, onRemove: onRemove && remove, reachable, hint, move }}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys belong to the buttons within, and bubble to here */}
      <div ref={root} onKeyDown={onKeyDown} className="@container min-w-0 overflow-x-auto px-1 py-2">
        <p id={hint} className="sr-only">
          Arrow keys walk through the steps.
          {onMove && " Alt and an arrow key move the step."}
          {onRemove && " Delete removes it."}
        </p>
        <StepList label={label} steps={steps} parent={null} branch={0} />
        <p role="status" className="sr-only">
          {spoken}
        </p>
      </div>
    </DiagramContext>
  );
}

type StepListProps = { label: string; steps: DiagramStep[]; parent: string | null; branch: number };

function StepList({ label, steps, parent, branch }: StepListProps) {
  const isTop = parent === null;
  return (
    <ol
      aria-label={label}
      className={cx("flex w-full min-w-max flex-col items-center @max-[640px]:min-w-0", !isTop && "flex-1")}
    >
      {steps.map((step, index) => (
        <li key={step.ref} className="flex w-full flex-col items-center">
          <Gap place={{ parent, branch, index }} isFirst={isTop && index === 0} />
          <Card step={step} />
          {step.branches && step.branches.length > 0 && <Branches step={step} branches={step.branches} />}
        </li>
      ))}
      <li className="flex w-full flex-1 flex-col items-center">
        <Gap place={{ parent, branch, index: steps.length }} isFirst={isTop && steps.length === 0} isLast={isTop} />
        {!isTop && <Line className="flex-1 @max-[640px]:hidden" />}
      </li>
    </ol>
  );
}

function Line({ className }: { className?: string }) {
  return <span aria-hidden className={cx("bg-line block w-0.5", className)} />;
}

/** The connector between two steps, with the button that adds one there. */
function Gap({ place, isFirst = false, isLast = false }: { place: StepPlace; isFirst?: boolean; isLast?: boolean }) {
  const { onAdd } = useDiagram();
  if (!onAdd) return isFirst || isLast ? null : <Line className="h-6" />;
  return (
    <>
      {!isFirst && <Line className="h-2.5" />}
      <button
        type="button"
        aria-label="Add a step here"
        title="Add a step here"
        onClick={() => onAdd(place)}
        className="border-line bg-raised text-quiet hover:border-bronze hover:bg-bronze hover:text-on-bronze inline-grid size-6 shrink-0 cursor-pointer place-items-center rounded-full border"
      >
        <Plus aria-hidden className="size-3.5" />
      </button>
      {!isLast && <Line className="h-2.5" />}
    </>
  );
}

function Card({ step }: { step: DiagramStep }) {
  const { selected, onSelect, reachable, hint, onMove, onRemove, move, steps } = useDiagram();
  const isSelected = step.ref === selected;
  const { tone = "quiet" } = step;
  return (
    <div
      className={cx(
        "bg-raised relative w-64 max-w-full rounded-lg border @max-[640px]:w-full @max-[640px]:max-w-96",
        isSelected
          ? "border-bronze ring-bronze ring-1"
          : step.problem
            ? "border-bad"
            : "border-line hover:border-quiet",
      )}
    >
      <button
        type="button"
        data-step={step.ref}
        aria-current={isSelected ? "true" : undefined}
        aria-describedby={hint}
        tabIndex={step.ref === reachable ? 0 : -1}
        onClick={() => onSelect(step.ref)}
        className="flex w-full cursor-pointer items-start gap-2.5 rounded-lg p-2.5 text-left"
      >
        {step.icon && (
          <span
            aria-hidden
            className={cx(
              "grid size-8 shrink-0 place-items-center rounded-md [&>svg]:size-4",
              TONE_TEXT[tone],
              TONE_TINT[tone],
            )}
          >
            {step.icon}
          </span>
        )}
        <span className="min-w-0 flex-1">
          <span className="text-quiet block truncate text-xs">{step.kind}</span>
          <span className="block font-medium wrap-anywhere">{step.title}</span>
          {step.summary && <span className="text-quiet mt-0.5 block text-xs wrap-anywhere">{step.summary}</span>}
          {step.badges && step.badges.length > 0 && (
            <span className="mt-1.5 flex flex-wrap gap-1">
              {step.badges.map((badge) => (
                <span key={badge} className="bg-sunken text-quiet rounded px-1.5 text-xs/5">
                  {badge}
                </span>
              ))}
            </span>
          )}
          {step.problem && (
            <span className="text-bad mt-1.5 flex gap-1 text-xs">
              <TriangleAlert aria-hidden className="mt-px size-3.5 shrink-0" />
              <span className="min-w-0 wrap-anywhere">{step.problem}</span>
            </span>
          )}
        </span>
      </button>
      {isSelected && (onMove || onRemove) && (
        <span
          role="group"
          aria-label={`Change ${step.title}`}
          className="bg-raised border-line absolute -top-3 right-2 flex rounded-md border shadow-sm"
        >
          {onMove && (
            <>
              <Tool label="Move up" disabled={!moveTarget(steps, step.ref, "up")} onClick={() => move(step.ref, "up")}>
                <ArrowUp aria-hidden />
              </Tool>
              <Tool
                label="Move down"
                disabled={!moveTarget(steps, step.ref, "down")}
                onClick={() => move(step.ref, "down")}
              >
                <ArrowDown aria-hidden />
              </Tool>
            </>
          )}
          {onRemove && (
            <Tool label="Remove" onClick={() => onRemove(step.ref)}>
              <Trash2 aria-hidden />
            </Tool>
          )}
        </span>
      )}
    </div>
  );
}

type ToolProps = { label: string; disabled?: boolean; onClick: () => void; children: ReactNode };

function Tool({ label, disabled = false, onClick, children }: ToolProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={onClick}
      className="text-quiet hover:bg-sunken hover:text-ink inline-grid size-6 cursor-pointer place-items-center rounded disabled:cursor-default disabled:opacity-40 [&>svg]:size-3.5"
    >
      {children}
    </button>
  );
}

/** Columns that a line opens above and joins below; on a narrow page one below the other at an indented line. */
function Branches({ step, branches }: { step: DiagramStep; branches: DiagramBranch[] }) {
  return (
    <>
      <Line className="h-4" />
      <ul
        aria-label={`Branches of ${step.title}`}
        className="flex w-full justify-center @max-[640px]:flex-col @max-[640px]:items-stretch @max-[640px]:gap-3 @max-[640px]:border-line @max-[640px]:border-l-2 @max-[640px]:pl-3"
      >
        {branches.map((branch, index) => (
          <li key={branch.name} className="relative flex flex-1 flex-col items-center px-3 @max-[640px]:px-0">
            <Rail index={index} count={branches.length} className="top-0" />
            <Line className="h-4 @max-[640px]:hidden" />
            <span className="border-line bg-sunken max-w-64 rounded-full border px-2.5 py-0.5 text-center text-xs">
              <span className="font-medium">{branch.name}</span>
              {branch.note && <span className="text-quiet"> · {branch.note}</span>}
            </span>
            <StepList label={`Steps of ${branch.name}`} steps={branch.steps} parent={step.ref} branch={index} />
            <Rail index={index} count={branches.length} className="bottom-0" />
          </li>
        ))}
      </ul>
    </>
  );
}

/** The horizontal line of one column: from its middle outwards at the two ends, across it in between. */
function Rail({ index, count, className }: { index: number; count: number; className: string }) {
  if (count < 2) return null;
  return (
    <span
      aria-hidden
      className={cx(
        "bg-line absolute h-0.5 @max-[640px]:hidden",
        className,
        index === 0 ? "right-0 left-1/2" : index === count - 1 ? "right-1/2 left-0" : "inset-x-0",
      )}
    />
  );
}

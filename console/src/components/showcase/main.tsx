// The page of components: each one with made-up data in several states, in light and dark. For development alone.

import { Bell, Clock, GitBranch, Layers, Mail, MessageSquare, Webhook } from "lucide-react";
import type { ReactNode } from "react";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";

import "../../styles/index.css";
import { TimeChart } from "../ui/chart";
import { CodeDiff } from "../ui/code-diff";
import { CodeEditor } from "../ui/code-editor";
import { CopyButton } from "../ui/copy-button";
import { NeighbourGraph } from "../ui/graph";
import { JsonViewer } from "../ui/json-viewer";
import { Markdown } from "../ui/markdown";
import { Snippet } from "../ui/snippet";
import { Sparkline } from "../ui/sparkline";
import type { DiagramStep } from "../ui/step-diagram";
import { StepDiagram } from "../ui/step-diagram";
import { insertStep, moveStep, removeStep } from "../ui/step-tree";
import { Timeline } from "../ui/timeline";
import { Waterfall } from "../ui/waterfall";
import { Basics } from "./basics";
import * as samples from "./samples";

function Page() {
  return (
    <>
      <header className="border-line bg-raised sticky top-0 z-10 flex items-center gap-4 border-b px-4 py-2">
        <h1 className="mr-auto text-base font-semibold">Components</h1>
        <ThemeSwitch />
      </header>
      <main className="mx-auto grid max-w-6xl gap-10 px-4 py-6">
        <Section title="Small parts">
          <Basics />
        </Section>
        <Section title="Code editor">
          <Editors />
        </Section>
        <Section title="Code comparison">
          <Example title="Two versions of a workflow">
            <CodeDiff
              label="Versions 3 and 4"
              before={samples.BEFORE}
              after={samples.AFTER}
              beforeLabel="Version 3"
              afterLabel="Version 4"
            />
          </Example>
          <Example title="A long text">
            <CodeDiff
              label="Long JSON"
              before={samples.LONG_BEFORE}
              after={samples.LONG_AFTER}
              language="json"
              maxLines={14}
            />
          </Example>
          <Example title="No differences">
            <CodeDiff
              label="The same text twice"
              before={samples.SCRIPT}
              after={samples.SCRIPT}
              language="javascript"
            />
          </Example>
        </Section>
        <Section title="JSON viewer">
          <Example title="A payload">
            <JsonViewer label="Payload" value={samples.PAYLOAD} />
          </Example>
          <Columns>
            <Example title="7,000 values">
              <JsonViewer label="Many events" value={samples.MANY} maxHeight={240} />
            </Example>
            <Example title="Text that is not JSON">
              <JsonViewer label="Body" value="<html><body>502 Bad Gateway</body></html>" />
            </Example>
          </Columns>
        </Section>
        <Section title="Charts">
          <Columns>
            <Example title="Stacked">
              <TimeChart label="Delivery attempts" times={samples.TIMES} series={samples.ATTEMPTS} kind="stacked" />
            </Example>
            <Example title="Lines with a gap">
              <TimeChart label="Response time" times={samples.TIMES} series={samples.LATENCY} unit="ms" />
            </Example>
            <Example title="Bars">
              <TimeChart
                label="Deliveries"
                times={samples.TIMES.slice(0, 24)}
                series={samples.ATTEMPTS.slice(1)}
                kind="bars"
                height={140}
              />
            </Example>
            <Example title="No data">
              <TimeChart label="Runs" times={[]} series={[{ name: "Runs", tone: "bronze", values: [] }]} height={140} />
            </Example>
          </Columns>
          <Example title="Sparklines">
            <div className="flex flex-wrap gap-6">
              <Sparkline label="Deliveries" values={[4, 7, 6, 9, 14, 12, 18, 17, 21]} tone="good" />
              <Sparkline label="Failures" values={[0, 0, 3, 1, null, null, 2, 8, 5]} tone="bad" />
              <Sparkline label="Idle" values={[]} />
            </div>
          </Example>
        </Section>
        <Section title="Runs">
          <Runs />
        </Section>
        <Section title="Step diagram">
          <Workflow />
        </Section>
        <Section title="Neighbourhood">
          <Graphs />
        </Section>
        <Section title="Timeline">
          <Timeline
            label="Message"
            entries={[
              { key: "1", at: "2026-03-02T08:30:00Z", title: "Queued" },
              {
                key: "2",
                at: "2026-03-02T08:30:02Z",
                title: "Sent",
                tone: "info",
                detail: "By Postmark, from hello@campanile.example",
              },
              { key: "3", at: "2026-03-02T08:30:09Z", title: "Delivered", tone: "good" },
              {
                key: "4",
                at: "2026-03-02T09:12:40Z",
                title: "Bounced for the copy",
                tone: "bad",
                detail: "550 5.1.1 mailbox unavailable",
              },
            ]}
          />
        </Section>
        <Section title="Markdown">
          <Markdown text={samples.MARKDOWN} />
        </Section>
        <Section title="Snippets">
          <Snippet label="Send an event" tabs={samples.SNIPPETS} />
          <Snippet label="Start the server" tabs={[{ name: "Shell", code: "campanile serve --data ./data" }]} />
          <div className="flex items-center gap-2">
            <CopyButton text="evt_01J9ZK4T" label="Copy ID" />
            <CopyButton text="evt_01J9ZK4T" label="Copy ID of the event" iconOnly />
            <CopyButton text="" label="Copy nothing" disabled />
          </div>
        </Section>
      </main>
    </>
  );
}

function ThemeSwitch() {
  const [isDark, setDark] = useState(() => new URLSearchParams(location.search).get("theme") === "dark");
  document.documentElement.classList.toggle("dark", isDark);
  return (
    <button
      type="button"
      aria-pressed={isDark}
      onClick={() => setDark(!isDark)}
      className="border-line hover:bg-sunken h-8 cursor-pointer rounded-md border px-3"
    >
      Dark
    </button>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="grid min-w-0 gap-4">
      <h2 className="border-line border-b pb-1 text-lg font-semibold">{title}</h2>
      {children}
    </section>
  );
}

function Example({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <h3 className="text-quiet mb-1.5 text-xs font-medium">{title}</h3>
      {children}
    </div>
  );
}

function Columns({ children }: { children: ReactNode }) {
  return <div className="grid min-w-0 gap-6 md:grid-cols-2 [&>*]:min-w-0">{children}</div>;
}

function Editors() {
  const [template, setTemplate] = useState(samples.TEMPLATE);
  const [schema, setSchema] = useState(samples.BROKEN_JSON);
  return (
    <>
      <Example title="Liquid with a problem from the server">
        <CodeEditor
          label="Template"
          language="liquid"
          value={template}
          onChange={setTemplate}
          variables={samples.VARIABLES}
          problems={[{ line: 3, column: 9, message: "data.total is not part of the schema of this event." }]}
        />
      </Example>
      <Columns>
        <Example title="JSON with a syntax error">
          <CodeEditor label="Schema" language="json" value={schema} onChange={setSchema} />
        </Example>
        <Example title="JavaScript, read only">
          <CodeEditor label="Transformation" language="javascript" value={samples.SCRIPT} readOnly />
        </Example>
        <Example title="Markdown">
          <CodeEditor label="Notes" language="markdown" value={samples.MARKDOWN} maxLines={8} />
        </Example>
        <Example title="Empty">
          <CodeEditor label="Style" language="css" value="" minLines={8} />
        </Example>
      </Columns>
    </>
  );
}

function Runs() {
  const [selected, setSelected] = useState("2");
  return (
    <>
      <Example title="A failed run">
        <Waterfall label="Steps of the run" spans={samples.SPANS} selected={selected} onSelect={setSelected} />
      </Example>
      <Example title="A run that slept for three days and waits">
        <Waterfall label="Steps of the waiting run" spans={samples.SLEEPY} now={samples.SLEEPY_NOW} />
      </Example>
    </>
  );
}

const WORKFLOW: DiagramStep[] = [
  {
    ref: "batch",
    title: "Collect comments",
    kind: "Batch",
    icon: <Layers />,
    tone: "info",
    summary: "30 minutes, by project",
    badges: ["leading"],
  },
  {
    ref: "plan",
    title: "Which plan?",
    kind: "Branch",
    icon: <GitBranch />,
    tone: "bronze",
    branches: [
      {
        name: "Pro",
        note: "tenant.plan is pro",
        steps: [
          { ref: "push", title: "Push to the phone", kind: "Push", icon: <Bell />, tone: "good" },
          {
            ref: "mail",
            title: "Comment digest",
            kind: "Email",
            icon: <Mail />,
            tone: "good",
            problem: "The subject uses a variable that does not exist: data.titel",
          },
        ],
      },
      {
        name: "Free",
        note: "tenant.plan is free",
        steps: [{ ref: "wait", title: "One day", kind: "Delay", icon: <Clock />, tone: "info" }],
      },
      { name: "Otherwise", steps: [] },
    ],
  },
  {
    ref: "inbox",
    title: "New comments",
    kind: "In-app",
    icon: <MessageSquare />,
    tone: "good",
    summary: "Only if the mail was not read",
  },
  {
    ref: "hook",
    title: "Notify the CRM",
    kind: "HTTP",
    icon: <Webhook />,
    tone: "quiet",
    badges: ["condition", "3 retries"],
  },
];

function Workflow() {
  const [steps, setSteps] = useState(WORKFLOW);
  const [selected, setSelected] = useState("mail");
  return (
    <>
      <Example title="To edit">
        <StepDiagram
          label="Comment digest"
          steps={steps}
          selected={selected}
          onSelect={setSelected}
          onAdd={(place) => {
            const ref = `new-${Date.now()}`;
            setSteps(
              insertStep(steps, place, { ref, title: "New delay", kind: "Delay", icon: <Clock />, tone: "info" }),
            );
            setSelected(ref);
          }}
          onMove={(ref, place) => setSteps(moveStep(steps, ref, place))}
          onRemove={(ref) => setSteps(removeStep(steps, ref))}
        />
      </Example>
      <Example title="To read">
        <StepDiagram label="Steps to read" steps={WORKFLOW.slice(0, 1).concat(WORKFLOW.slice(2))} onSelect={() => {}} />
      </Example>
    </>
  );
}

function Graphs() {
  const [centre, setCentre] = useState("pr");
  const [opened, setOpened] = useState("");
  return (
    <>
      <Example title={opened ? `Opened: ${opened}` : "Around a pull request"}>
        <NeighbourGraph
          label="Neighbourhood of a pull request"
          nodes={samples.NODES}
          edges={samples.EDGES}
          centre={centre}
          onOpen={setOpened}
          onCentre={setCentre}
        />
      </Example>
      <Example title="40 nodes">
        <NeighbourGraph
          label="A large neighbourhood"
          nodes={samples.MANY_NODES}
          edges={samples.MANY_EDGES}
          centre="n0"
          onOpen={setOpened}
          onCentre={() => {}}
          height={620}
        />
      </Example>
    </>
  );
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Page />
    </StrictMode>,
  );
}

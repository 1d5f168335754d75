// A workflow's document as the editor changes it: one step's template, wherever it stands among branches.

import type { Step, Workflow } from "../../../lib/knock";

export type Template = Record<string, unknown>;

/** A text of a template: where it is, and what people call it. */
export type TextField = { path: string; label: string; lines: number };

/** The texts of a template, by the type of its channel. */
export const FIELDS: Record<string, TextField[]> = {
  email: [
    { path: "subject", label: "Subject", lines: 2 },
    { path: "html_body", label: "HTML", lines: 16 },
    { path: "text_body", label: "Plain text; made of the HTML where it is empty", lines: 6 },
    { path: "settings.layout_key", label: "Layout", lines: 1 },
  ],
  in_app_feed: [
    { path: "markdown_body", label: "Markdown", lines: 8 },
    { path: "action_url", label: "Where it leads", lines: 1 },
  ],
  chat: [
    { path: "markdown_body", label: "Markdown", lines: 6 },
    { path: "summary", label: "Summary, as a phone shows it", lines: 1 },
    { path: "json_body", label: "Blocks (JSON); they stand above the Markdown", lines: 16 },
  ],
  sms: [{ path: "text_body", label: "Text", lines: 6 }],
  push: [
    { path: "title", label: "Title", lines: 1 },
    { path: "text_body", label: "Text", lines: 4 },
  ],
  http: [
    { path: "url", label: "Address", lines: 1 },
    { path: "body", label: "Body", lines: 12 },
  ],
};

export function textAt(template: Template, path: string): string {
  const value = path.split(".").reduce<unknown>((inner, name) => (inner as Template | undefined)?.[name], template);
  return typeof value === "string" ? value : "";
}

export function withText(template: Template, path: string, text: string): Template {
  const [name = "", rest] = path.split(/\.(.*)/s);
  if (rest === undefined) return { ...template, [name]: text };
  return { ...template, [name]: withText((template[name] ?? {}) as Template, rest, text) };
}

/** A step by its name, in branches too. */
export function stepOf(steps: Step[], reference: string): Step | undefined {
  for (const step of steps) {
    if (step.ref === reference) return step;
    const ways = [...(step.branches ?? []), ...(step.cohort_branches ?? [])];
    const found = ways.map((way) => stepOf(way.steps ?? [], reference)).find((inner) => inner);
    if (found) return found;
  }
  return undefined;
}

function replaced(steps: Step[], reference: string, template: Template): Step[] {
  const within = <W extends { steps?: Step[] }>(way: W): W => ({ ...way, steps: replaced(way.steps ?? [], reference, template) });
  return steps.map((step) => ({
    ...step,
    ...(step.ref === reference && { template }),
    ...(step.branches && { branches: step.branches.map(within) }),
    ...(step.cohort_branches && { cohort_branches: step.cohort_branches.map(within) }),
  }));
}

/** What the server adds to a document when it shows it. */
const ADDED = ["key", "active", "valid", "sha", "environment", "created_at", "inserted_at", "updated_at"];

/** The document with another template, as it is written. */
export function changed(workflow: Workflow, reference: string, template: Template): Record<string, unknown> {
  const document = { ...workflow, steps: replaced(workflow.steps, reference, template) };
  return Object.fromEntries(Object.entries(document).filter(([name]) => !ADDED.includes(name)));
}

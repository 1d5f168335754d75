// The kinds of steps: what they are called, what they do, and what a new one begins with.

import {
  Bell,
  Boxes,
  Building2,
  Clock,
  Code,
  Dices,
  Gauge,
  Globe,
  Hourglass,
  type LucideIcon,
  Mail,
  MessageSquare,
  MessagesSquare,
  PenLine,
  Share2,
  Smartphone,
  Split,
  User,
  Webhook,
  Workflow,
} from "lucide-react";

import type { Tone } from "../../../components/ui/tones";
import type { Step } from "../../../lib/knock";

export type StepType = Step["type"];
export type ChannelType = NonNullable<Step["channel_type"]>;
export type KindGroup = "Messages" | "Time" | "Ways" | "Data";

export type StepKind = {
  key: string;
  title: string;
  about: string;
  group: KindGroup;
  icon: LucideIcon;
  tone: Tone;
  /** A first ref. */
  ref: string;
  make: () => Omit<Step, "ref">;
};

const channel = (type: ChannelType, template: Record<string, unknown>) => (): Omit<Step, "ref"> => ({
  type: "channel",
  channel_type: type,
  template,
});
const other = (type: StepType, settings: Record<string, unknown>) => (): Omit<Step, "ref"> => ({ type, settings });

const HTML = '<p>Hello {{ recipient.name | default: "there" }},</p>\n<p>…</p>\n';

export const KINDS: StepKind[] = [
  {
    key: "email",
    title: "E-mail",
    about: "Sends a mail.",
    group: "Messages",
    icon: Mail,
    tone: "bronze",
    ref: "mail",
    make: channel("email", { subject: "News", html_body: HTML }),
  },
  {
    key: "in_app_feed",
    title: "In-app feed",
    about: "Shows an item in the feed of your product.",
    group: "Messages",
    icon: Bell,
    tone: "bronze",
    ref: "feed",
    make: channel("in_app_feed", { markdown_body: "Hello {{ recipient.name }}" }),
  },
  {
    key: "chat",
    title: "Chat",
    about: "Writes to Slack, Discord or Teams.",
    group: "Messages",
    icon: MessagesSquare,
    tone: "bronze",
    ref: "chat",
    make: channel("chat", { markdown_body: "Hello" }),
  },
  {
    key: "sms",
    title: "Text message",
    about: "Sends an SMS.",
    group: "Messages",
    icon: MessageSquare,
    tone: "bronze",
    ref: "sms",
    make: channel("sms", { text_body: "Hello" }),
  },
  {
    key: "push",
    title: "Push",
    about: "Notifies the recipient's devices.",
    group: "Messages",
    icon: Smartphone,
    tone: "bronze",
    ref: "push",
    make: channel("push", { title: "News", text_body: "Hello" }),
  },
  {
    key: "http",
    title: "Webhook",
    about: "Sends a request to an address.",
    group: "Messages",
    icon: Webhook,
    tone: "bronze",
    ref: "webhook",
    make: channel("http", { method: "post", url: "https://example.com/hook", body: "{{ data | json }}" }),
  },

  {
    key: "batch",
    title: "Batch",
    about: "Gathers what comes within a time, for one message about all of it.",
    group: "Time",
    icon: Boxes,
    tone: "info",
    ref: "batch",
    make: other("batch", { batch_window: { unit: "minutes", value: 5 } }),
  },
  {
    key: "delay",
    title: "Delay",
    about: "Waits for a time, or until a time.",
    group: "Time",
    icon: Clock,
    tone: "info",
    ref: "delay",
    make: other("delay", { delay_for: { unit: "hours", value: 1 } }),
  },
  {
    key: "throttle",
    title: "Throttle",
    about: "Lets a number of runs pass within a time, and ends the others.",
    group: "Time",
    icon: Gauge,
    tone: "info",
    ref: "throttle",
    make: other("throttle", { throttle_limit: 1, throttle_window: { unit: "hours", value: 1 } }),
  },
  {
    key: "wait_for_event",
    title: "Wait for an event",
    about: "Waits until something happens, or a time is over.",
    group: "Time",
    icon: Hourglass,
    tone: "info",
    ref: "wait",
    make: other("wait_for_event", {
      event: { event_type: "recipient", event_key: "updated" },
      expires_after: { unit: "hours", value: 1 },
    }),
  },

  {
    key: "branch",
    title: "Branch",
    about: "Takes the first way whose conditions hold.",
    group: "Ways",
    icon: Split,
    tone: "warn",
    ref: "branch",
    make: () => ({
      type: "branch",
      branches: [
        {
          name: "First",
          conditions: { all: [{ variable: "recipient.plan", operator: "equal_to", argument: "pro" }] },
          terminates: false,
          steps: [],
        },
        { name: "Otherwise", terminates: false, steps: [] },
      ],
    }),
  },
  {
    key: "random_cohort",
    title: "Random choice",
    about: "Takes one of several ways, by percentages.",
    group: "Ways",
    icon: Dices,
    tone: "warn",
    ref: "cohort",
    make: () => ({
      type: "random_cohort",
      cohort_branches: [
        { name: "A", percentage: 50, terminates: false, steps: [] },
        { name: "B", percentage: 50, terminates: false, steps: [] },
      ],
    }),
  },
  {
    key: "trigger_workflow",
    title: "Trigger a workflow",
    about: "Starts another workflow for the recipient, or for others.",
    group: "Ways",
    icon: Workflow,
    tone: "warn",
    ref: "trigger",
    make: other("trigger_workflow", { workflow_key: "" }),
  },

  {
    key: "http_fetch",
    title: "Fetch",
    about: "Asks another system, and puts its answer into the data.",
    group: "Data",
    icon: Globe,
    tone: "good",
    ref: "fetch",
    make: other("http_fetch", { method: "get", url: "https://example.com/" }),
  },
  {
    key: "update_data",
    title: "Update the data",
    about: "Changes what the rest of the run knows.",
    group: "Data",
    icon: PenLine,
    tone: "good",
    ref: "data",
    make: other("update_data", { data: '{\n  "key": "value"\n}' }),
  },
  {
    key: "update_user",
    title: "Update a user",
    about: "Changes properties of the recipient, or of another user.",
    group: "Data",
    icon: User,
    tone: "good",
    ref: "user",
    make: other("update_user", { update_properties: '{\n  "key": "value"\n}' }),
  },
  {
    key: "update_tenant",
    title: "Update a tenant",
    about: "Changes properties of the run's tenant, or of another.",
    group: "Data",
    icon: Building2,
    tone: "good",
    ref: "tenant",
    make: other("update_tenant", { update_properties: '{\n  "key": "value"\n}' }),
  },
  {
    key: "update_object",
    title: "Update an object",
    about: "Changes properties of an object.",
    group: "Data",
    icon: Share2,
    tone: "good",
    ref: "object",
    make: other("update_object", {
      recipient_gid: "gid://Knock/Object/collection/id",
      update_properties: '{\n  "key": "value"\n}',
    }),
  },
];

export const GROUPS: KindGroup[] = ["Messages", "Time", "Ways", "Data"];

const UNKNOWN: Pick<StepKind, "title" | "icon" | "tone"> = { title: "Step", icon: Code, tone: "quiet" };

export function kindOf(step: Pick<Step, "type" | "channel_type">): Pick<StepKind, "title" | "icon" | "tone"> {
  const key = step.type === "channel" ? (step.channel_type ?? "") : step.type;
  return KINDS.find((kind) => kind.key === key) ?? UNKNOWN;
}

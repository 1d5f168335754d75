// The areas of the console, as the side bar and the palette list them, and the keys that lead there.

import {
  Activity,
  AppWindow,
  Bell,
  BookMarked,
  BookOpen,
  Bot,
  Boxes,
  BrainCircuit,
  BriefcaseBusiness,
  CalendarClock,
  CircleAlert,
  ContactRound,
  FileCode2,
  FileJson,
  FileText,
  House,
  Inbox,
  KeyRound,
  LogIn,
  type LucideIcon,
  MessageCircleQuestion,
  MessageSquareText,
  Plug,
  Radio,
  Route,
  Server,
  Settings2,
  SlidersHorizontal,
  Tags,
  Telescope,
  TextSearch,
  Users,
  Waypoints,
  Webhook,
  Workflow,
} from "lucide-react";

import { paths } from "../lib/paths";

export type Area = {
  to: string;
  title: string;
  icon: LucideIcon /** After "g". */;
  key?: string /** Other words for it, in the palette. */;
  words?: string;
};
export type AreaGroup = { title?: string; areas: Area[] };

export const AREAS: AreaGroup[] = [
  {
    areas: [
      { to: paths.home, title: "Home", icon: House, key: "h", words: "overview dashboard health" },
      { to: paths.observations, title: "Observations", icon: Telescope, key: "o", words: "events memory timeline" },
      { to: paths.clusters, title: "Clusters", icon: Waypoints, words: "incidents stories threads groups timeline" },
      { to: paths.search, title: "Search", icon: TextSearch, key: "f", words: "find query look for" },
      {
        to: paths.documents,
        title: "Documents",
        icon: FileText,
        key: "b",
        words: "manuals runbooks files upload wiki",
      },
      { to: paths.ask, title: "Ask", icon: MessageCircleQuestion, key: "q", words: "answer question chat" },
      {
        to: paths.people,
        title: "People",
        icon: ContactRound,
        key: "v",
        words: "actors accounts identities who authors",
      },
      {
        to: paths.entities,
        title: "Entities",
        icon: Tags,
        key: "z",
        words: "issues endpoints settings files commits named",
      },
      { to: paths.deliveries, title: "Deliveries", icon: Inbox, key: "d", words: "inbound received payloads" },
      {
        to: paths.integrations,
        title: "Integrations",
        icon: Plug,
        key: "i",
        words: "connectors connections accounts sources github vercel linear sentry connect automation",
      },
    ],
  },
  {
    title: "Notify",
    areas: [
      { to: paths.inbox, title: "Inbox", icon: Bell, key: "n", words: "feed notifications" },
      { to: paths.workflows, title: "Workflows", icon: Workflow, key: "w", words: "steps templates" },
      {
        to: paths.templates,
        title: "Templates",
        icon: FileCode2,
        key: "y",
        words: "layouts partials translations e-mail languages",
      },
      { to: paths.guides, title: "Guides", icon: BookMarked, words: "banners tours in-app" },
      { to: paths.messages, title: "Messages", icon: MessageSquareText, key: "m", words: "sent e-mail log" },
      { to: paths.notifyRuns, title: "Recipient runs", icon: Route, key: "r", words: "why was somebody not told" },
      {
        to: paths.recipients,
        title: "Recipients",
        icon: Users,
        key: "p",
        words: "users objects tenants audiences people",
      },
      {
        to: paths.channels,
        title: "Channels",
        icon: Radio,
        key: "c",
        words: "e-mail slack smtp sms push teams discord",
      },
      { to: paths.preferences, title: "Preferences", icon: SlidersHorizontal, words: "unsubscribe mute" },
    ],
  },
  {
    title: "Webhooks",
    areas: [
      {
        to: paths.applications,
        title: "Applications",
        icon: AppWindow,
        key: "e",
        words: "endpoints messages attempts svix portal",
      },
      { to: paths.eventTypes, title: "Event types", icon: FileJson, key: "t", words: "catalogue schema" },
      { to: paths.operational, title: "Operational", icon: Webhook, words: "operational webhooks endpoints" },
    ],
  },
  {
    title: "Engine",
    areas: [
      { to: paths.runs, title: "Runs", icon: Boxes, key: "u", words: "workflow runs steps replay" },
      { to: paths.jobs, title: "Jobs", icon: BriefcaseBusiness, key: "j", words: "queue background" },
      {
        to: paths.engineWorkflows,
        title: "Schedules",
        icon: CalendarClock,
        key: "x",
        words: "cron pause resume workflows",
      },
      { to: paths.deadLetters, title: "Dead letters", icon: CircleAlert, key: "l", words: "failed for good" },
    ],
  },
  {
    areas: [
      { to: paths.activity, title: "Activity", icon: Activity, key: "a", words: "audit log who did what" },
      { to: paths.docs, title: "Documentation", icon: BookOpen, key: "?", words: "help guide api sdk" },
    ],
  },
];

export const SETTINGS: Area[] = [
  { to: paths.workspaceSettings, title: "Workspace", icon: Settings2, key: "s", words: "name threshold" },
  { to: paths.members, title: "Members", icon: Users, words: "invite roles people" },
  { to: paths.keys, title: "Keys", icon: KeyRound, key: "k", words: "secret public signing api key" },
  { to: paths.models, title: "Models", icon: BrainCircuit, words: "embeddings vectors rerank llm tokens budget cap" },
  { to: paths.assistants, title: "Assistants", icon: Bot, words: "mcp claude chatgpt cursor memory key oauth connect" },
  { to: paths.signIn, title: "Sign-in", icon: LogIn, words: "password sessions" },
  { to: paths.system, title: "System", icon: Server, words: "version storage migrations retention licences" },
];

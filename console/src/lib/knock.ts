// The nouns of the Knock API, under the names that the pages use.

import type { Schemas } from "./api";

export type Step = Schemas["KnockWorkflowStep"];
export type Workflow = Schemas["KnockWorkflow"];
export type Run = Schemas["KnockRecipientRun"];
export type RunEvent = Schemas["KnockRecipientRunDetail"]["events"][number];
export type Channel = Schemas["KnockChannel"];

/** How far a run is; one that came to its end with a step that failed has failed. */
export const outcomeOf = (run: Run) => (run.error_count > 0 && run.status === "completed" ? "failed" : run.status);

export const settingsOf = (channel: Channel) => channel.environment_settings.production;

/** The name of a type of channel, for people. */
export const CHANNEL_NAMES: Record<string, string> = {
  in_app_feed: "In the app",
  email: "E-mail",
  chat: "Chat",
  sms: "Text message",
  push: "Push",
  http: "Webhook",
};

/** A recipient in one line. */
export function nameOf(recipient: Run["recipient"]): string {
  return typeof recipient === "string" ? recipient : `${recipient.collection}/${recipient.id}`;
}

/** So many pages of a list are read at most. */
const PAGES = 20;

type KeyPage<T> = { entries: T[]; page_info: { after?: string | null } };

/** All items of a list that is read page by page. */
export async function everyPage<T>(
  read: (query: { page_size: number; after?: string }) => Promise<KeyPage<T>>,
  most = PAGES,
) {
  const found: T[] = [];
  let after: string | undefined;
  for (let page = 0; page < most; page += 1) {
    const { entries, page_info } = await read({ page_size: 50, ...(after && { after }) });
    found.push(...entries);
    after = page_info.after ?? undefined;
    if (!after) break;
  }
  return found;
}

// The end of a way to a provider's page and back, from the address that the server leads to.

export type ConnectEnd =
  /** The server says so in the address; the page reads the connection itself. */
  | { kind: "connected"; connection: string }
  /** An owner of the account has to approve the app first. */
  | { kind: "requested"; connection: string }
  /** An app was registered, by its name at the provider. */
  | { kind: "registered"; app: string }
  | { kind: "failed"; title: string; text: string; quote?: string }
  /** Somebody opened the page without having been anywhere. */
  | { kind: "none" };

type FailureWords = { title: string; text: (tool: string) => string; isQuoted?: boolean };

const AGAIN = "Nothing was connected. Begin again when you like.";

const FAILURES: Record<string, FailureWords> = {
  denied: { title: "The access was not granted", text: (tool) => `It was declined at ${tool}. ${AGAIN}` },
  state_unknown: {
    title: "This way back is not known",
    text: () =>
      "The link was used before, or is not from here. It has connected nothing. If it was used before, the account is listed under Integrations.",
  },
  state_mismatch: {
    title: "Somebody else began this",
    text: () => `You are not the person who began it, or are in another organisation now. ${AGAIN}`,
  },
  state_expired: { title: "It took too long", text: () => `The way back is good for ten minutes. ${AGAIN}` },
  signed_out: {
    title: "You were not signed in here",
    text: () => `This browser had no session when it came back. ${AGAIN}`,
  },
  provider_failed: {
    title: "The provider did not connect it",
    text: (tool) => `${tool} refused, or did not answer. ${AGAIN}`,
    isQuoted: true,
  },
  not_theirs: {
    title: "The installation is not yours",
    text: (tool) => `Your account at ${tool} cannot reach this installation. Sign in there with one that can. ${AGAIN}`,
  },
  not_owner: {
    title: "An owner has to connect this account",
    text: (tool) =>
      `The app serves everybody on this server. So only an owner of the account at ${tool} connects it, or whoever it belongs to. Nothing was connected.`,
    isQuoted: true,
  },
  not_stored: { title: "The connection could not be stored", text: () => `The database was away. ${AGAIN}` },
  refused: { title: "It was refused", text: () => AGAIN, isQuoted: true },
};
const OTHERS: FailureWords = { title: "It was not connected", text: () => AGAIN, isQuoted: true };

/** So many characters of a sentence in the address are shown. */
const QUOTE = 300;

export function endOf({ result, connection, app, reason, message }: Record<string, string>, tool: string): ConnectEnd {
  if ((result === "connected" || result === "requested") && connection) return { kind: result, connection };
  if (result === "registered" && app) return { kind: "registered", app };
  if (!result && !reason) return { kind: "none" };
  const { title, text, isQuoted } = (Object.hasOwn(FAILURES, reason ?? "") && FAILURES[reason ?? ""]) || OTHERS;
  return { kind: "failed", title, text: text(tool), quote: isQuoted && message ? message.slice(0, QUOTE) : undefined };
}

// A provider's mark: two letters in a box, since logos are not ours to show.

import { cx } from "./cx";

const LETTERS: Record<string, string> = {
  github: "Gh",
  vercel: "Ve",
  linear: "Li",
  sentry: "Se",
  notion: "No",
  slack: "Sl",
  zendesk: "Ze",
  gitlab: "Gl",
  jira: "Ji",
  pagerduty: "Pd",
  posthog: "Ph",
  api: "Do",
};
const SIZES = { md: "size-9 rounded-lg", sm: "size-6 rounded-md text-2xs" };

export function Mark({ provider, size = "md" }: { provider: string; size?: keyof typeof SIZES }) {
  return (
    <span
      aria-hidden
      className={cx("bg-sunken border-line grid shrink-0 place-items-center border font-semibold", SIZES[size])}
    >
      {LETTERS[provider] ?? provider.slice(0, 2)}
    </span>
  );
}

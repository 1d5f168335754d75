// Small parts that cards and pages of connections share.

import { Badge } from "../../../components/ui/badge";
import type { BadgeWords } from "./words";

/** A badge with a dot, so that colour is not all that tells it. */
export function StateBadge({ of: { title, tone } }: { of: BadgeWords }) {
  return (
    <Badge tone={tone}>
      <span aria-hidden className="size-1.5 rounded-full bg-current" />
      {title}
    </Badge>
  );
}

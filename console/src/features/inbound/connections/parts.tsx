// Small parts that cards and pages of connections share.

import { TriangleAlert } from "lucide-react";

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

/** The drawback of a token, which is a person's. */
export function TokenWarning({ text }: { text: string }) {
  return (
    <p className="bg-warn-tint text-warn flex items-start gap-2 rounded-md px-3 py-2">
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      {text}
    </p>
  );
}

/** The reason why a form was refused, where no field is at fault. */
export function FormFault({ text }: { text: string }) {
  return (
    <p role="alert" className="bg-bad-tint text-bad rounded-md px-3 py-2 wrap-anywhere first-letter:uppercase">
      {text}
    </p>
  );
}

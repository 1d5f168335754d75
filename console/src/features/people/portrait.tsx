// A person in two letters: pictures would be loaded from other servers.

import { cx } from "../../components/ui/cx";
import { initials } from "./person";

export function Portrait({ name, large }: { name: string; large?: boolean }) {
  return (
    <span
      aria-hidden
      className={cx(
        "bg-bronze-tint text-bronze grid shrink-0 place-items-center rounded-full font-semibold",
        large ? "size-10" : "size-6 text-2xs",
      )}
    >
      {initials(name)}
    </span>
  );
}

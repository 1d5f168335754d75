// The permissions that a tool is asked for, each with its reason. A long list waits until somebody opens it.

import { Code } from "../../../components/ui/badge";
import type { Connector } from "./connections";

/** So many are listed at once. */
const FEW = 3;

export function Permissions({ of: { permissions } }: { of: Pick<Connector, "permissions"> }) {
  if (permissions.length === 0) return null;
  const list = (
    <ul aria-label="Permissions" className="text-quiet grid gap-1 text-xs">
      {permissions.map(({ scope, reason }) => (
        <li key={scope}>
          <Code>{scope}</Code> {reason}
        </li>
      ))}
    </ul>
  );
  if (permissions.length <= FEW) return list;
  return (
    <details className="text-xs">
      <summary className="text-quiet hover:text-ink w-fit cursor-pointer py-1">
        {permissions.length} permissions, and why
      </summary>
      <div className="mt-1.5">{list}</div>
    </details>
  );
}

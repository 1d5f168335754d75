// The permissions that a tool is asked for, each with its reason.

import { Code } from "../../../components/ui/badge";
import type { Connector } from "./connections";

export function Permissions({ of: { permissions } }: { of: Pick<Connector, "permissions"> }) {
  if (permissions.length === 0) return null;
  return (
    <ul aria-label="Permissions" className="text-quiet grid gap-1 text-xs">
      {permissions.map(({ scope, reason }) => (
        <li key={scope}>
          <Code>{scope}</Code> {reason}
        </li>
      ))}
    </ul>
  );
}

// The permissions that a connected account lacks: each by its name, with what cannot be read without it, and the way to grant it.

import { ExternalLink } from "lucide-react";

import { Code } from "../../../components/ui/badge";
import { providerName } from "../../../lib/providers";
import { kindsInWords } from "../upkeep/words";
import type { ListedConnection } from "./connections";

export function MissingPermissions({ it }: { it: ListedConnection }) {
  const missing = it.missing_permissions ?? [];
  if (missing.length === 0) return null;
  const tool = providerName(it.provider);
  return (
    <section
      role="status"
      aria-label="Missing permissions"
      className="border-line bg-warn-tint mb-4 grid gap-2 rounded-lg border px-4 py-3"
    >
      <p className="text-warn font-medium">
        {missing.length === 1 ? "A permission is missing" : `${missing.length} permissions are missing`}
      </p>
      <ul className="grid gap-1">
        {missing.map(({ permission, kinds, reason }) => (
          <li key={permission} className="wrap-anywhere">
            <Code>{permission}</Code>{" "}
            {kinds.length > 0 ? `Without it, ${kindsInWords(kinds)} cannot be read.` : (reason ?? "")}
          </li>
        ))}
      </ul>
      <p className="text-quiet">
        Everything else is read. Grant it at {tool}, then check the account here.{" "}
        {it.grant_url && (
          <a
            href={it.grant_url}
            target="_blank"
            rel="noreferrer"
            className="text-bronze inline-flex items-center gap-1 underline"
          >
            Open {tool}
            <ExternalLink aria-hidden className="size-3.5" />
          </a>
        )}
      </p>
    </section>
  );
}

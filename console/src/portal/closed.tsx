// The portal when it cannot be opened: why, and what to do.

import { Link2Off } from "lucide-react";
import type { ReactNode } from "react";

import { Button } from "../components/ui/button";

export function Closed({ title, children, onRetry }: { title: string; children: ReactNode; onRetry?: () => void }) {
  return (
    <main className="grid min-h-72 place-items-center p-6">
      <title>{title}</title>
      <div
        role="alert"
        className="border-line bg-raised grid max-w-sm justify-items-center gap-3 rounded-lg border px-6 py-8 text-center"
      >
        <span aria-hidden className="text-bronze bg-bronze-tint grid size-10 place-items-center rounded-full">
          <Link2Off className="size-5" />
        </span>
        <h1 className="text-lg font-semibold">{title}</h1>
        <p className="text-quiet text-pretty">{children}</p>
        {onRetry && <Button onClick={onRetry}>Try again</Button>}
      </div>
    </main>
  );
}

// One thing of a list, beside it; on a smaller screen over it. Which one stands in the address as `open`, so that a link shows the same.

import { Maximize2, X } from "lucide-react";
import { Dialog as RadixDialog } from "radix-ui";
import type { ReactNode } from "react";

import { useHotkeys } from "../../lib/hotkeys";
import { useUrl } from "../../lib/url";
import { useWide } from "../../lib/window";
import { IconButton } from "./button";
import { type Search, useGo } from "./go";

/** A list with the panel of the row that is open. */
export function WithPanel({ children, panel }: { children: ReactNode; panel: (id: string) => ReactNode }) {
  const opened = useUrl().get("open");
  return (
    <div className="flex min-h-0 flex-1">
      {children}
      {opened && panel(opened)}
    </div>
  );
}

type DetailPanelProps = {
  title: string;
  badges?: ReactNode;
  actions?: ReactNode;
  /** The page of its own, where there is one: a path within the workspace. */
  page?: string;
  /** The search of that page's address. */
  pageSearch?: Search;
  children: ReactNode;
};

export function DetailPanel({ title, badges, actions, page, pageSearch, children }: DetailPanelProps) {
  const url = useUrl();
  const go = useGo();
  const wide = useWide();
  const opened = url.get("open");
  const close = () => {
    url.set({ open: undefined });
    // The focus goes back to the row that was open.
    requestAnimationFrame(() =>
      document.querySelector<HTMLElement>(`[data-row="${CSS.escape(opened ?? "")}"]`)?.focus(),
    );
  };
  useHotkeys(
    wide
      ? [
          { keys: "Escape", title: "Close the panel", run: close },
          ...(page ? [{ keys: "o", title: "Open as a page", run: () => void go(page, { search: pageSearch }) }] : []),
        ]
      : [],
  );
  const head = (name: ReactNode) => (
    <header className="border-line flex items-start gap-2 border-b py-2 pr-2 pl-4">
      <div className="min-w-0 flex-1 py-1">
        {name}
        {badges && <div className="mt-1 flex flex-wrap items-center gap-1.5">{badges}</div>}
      </div>
      {actions}
      {page && (
        <IconButton
          label="Open as a page"
          keys={wide ? "o" : undefined}
          onClick={() => void go(page, { search: pageSearch })}
        >
          <Maximize2 className="size-4" />
        </IconButton>
      )}
      <IconButton label="Close" keys="Esc" onClick={close}>
        <X className="size-4" />
      </IconButton>
    </header>
  );
  if (wide) {
    return (
      <aside
        aria-label={title}
        data-beside
        className="border-line bg-raised appears flex w-[min(44%,40rem)] min-w-96 shrink-0 flex-col border-t border-l"
      >
        {head(<h2 className="font-semibold break-words">{title}</h2>)}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys */}
        <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={0} role="region" aria-label={`${title}, details`}>
          {children}
        </div>
      </aside>
    );
  }
  return (
    <RadixDialog.Root open onOpenChange={(opens) => !opens && close()}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className="appears fixed inset-0 z-30 bg-black/40" />
        <RadixDialog.Content
          aria-describedby={undefined}
          className="bg-raised text-ink appears fixed inset-x-0 top-0 bottom-0 z-30 flex flex-col sm:left-auto sm:w-[32rem]"
        >
          {head(<RadixDialog.Title className="font-semibold break-words">{title}</RadixDialog.Title>)}
          <div className="min-h-0 flex-1 overflow-y-auto">{children}</div>
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}

// The result of an action, in a line at the edge of the window, with a way back where there is one.

import { type ComponentType, useEffect, useState } from "react";
import type { ExternalToast, ToasterProps } from "sonner";

import { patiently } from "../../lib/lazily";

let loading: Promise<typeof import("sonner")> | undefined;

/** Loads what shows the lines. Done ahead of time: what is to be told is often that the server is away. */
export function loadToasts() {
  loading ??= patiently(() => import("sonner")).catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** Brings the lines to the page, the first time that there is something to tell. */
let bring: (() => Promise<void>) | undefined;

export function Toasts() {
  const [Shown, setShown] = useState<ComponentType<ToasterProps>>();
  useEffect(() => {
    bring = async () => {
      const { Toaster } = await loadToasts();
      setShown(() => Toaster);
      // It hears of what is told once it stands there.
      await new Promise((done) => setTimeout(done, 50));
      bring = undefined;
    };
    return () => {
      bring = undefined;
    };
  }, []);
  if (!Shown) return null;
  return (
    <Shown
      position="bottom-right"
      style={{ fontFamily: "inherit" }}
      toastOptions={{
        unstyled: true,
        classNames: {
          toast:
            "border-line bg-raised text-ink shadow-over flex w-full items-center gap-3 rounded-lg border px-4 py-3 text-sm",
          content: "min-w-0 flex-1",
          description: "text-quiet text-xs",
          actionButton: "text-bronze cursor-pointer font-medium hover:underline",
          icon: "hidden",
        },
      }}
    />
  );
}

async function show(kind: "message" | "error", text: string, options?: ExternalToast) {
  await bring?.();
  const { toast } = await loadToasts();
  toast[kind](text, options);
}

/** Tells that something was done; `undo` takes it back. */
export function done(text: string, undo?: () => void) {
  show("message", text, undo && { action: { label: "Undo", onClick: undo }, duration: 8_000 }).catch(console.error);
}

/** Tells that something was not done, and why. */
export function notDone(what: string, error: unknown) {
  show("error", what, { description: (error as Error).message, duration: 10_000 }).catch(console.error);
}

// A button that copies a text, shows that it did, and says "Copied" to screen readers.

import { Check, Copy } from "lucide-react";
import { useEffect, useRef, useState } from "react";

import { copyText } from "./copy-text";
import { cx } from "./cx";

export interface CopyButtonProps {
  /** The text that is copied; a function is asked at the time of the click. */
  text: string | (() => string);
  /** The name of the action: "Copy path". */
  label: string;
  /** Shows only the icon; the label stays for screen readers and as the tooltip. */
  iconOnly?: boolean;
  disabled?: boolean;
  className?: string;
}

export function CopyButton({ text, label, iconOnly = false, disabled = false, className }: CopyButtonProps) {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  async function copy() {
    const done = await copyText(typeof text === "function" ? text() : text);
    setState(done ? "copied" : "failed");
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setState("idle"), 2000);
  }

  const Icon = state === "copied" ? Check : Copy;
  return (
    <>
      <button
        type="button"
        onClick={copy}
        disabled={disabled}
        title={iconOnly ? label : undefined}
        aria-label={iconOnly ? label : undefined}
        className={cx(
          "text-quiet hover:bg-sunken hover:text-ink inline-flex h-7 shrink-0 cursor-pointer items-center gap-1.5 rounded-md text-xs",
          "disabled:cursor-default disabled:opacity-50",
          iconOnly ? "w-7 justify-center" : "px-2",
          className,
        )}
      >
        <Icon aria-hidden className={cx("size-3.5 shrink-0", state === "copied" && "text-good")} />
        {!iconOnly && label}
      </button>
      <span aria-live="polite" className="sr-only">
        {state === "copied" && "Copied"}
        {state === "failed" && "Copying failed"}
      </span>
    </>
  );
}

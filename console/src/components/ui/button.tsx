// Buttons: words that do something, and icons with a name.

import type { ButtonHTMLAttributes, ReactNode } from "react";

import { cx } from "./cx";
import { Tip } from "./tip";

type Kind = "primary" | "secondary" | "ghost" | "danger" | "link";

const KINDS: Record<Kind, string> = {
  primary: "bg-bronze text-on-bronze border-transparent hover:brightness-95",
  secondary: "bg-raised text-ink border-line hover:bg-sunken",
  ghost: "text-quiet border-transparent hover:bg-sunken hover:text-ink",
  danger: "bg-raised text-bad border-line hover:bg-bad-tint hover:border-bad",
  link: "text-bronze border-transparent px-0! h-auto! hover:underline",
};
const SIZES = { sm: "h-7 px-2.5 text-xs gap-1.5", md: "h-8 px-3 gap-2" };

export type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  kind?: Kind;
  size?: keyof typeof SIZES;
  /** Waits for an answer: cannot be pressed again, and keeps its width. */
  busy?: boolean;
};

/** How a button looks, for links that look like one. */
export const buttonLook = (kind: Kind = "secondary", size: keyof typeof SIZES = "md") =>
  cx(
    "inline-flex items-center justify-center rounded-md border font-medium whitespace-nowrap cursor-pointer select-none",
    "disabled:opacity-50 disabled:cursor-not-allowed aria-disabled:opacity-50",
    SIZES[size],
    KINDS[kind],
  );

export function Button({
  kind = "secondary",
  size = "md",
  busy = false,
  className,
  type = "button",
  disabled,
  ...rest
}: ButtonProps) {
  return (
    <button
      type={type}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={cx(buttonLook(kind, size), className)}
      {...rest}
    />
  );
}

type IconButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, "children"> & {
  /** The name of the action: read out, and shown when it is pointed at. */
  label: string;
  /** The keys that do the same. */
  keys?: string;
  children: ReactNode;
};

export function IconButton({ label, keys, className, type = "button", children, ...rest }: IconButtonProps) {
  return (
    <Tip text={label} keys={keys}>
      <button
        type={type}
        aria-label={label}
        className={cx(
          "text-quiet hover:bg-sunken hover:text-ink inline-flex size-8 shrink-0 cursor-pointer items-center justify-center rounded-md disabled:cursor-not-allowed disabled:opacity-50",
          className,
        )}
        {...rest}
      >
        {children}
      </button>
    </Tip>
  );
}

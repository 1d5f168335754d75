// The small parts that pages are made of.

import type { ButtonHTMLAttributes, InputHTMLAttributes, ReactNode } from "react";
import { useId } from "react";

import { ago, exactly } from "../lib/format";

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { kind?: "primary" | "plain" | "icon" };

const BUTTONS = {
  primary: "bg-bronze text-on-bronze h-9 px-4 font-medium hover:opacity-90 disabled:opacity-60",
  plain: "text-bronze hover:underline",
  icon: "text-quiet hover:bg-ground hover:text-ink size-9 justify-center",
};

export function Button({ kind = "primary", className = "", type = "button", ...rest }: ButtonProps) {
  const look = `inline-flex items-center rounded-md cursor-pointer ${BUTTONS[kind]} ${className}`;
  return <button type={type} className={look} {...rest} />;
}

export function Field({ label, ...rest }: InputHTMLAttributes<HTMLInputElement> & { label: string }) {
  const id = useId();
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="font-medium">{label}</label>
      <input id={id} className="border-line bg-raised h-10 rounded-md border px-3" {...rest} />
    </div>
  );
}

export function Panel({ title, children, note }: { title: string; children: ReactNode; note?: ReactNode }) {
  return (
    <section aria-label={title} className="border-line bg-raised min-w-0 rounded-lg border">
      <h2 className="border-line flex items-baseline gap-2 border-b px-4 py-2.5 font-semibold">
        {title}
        {note && <span className="text-quiet text-xs font-normal">{note}</span>}
      </h2>
      {children}
    </section>
  );
}

/** A moment: how long ago, and exactly when on hover. */
export function Time({ at }: { at: string }) {
  return <time dateTime={at} title={exactly(at)} className="text-quiet text-xs whitespace-nowrap">{ago(at)}</time>;
}

/** How much something matters; from 70 on it was told to people. */
export function Score({ value }: { value: number }) {
  const look = value >= 70 ? "bg-bronze text-on-bronze" : "border border-line text-quiet";
  return (
    <span title={`Significance ${value} of 100`} className={`inline-grid h-6 w-9 shrink-0 place-items-center rounded text-xs font-semibold tabular-nums ${look}`}>
      {value}
    </span>
  );
}

const GOOD = new Set(["processed", "delivered", "sent", "success", "completed", "connected", "on"]);
const BAD = new Set(["failed", "undelivered", "bounced", "fail"]);

export function Status({ word }: { word: string }) {
  const look = GOOD.has(word) ? "text-good" : BAD.has(word) ? "text-bad" : "text-quiet";
  return <span className={`text-xs font-medium whitespace-nowrap ${look}`}>{word.replaceAll("_", " ")}</span>;
}

export function Chip({ children }: { children: ReactNode }) {
  return <span className="border-line text-quiet rounded border px-1.5 py-0.5 text-xs">{children}</span>;
}

export function Empty({ children }: { children: ReactNode }) {
  return <p className="text-quiet px-4 py-6">{children}</p>;
}

export function Skeleton() {
  return (
    <div aria-hidden className="grid gap-2 p-4">
      {[80, 60, 70].map((width) => (
        <div key={width} className="bg-line h-4 animate-pulse rounded" style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}

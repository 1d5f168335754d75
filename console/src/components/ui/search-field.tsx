// The field that searches a list while somebody types. The text stands in the address, so that back and links show the same.

import { Search } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";

import { useHotkeys } from "../../lib/hotkeys";
import { useUrl } from "../../lib/url";
import { cx } from "./cx";
import { inputLook } from "./field";

export type SearchFieldProps = {
  /** The text's name in the address. */
  name: string;
  label: string;
  placeholder?: string;
  /** On a line of its own, in larger letters. */
  isLarge?: boolean;
  /** After this time without a letter, in milliseconds, the text is searched for. */
  pause?: number;
  /** Has the focus when the page opens without a text. */
  focusFirst?: boolean;
  /** Enter and the arrow down lead to what was found; `isNew` if that is still being searched. */
  onLeave?: (isNew: boolean) => void;
};

const PAUSE = 250;

export function SearchField({
  name,
  label,
  placeholder = label,
  isLarge,
  pause = PAUSE,
  focusFirst,
  onLeave,
}: SearchFieldProps) {
  const url = useUrl();
  const asked = url.get(name) ?? "";
  const [text, setText] = useState(asked);
  const input = useRef<HTMLInputElement>(null);
  const sent = useRef(asked);
  const later = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    // Letters typed meanwhile are not taken back by the answer of a moment ago.
    if (asked !== sent.current) setText(asked);
    sent.current = asked;
  }, [asked]);
  useEffect(() => () => clearTimeout(later.current), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the page opens
  useEffect(() => {
    if (focusFirst && asked === "") input.current?.focus({ preventScroll: true });
  }, []);
  const focus = () => {
    input.current?.focus();
    input.current?.select();
  };
  useHotkeys([{ keys: "/", title: label, run: focus }]);
  const search = (wanted: string, replace: boolean) => {
    clearTimeout(later.current);
    sent.current = wanted.trim();
    if (sent.current !== asked) url.set({ [name]: sent.current, open: undefined }, { replace });
  };
  const type = (wanted: string) => {
    setText(wanted);
    clearTimeout(later.current);
    // The first letter is a step to go back to, the others are not.
    later.current = setTimeout(() => search(wanted, asked !== ""), pause);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" && onLeave) {
      event.preventDefault();
      onLeave(false);
    }
    if (event.key !== "Escape") return;
    // Back to the list: its keys would be letters here.
    event.preventDefault();
    input.current?.blur();
  };
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        const isNew = text.trim() !== asked;
        search(text, false);
        onLeave?.(isNew);
      }}
      className={cx("relative w-full", !isLarge && "sm:w-64")}
    >
      <Search
        aria-hidden
        className={cx(
          "text-quiet pointer-events-none absolute",
          isLarge ? "top-3 left-3.5 size-5" : "top-2 left-2.5 size-4",
        )}
      />
      <input
        ref={input}
        type="search"
        aria-label={label}
        placeholder={placeholder}
        value={text}
        onChange={(event) => type(event.target.value)}
        onKeyDown={onKey}
        className={cx(inputLook, isLarge ? "h-11! pl-11! text-base" : "pl-8")}
      />
    </form>
  );
}

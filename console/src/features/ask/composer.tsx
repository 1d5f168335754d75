// The field for a question. Enter asks; with Shift it begins a line.

import { SendHorizontal } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";

import { Button } from "../../components/ui/button";
import { useWide } from "../../lib/window";

/** The longest question, as the server takes it. */
const LONGEST = 1_000;

type ComposerProps = {
  first: string;
  isFollowUp: boolean;
  busy: boolean;
  onAsk: (question: string) => void;
};

export function Composer({ first, isFollowUp, busy, onAsk }: ComposerProps) {
  const [text, setText] = useState(first);
  const field = useRef<HTMLTextAreaElement>(null);
  const wide = useWide();
  useEffect(() => {
    // The page is for this; on a phone the keyboard would cover it.
    if (wide) field.current?.focus();
  }, [wide]);
  const length = [...text.trim()].length;
  const canAsk = length > 0 && length <= LONGEST && !busy;
  const ask = (event?: FormEvent) => {
    event?.preventDefault();
    if (!canAsk) return;
    onAsk(text.trim());
    setText("");
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    ask();
  };
  return (
    <form onSubmit={ask} className="border-line bg-ground border-t px-4 py-3 sm:px-6">
      <div className="mx-auto max-w-3xl">
        <div className="flex items-end gap-2">
          <textarea
            dir="auto"
            aria-label="Question"
            aria-invalid={length > LONGEST || undefined}
            placeholder={isFollowUp ? "Ask on: who fixed it?" : "What is the status of ENG-42?"}
            rows={Math.min(6, Math.max(1, text.split("\n").length))}
            ref={field}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={onKey}
            className="border-line bg-raised aria-invalid:border-bad min-h-10 w-full resize-none rounded-md border px-3 py-2 text-base"
          />
          <Button kind="primary" type="submit" busy={busy} disabled={!canAsk} className="h-10!">
            <SendHorizontal aria-hidden className="size-4" />
            Ask
          </Button>
        </div>
        {length > LONGEST && (
          <p role="alert" className="text-bad pt-1 text-xs">
            {length.toLocaleString("en")} characters; at most {LONGEST.toLocaleString("en")} are taken.
          </p>
        )}
      </div>
    </form>
  );
}

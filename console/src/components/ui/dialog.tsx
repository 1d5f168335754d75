// Windows over the page: for a form, or for a question before something cannot be undone. They take the focus and give it back.

import { X } from "lucide-react";
import { AlertDialog, Dialog as RadixDialog } from "radix-ui";
import { type ReactNode, useRef, useState } from "react";

import { Button, IconButton } from "./button";
import { cx } from "./cx";
import { Failure } from "./page";

const COVER = "fixed inset-0 z-40 bg-black/40 appears";
const WINDOW =
  "border-line bg-raised text-ink shadow-over appears fixed top-1/2 left-1/2 z-40 flex max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2 flex-col rounded-lg border";

type DialogProps = {
  title: string;
  lead?: ReactNode;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
};

export function Dialog({ title, lead, open, onClose, children, wide }: DialogProps) {
  const giveBack = useFocusGivenBack();
  return (
    <RadixDialog.Root open={open} onOpenChange={(opens) => !opens && onClose()}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className={COVER} />
        <RadixDialog.Content
          className={cx(WINDOW, wide ? "max-w-3xl" : "max-w-lg", "outline-none!")}
          onOpenAutoFocus={(event) => {
            giveBack.remember();
            focusFirstField(event);
          }}
          onCloseAutoFocus={giveBack.give}
          onEscapeKeyDown={leaveEditor}
          {...(lead ? {} : { "aria-describedby": undefined })}
        >
          <header className="border-line flex items-start gap-2 border-b py-2.5 pr-2 pl-4">
            <div className="min-w-0 flex-1 py-1">
              <RadixDialog.Title className="font-semibold">{title}</RadixDialog.Title>
              {lead && <RadixDialog.Description className="text-quiet mt-0.5">{lead}</RadixDialog.Description>}
            </div>
            <RadixDialog.Close asChild>
              <IconButton label="Close" keys="Esc">
                <X className="size-4" />
              </IconButton>
            </RadixDialog.Close>
          </header>
          <div className="min-h-0 overflow-y-auto p-4">{children}</div>
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}

/** A window that was opened by a key has no button to give the focus back to: whoever had it gets it. */
export function useFocusGivenBack() {
  const before = useRef<Element | null>(null);
  return {
    remember: () => {
      before.current = document.activeElement;
    },
    give: (event: Event) => {
      if (!(before.current instanceof HTMLElement) || !before.current.isConnected) return;
      event.preventDefault();
      before.current.focus();
    },
  };
}

/** The first field has the focus, or else the window itself: never the button that closes it. */
function focusFirstField(event: Event) {
  event.preventDefault();
  const content = event.currentTarget as HTMLElement;
  const field = content.querySelector<HTMLElement>("[autofocus], input:not([type=hidden]), textarea, select");
  (field ?? content).focus();
}

const REACHABLE = "a[href], button:not(:disabled), input, select, textarea, [tabindex='0']";

/** Escape in a code editor leaves the editor for what comes after it, and not the window with what was typed. */
function leaveEditor(event: KeyboardEvent) {
  const editor = (event.target as Element | null)?.closest(".cm-editor");
  if (!editor) return;
  event.preventDefault();
  const all = [...(editor.closest("[role=dialog]")?.querySelectorAll<HTMLElement>(REACHABLE) ?? [])];
  const isAfter = (it: Node) =>
    !editor.contains(it) && editor.compareDocumentPosition(it) & Node.DOCUMENT_POSITION_FOLLOWING;
  all.find(isAfter)?.focus();
}

/** The last row of a form in a window: what sends it, and what leaves it. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="mt-5 flex flex-wrap justify-end gap-2">{children}</div>;
}

type ConfirmProps = {
  /** The button that asks. */
  trigger: ReactNode;
  title: string;
  /** The loss, and the people whom it concerns. */
  children: ReactNode;
  /** The label of the button that does it. */
  action: string;
  /** Does it; the window stays open with the error if it fails. */
  onConfirm: () => Promise<unknown>;
};

export function Confirm({ trigger, title, children, action, onConfirm }: ConfirmProps) {
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const confirm = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await onConfirm();
      setOpen(false);
    } catch (error) {
      setError(error as Error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <AlertDialog.Root open={open} onOpenChange={setOpen}>
      <AlertDialog.Trigger asChild>{trigger}</AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className={COVER} />
        <AlertDialog.Content className={cx(WINDOW, "max-w-md p-4")}>
          <AlertDialog.Title className="font-semibold">{title}</AlertDialog.Title>
          <AlertDialog.Description asChild>
            <div className="text-quiet mt-2 grid gap-2">{children}</div>
          </AlertDialog.Description>
          {error && (
            <div className="-mx-4">
              <Failure error={error} />
            </div>
          )}
          <DialogActions>
            <AlertDialog.Cancel asChild>
              <Button>Cancel</Button>
            </AlertDialog.Cancel>
            <Button kind="danger" busy={busy} onClick={() => void confirm()}>
              {action}
            </Button>
          </DialogActions>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

// A question before a page is left whose changes are not saved.

import { useBlocker } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";

import { Button } from "../../../components/ui/button";
import { Dialog, DialogActions } from "../../../components/ui/dialog";

export function LeaveGuard({ isChanged }: { isChanged: boolean }) {
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ current, next }) => isChanged && current.pathname !== next.pathname,
    enableBeforeUnload: () => isChanged,
    withResolver: true,
  });
  return (
    <Dialog
      title="Leave without saving?"
      lead="Your changes on this page are not saved."
      open={status === "blocked"}
      onClose={() => reset?.()}
    >
      <DialogActions>
        <Button onClick={() => reset?.()}>Stay</Button>
        <Button kind="danger" onClick={() => proceed?.()}>
          <Trash2 aria-hidden className="size-4" />
          Leave
        </Button>
      </DialogActions>
    </Dialog>
  );
}

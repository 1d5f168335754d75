// Asks before a page with unsaved text is left.

import { useBlocker } from "@tanstack/react-router";
import { useRef } from "react";

import { Button } from "../../components/ui/button";
import { Dialog, DialogActions } from "../../components/ui/dialog";

export function Unsaved({ when }: { when: boolean }) {
  const latest = useRef(when);
  latest.current = when;
  const blocked = useBlocker({
    shouldBlockFn: () => latest.current,
    enableBeforeUnload: () => latest.current,
    withResolver: true,
  });
  if (blocked.status !== "blocked") return null;
  return (
    <Dialog title="Leave without saving?" lead="What was changed here is not saved yet." open onClose={blocked.reset}>
      <DialogActions>
        <Button onClick={blocked.reset}>Stay</Button>
        <Button kind="danger" onClick={blocked.proceed}>
          Leave
        </Button>
      </DialogActions>
    </Dialog>
  );
}

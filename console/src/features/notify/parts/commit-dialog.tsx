// Asks for the message of a commit.

import { type FormEvent, useState } from "react";

import { Button } from "../../../components/ui/button";
import { Dialog, DialogActions } from "../../../components/ui/dialog";
import { Field } from "../../../components/ui/field";
import { FormFailure } from "./form-failure";

type CommitDialogProps = {
  title: string;
  lead: string;
  problems: number;
  onCommit: (message: string) => Promise<unknown>;
  onClose: () => void;
};

export function CommitDialog({ title, lead, problems, onCommit, onClose }: CommitDialogProps) {
  const [message, setMessage] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await onCommit(message.trim());
      onClose();
    } catch (error) {
      setError(error as Error);
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} lead={lead} open onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <Field
          label="Message"
          placeholder="What has changed, and why"
          value={message}
          onChange={(event) => setMessage(event.target.value)}
          autoFocus
        />
        {problems > 0 && (
          <p className="text-bad mt-3">
            The draft has {problems} {problems === 1 ? "problem" : "problems"}: the server may refuse it.
          </p>
        )}
        <FormFailure error={error} />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={busy}>
            Commit
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

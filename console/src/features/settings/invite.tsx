// Invites somebody: a mail with a link goes to them, unless a password is chosen for them.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { NewPassword } from "../../components/new-password";
import { Button } from "../../components/ui/button";
import { Dialog, DialogActions } from "../../components/ui/dialog";
import { CheckField, Field, SelectField } from "../../components/ui/field";
import { Failure } from "../../components/ui/page";
import { done } from "../../components/ui/toast";
import { api, data } from "../../lib/api";
import { ROLES } from "../../lib/role";

export function Invite({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState("staff");
  const [hasPassword, setHasPassword] = useState(false);
  const [password, setPassword] = useState("");
  const invite = useMutation({
    mutationFn: () =>
      data(
        api.POST("/api/members", { body: { email: email.trim(), role, password: hasPassword ? password : undefined } }),
      ),
    onSuccess: ({ email, status }) => {
      void queries.invalidateQueries({ queryKey: ["member"] });
      done(
        status === "invited"
          ? `${email} is invited, and accepts after signing in`
          : hasPassword
            ? `${email} can sign in with the password`
            : `${email} gets a mail with a link`,
      );
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate();
  };
  return (
    <Dialog title="Invite a member" lead="They see all workspaces of the organisation." open onClose={onClose}>
      <form onSubmit={submit} className="grid gap-4">
        <Field
          label="Mail address"
          type="email"
          autoComplete="off"
          required
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <SelectField
          label="Role"
          options={ROLES.map(({ value, title, about }) => ({
            value,
            title: `${title}: ${about.charAt(0).toLowerCase()}${about.slice(1)}`,
          }))}
          value={role}
          onChange={(event) => setRole(event.target.value)}
        />
        <CheckField
          label="Choose a password for them"
          hint="Needed where the server has no mail server to send a link with."
          checked={hasPassword}
          onChange={setHasPassword}
        />
        {hasPassword && (
          <NewPassword value={password} onChange={setPassword} hint="They can replace it after signing in." />
        )}
        {invite.error && (
          <div className="-mx-4">
            <Failure error={invite.error} />
          </div>
        )}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={invite.isPending}>
            {hasPassword ? "Add the member" : "Send the invitation"}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

// A password for whoever came by a link. In the hour after it, no old one is asked for.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { NewPassword } from "../../components/new-password";
import { Button } from "../../components/ui/button";
import { Failure } from "../../components/ui/page";
import { done } from "../../components/ui/toast";
import { api, data, useSession } from "../../lib/api";

export function ChoosePassword({ onDone }: { onDone: () => void }) {
  const queries = useQueryClient();
  const email = useSession().data?.member.email;
  const [password, setPassword] = useState("");
  const save = useMutation({
    mutationFn: () => data(api.PUT("/api/session/password", { body: { new: password } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["session"] });
      done("The password is chosen");
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit} className="grid max-w-sm gap-3">
      <p>The link that you came by is used up. With a password you get in again as {email}.</p>
      <input type="hidden" name="username" autoComplete="username" value={email ?? ""} readOnly />
      <NewPassword value={password} onChange={setPassword} />
      {save.error && (
        <div className="-mx-4">
          <Failure error={save.error} />
        </div>
      )}
      <Button type="submit" kind="primary" busy={save.isPending} className="justify-self-start">
        Choose the password
      </Button>
    </form>
  );
}

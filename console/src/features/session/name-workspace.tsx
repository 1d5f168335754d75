// The name of the workspace that the first start made.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { Button } from "../../components/ui/button";
import { Field } from "../../components/ui/field";
import { done } from "../../components/ui/toast";
import { api, data, type Schemas } from "../../lib/api";

export function NameWorkspace({ workspace, onDone }: { workspace: Schemas["Workspace"]; onDone: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState(workspace.name);
  const save = useMutation({
    mutationFn: () =>
      data(api.PATCH("/api/workspaces/{id}", { params: { path: { id: workspace.id } }, body: { name: name.trim() } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["session"] });
      done("The workspace has its name");
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit} className="grid max-w-sm gap-3">
      <p>A workspace has its own sources and observations. Teams often call it after what they build.</p>
      <Field
        label="Name of the workspace"
        required
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.target.value)}
        problem={save.error?.message}
      />
      <Button type="submit" busy={save.isPending} className="justify-self-start">
        Keep the name
      </Button>
    </form>
  );
}

// The properties of a recipient, edited as JSON.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { Button } from "../../../components/ui/button";
import { Panel } from "../../../components/ui/page";
import { done } from "../../../components/ui/toast";
import { api, data, type Schemas } from "../../../lib/api";
import { asObject, isObject, isSame } from "../../../lib/json";
import { JsonField } from "../parts/code-field";
import { FormFailure } from "../parts/form-failure";
import { propertiesOf, type Reference, TENANTS, wordOf } from "../parts/recipient";
import { changesOf } from "./properties";

export function writeProperties(reference: Reference, properties: Record<string, unknown>) {
  if (typeof reference === "string")
    return data(api.PUT("/v1/users/{user}", { params: { path: { user: reference } }, body: properties }));
  if (reference.collection === TENANTS)
    return data(api.PUT("/v1/tenants/{id}", { params: { path: { id: reference.id } }, body: properties }));
  return data(api.PUT("/v1/objects/{collection}/{id}", { params: { path: reference }, body: properties }));
}

export function PropertiesPanel({
  reference,
  recipient,
}: {
  reference: Reference;
  recipient: Schemas["KnockRecipient"];
}) {
  const queries = useQueryClient();
  const stored = {
    ...propertiesOf(recipient),
    ...(recipient.__typename === "Tenant" && { settings: asObject(recipient.settings) }),
  };
  const [value, setValue] = useState<unknown>(stored);
  const isChanged = !isSame(value, stored);
  const save = useMutation({
    mutationFn: () => writeProperties(reference, changesOf(stored, asObject(value))),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["recipient", wordOf(reference)] });
      void queries.invalidateQueries({ queryKey: ["recipient-page"] });
      void queries.invalidateQueries({ queryKey: ["list", "recipients"] });
      done("The properties are saved.");
    },
  });
  return (
    <Panel
      title="Properties"
      actions={
        <Button
          size="sm"
          kind="primary"
          disabled={!isChanged || !isObject(value)}
          busy={save.isPending}
          onClick={() => save.mutate()}
        >
          Save
        </Button>
      }
    >
      <div className="grid gap-3 p-4">
        <JsonField
          label="Properties as JSON"
          value={value}
          onChange={setValue}
          minLines={8}
          maxLines={30}
          hint={`Templates read them as ${recipient.__typename === "Tenant" ? "tenant" : "recipient"}.name and so on. A property that you take out is set to null.`}
        />
        <FormFailure error={save.error} />
      </div>
    </Panel>
  );
}

// The set-up at each provider, step by step, with the address and the secret to copy.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";

import { Button } from "../../components/ui/button";
import { CopyButton } from "../../components/ui/copy-button";
import { Field } from "../../components/ui/field";
import { done } from "../../components/ui/toast";
import { api, data } from "../../lib/api";
import { providerName } from "../../lib/providers";
import type { DeliverySource, Source } from "../../lib/sources";
import { isReachable, setUpOf } from "./set-up";

type StepsProps = {
  source: DeliverySource;
  address: string;
  /** Known only right after it was made. */
  secret?: string;
};

export function ProviderSteps({ source, address, secret }: StepsProps) {
  const setUp = setUpOf(source.provider);
  return (
    <div className="grid gap-4">
      {!isReachable(address) && (
        <p className="bg-warn-tint text-warn rounded-md px-3 py-2">
          {providerName(source.provider)} cannot reach this address from outside. Open the console at the server's
          public address, or set <code className="font-mono text-xs">CAMPANILE_BASE_URL</code>.
        </p>
      )}
      <ol className="grid list-decimal gap-2.5 pl-5">
        {setUp.steps.map((step) => (
          <li key={step.text}>
            {step.text}
            {step.shows === "address" && <Value label="Address" text={address} />}
            {step.shows === "secret" &&
              (secret ? (
                <Value label="Secret" text={secret} />
              ) : (
                <p className="text-quiet mt-1 text-xs">
                  The secret was shown when it was made. If it is lost, rotate it: the earlier one stays valid for a
                  day.
                </p>
              ))}
            {step.shows === "enter" && <EnterSecret source={source} />}
          </li>
        ))}
      </ol>
      {setUp.note && <p className="text-quiet text-xs">{setUp.note}</p>}
    </div>
  );
}

export function Value({ label, text }: { label: string; text: string }): ReactNode {
  return (
    <span className="border-line bg-sunken mt-1.5 flex min-w-0 items-center gap-2 rounded-md border py-0.5 pr-1 pl-2.5">
      <code className="min-w-0 flex-1 font-mono text-xs break-all">{text}</code>
      <CopyButton iconOnly text={text} label={`Copy the ${label.toLowerCase()}`} />
    </span>
  );
}

/** For providers that make the secret themselves. */
function EnterSecret({ source }: { source: Source }) {
  const queries = useQueryClient();
  const [secret, setSecret] = useState("");
  const save = useMutation({
    mutationFn: () =>
      data(
        api.POST("/api/sources/{id}/rotate", {
          params: { path: { id: source.id } },
          body: { secret: secret.trim(), overlap: false },
        }),
      ),
    onSuccess: () => {
      setSecret("");
      done("The secret is kept: deliveries signed with it are accepted");
      void queries.invalidateQueries({ queryKey: ["source"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit} className="mt-1.5 flex items-end gap-2">
      <div className="min-w-0 flex-1">
        <Field
          label={`Secret that ${providerName(source.provider)} shows`}
          hidesLabel
          placeholder={`Secret that ${providerName(source.provider)} shows`}
          type="password"
          autoComplete="off"
          required
          minLength={8}
          value={secret}
          onChange={(event) => setSecret(event.target.value)}
          problem={save.error?.message}
        />
      </div>
      <Button type="submit" busy={save.isPending} className="self-start">
        Keep it
      </Button>
    </form>
  );
}

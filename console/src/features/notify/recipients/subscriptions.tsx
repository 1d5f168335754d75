// The subscribers of an object, and the objects that a recipient follows.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { X } from "lucide-react";
import { type FormEvent, useState } from "react";

import { Button, IconButton } from "../../../components/ui/button";
import { Field } from "../../../components/ui/field";
import { Empty, Failure, Panel, Skeleton } from "../../../components/ui/page";
import { Time } from "../../../components/ui/time";
import { done, notDone } from "../../../components/ui/toast";
import { api, data, type Schemas } from "../../../lib/api";
import { RecipientField, RecipientLink, type Reference, referenceOf, wordOf } from "../parts/recipient";

type Subscription = Schemas["KnockSubscription"];
type ObjectReference = { collection: string; id: string };

const refOf = (recipient: Schemas["KnockRecipient"]): Reference =>
  recipient.__typename === "Object"
    ? { collection: String(recipient.collection), id: recipient.id }
    : recipient.__typename === "Tenant"
      ? { collection: "$tenants", id: recipient.id }
      : recipient.id;

const subscribe = (object: ObjectReference, recipient: Reference) =>
  data(
    api.POST("/v1/objects/{collection}/{id}/subscriptions", {
      params: { path: object },
      body: {
        recipients: [
          typeof recipient === "string" ? recipient : { id: recipient.id, collection: recipient.collection },
        ],
      },
    }),
  );
const unsubscribe = (object: ObjectReference, recipient: Reference) =>
  data(
    api.DELETE("/v1/objects/{collection}/{id}/subscriptions", {
      params: { path: object },
      body: { recipients: [recipient] },
    }),
  );

export function SubscriptionsTab({ reference }: { reference: Reference }) {
  return typeof reference === "string" ? (
    <List
      title="Follows"
      queryKey={["subscriptions", wordOf(reference)]}
      read={() =>
        data(
          api.GET("/v1/users/{user}/subscriptions", {
            params: { path: { user: reference }, query: { page_size: 50 } },
          }),
        )
      }
      shown={({ object }) => refOf(object)}
      add={{
        label: "Object",
        hint: "As collection/id.",
        isObject: true,
        run: (object) =>
          typeof object !== "string"
            ? subscribe(object, reference)
            : Promise.reject(new Error("Write the object as collection/id.")),
      }}
      remove={(object) => (typeof object === "string" ? Promise.resolve() : unsubscribe(object, reference))}
      empty="This user follows no object."
    />
  ) : (
    <List
      title="Subscribers"
      queryKey={["subscriptions", wordOf(reference)]}
      read={() =>
        data(
          api.GET("/v1/objects/{collection}/{id}/subscriptions", {
            params: { path: reference, query: { page_size: 50 } },
          }),
        )
      }
      shown={({ recipient }) => refOf(recipient)}
      add={{
        label: "Subscriber",
        hint: "A user, or an object as collection/id.",
        isObject: false,
        run: (recipient) => subscribe(reference, recipient),
      }}
      remove={(recipient) => unsubscribe(reference, recipient)}
      empty="Nobody follows this object. Who follows it is told of what is triggered for it."
    />
  );
}

type ListProps = {
  title: string;
  queryKey: string[];
  read: () => Promise<{ entries: Subscription[]; page_info: { after: string | null } }>;
  shown: (subscription: Subscription) => Reference;
  add: { label: string; hint: string; isObject: boolean; run: (word: Reference) => Promise<unknown> };
  remove: (reference: Reference) => Promise<unknown>;
  empty: string;
};

function List({ title, queryKey, read, shown, add, remove, empty }: ListProps) {
  const queries = useQueryClient();
  const list = useQuery({ queryKey, queryFn: read });
  const [word, setWord] = useState("");
  const refresh = () => queries.invalidateQueries({ queryKey });
  const put = useMutation({
    mutationFn: () => add.run(referenceOf(word.trim())),
    onSuccess: async () => {
      setWord("");
      await refresh();
      done("Subscribed.");
    },
  });
  const drop = useMutation({
    mutationFn: (reference: Reference) => remove(reference),
    onSuccess: async (_, reference) => {
      await refresh();
      done(
        "The subscription is removed.",
        () => void add.run(reference).then(refresh, (error: unknown) => notDone("It was not taken back.", error)),
      );
    },
    onError: (error) => notDone("The subscription was not removed.", error),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    put.mutate();
  };
  return (
    <Panel title={title} note={list.data && `${list.data.entries.length}${list.data.page_info.after ? "+" : ""}`}>
      {list.isPending && <Skeleton />}
      {list.isError && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {list.data?.entries.length === 0 && <Empty>{empty}</Empty>}
      <ul className="divide-line divide-y">
        {list.data?.entries.map((subscription) => {
          const reference = shown(subscription);
          return (
            <li key={wordOf(reference)} className="flex items-center gap-3 px-4 py-2">
              <span className="min-w-0 flex-1 truncate">
                <RecipientLink reference={reference} />{" "}
                <span className="text-quiet font-mono text-xs">{wordOf(reference)}</span>
              </span>
              <Time at={subscription.inserted_at} />
              <IconButton
                label={`Remove the subscription of ${wordOf(reference)}`}
                onClick={() => drop.mutate(reference)}
              >
                <X className="size-4" />
              </IconButton>
            </li>
          );
        })}
      </ul>
      <form onSubmit={submit} className="border-line flex flex-wrap items-start gap-2 border-t p-4">
        <div className="min-w-56 flex-1">
          {add.isObject ? (
            <Field
              label={add.label}
              required
              placeholder="projects/alpha"
              hint={add.hint}
              value={word}
              onChange={(event) => setWord(event.target.value)}
            />
          ) : (
            <RecipientField label={add.label} required hint={add.hint} value={word} onChange={setWord} />
          )}
        </div>
        <Button type="submit" busy={put.isPending} className="mt-6.5">
          Add
        </Button>
      </form>
      <Failure error={put.error} />
    </Panel>
  );
}

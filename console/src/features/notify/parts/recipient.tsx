// Recipients by name: a link to one, and a field that finds one.

import { useQuery } from "@tanstack/react-query";
import { useId } from "react";

import { Field } from "../../../components/ui/field";
import { Go } from "../../../components/ui/go";
import { api, data, type Schemas, useSession } from "../../../lib/api";
import { asObject, asText } from "../../../lib/json";
import { paths } from "../../../lib/paths";
import { useSettled } from "../../../lib/use-settled";

export type Reference = Schemas["KnockReference"];
export const TENANTS = "$tenants";

/** The properties of a recipient; users, objects and tenants have the same in different places. */
export function propertiesOf(recipient: Schemas["KnockRecipient"]): Record<string, unknown> {
  if (recipient.__typename === "Object") return asObject(recipient.properties);
  const { __typename, id, created_at, updated_at, preferences, settings, ...properties } = recipient as Record<
    string,
    unknown
  >;
  return properties;
}

export const pathOf = (reference: Reference): string =>
  typeof reference === "string"
    ? paths.user(reference)
    : reference.collection === TENANTS
      ? paths.tenant(reference.id)
      : paths.object(reference.collection, reference.id);

/** "jane", or "projects/alpha". */
export const wordOf = (reference: Reference): string =>
  typeof reference === "string"
    ? reference
    : reference.collection === TENANTS
      ? reference.id
      : `${reference.collection}/${reference.id}`;

/** "projects/alpha" is an object, "jane" a user. */
export function referenceOf(word: string): Reference {
  const [collection, id] = word.split(/\/(.*)/s);
  return collection && id ? { collection, id } : word;
}

const readOf = (reference: Reference) =>
  typeof reference === "string"
    ? data(api.GET("/v1/users/{user}", { params: { path: { user: reference } } }))
    : data(api.GET("/v1/objects/{collection}/{id}", { params: { path: reference } }));

/** A recipient, kept for a while: the same ones stand in many rows. */
export function useRecipient(reference: Reference | undefined) {
  return useQuery<Schemas["KnockRecipient"]>({
    queryKey: ["recipient", reference && wordOf(reference)],
    queryFn: () => readOf(reference as Reference),
    enabled: reference !== undefined && reference !== "",
    staleTime: 60_000,
    retry: false,
  });
}

export function nameIn(recipient: Schemas["KnockRecipient"] | undefined): string | undefined {
  if (!recipient) return undefined;
  const { name, email } = propertiesOf(recipient);
  return asText(name) || asText(email) || undefined;
}

/** The name of a workspace of the organisation, which is a recipient as `workspaces/ws_…`. */
function useWorkspaceName(reference: Reference): string | undefined {
  const workspaces = useSession().data?.workspaces;
  if (typeof reference === "string" || reference.collection !== "workspaces") return undefined;
  const name = workspaces?.find(({ id }) => id === reference.id)?.name;
  return name && `Workspace ${name}`;
}

/** The recipient's name; the id until it is known, and where it has none. */
export function RecipientName({ reference, name: given }: { reference: Reference; name?: string | undefined }) {
  const workspace = useWorkspaceName(reference);
  const name = given ?? workspace;
  const known = useRecipient(name ? undefined : reference);
  return (
    <span title={wordOf(reference)} className="inline-block max-w-full truncate align-bottom">
      {name ?? nameIn(known.data) ?? wordOf(reference)}
    </span>
  );
}

export function RecipientLink({ reference, name }: { reference: Reference; name?: string | undefined }) {
  return (
    <Go to={pathOf(reference)} className="text-bronze hover:underline">
      <RecipientName reference={reference} name={name} />
    </Go>
  );
}

/** The users that were known last, to choose from. */
export const useUsers = () =>
  useQuery({
    queryKey: ["users", "newest"],
    queryFn: () => data(api.GET("/v1/users", { params: { query: { page_size: 50 } } })),
    staleTime: 30_000,
  });

type RecipientFieldProps = {
  label: string;
  value: string;
  onChange: (word: string) => void;
  hint?: string;
  problem?: string;
  required?: boolean;
};

/** A user's id, or an object as collection/id; names are offered, and the one that is meant is told. */
export function RecipientField({ label, value, onChange, hint, problem, required }: RecipientFieldProps) {
  const id = useId();
  const users = useUsers();
  const word = useSettled(value.trim(), 300);
  const chosen = useRecipient(word ? referenceOf(word) : undefined);
  const entries = users.data?.entries ?? [];
  const name = nameIn(chosen.data);
  const email = chosen.data && asText(propertiesOf(chosen.data).email);
  const meant = name && email && email !== name ? `${name}, ${email}` : name;
  return (
    <>
      <Field
        label={label}
        list={id}
        required={required}
        value={value}
        spellCheck={false}
        autoComplete="off"
        placeholder="Name or id"
        onChange={(event) => onChange(idOf(entries, event.target.value))}
        problem={problem}
        hint={
          meant ?? (word && chosen.isError ? "Nobody is known by this id: it is made when the workflow runs." : hint)
        }
      />
      <datalist id={id}>
        {entries.map((user) => (
          <option key={user.id} value={user.id}>
            {[user.name, user.email].filter(Boolean).join(", ")}
          </option>
        ))}
      </datalist>
    </>
  );
}

/** A whole name or mail address means that user. */
function idOf(users: { id: string; name?: string | null; email?: string | null }[], text: string): string {
  const lower = text.trim().toLowerCase();
  const meant = users.filter(
    ({ name, email }) => lower && (name?.toLowerCase() === lower || email?.toLowerCase() === lower),
  );
  return meant.length === 1 ? (meant[0]?.id ?? text) : text;
}

export const useTenants = () =>
  useQuery({
    queryKey: ["tenants", "newest"],
    queryFn: () => data(api.GET("/v1/tenants", { params: { query: { page_size: 50 } } })),
    staleTime: 30_000,
  });

export function TenantField({
  label = "Tenant",
  value,
  onChange,
}: {
  label?: string;
  value: string;
  onChange: (id: string) => void;
}) {
  const id = useId();
  const tenants = useTenants();
  const known = tenants.data?.entries.find((tenant) => tenant.id === value);
  return (
    <>
      <Field
        label={label}
        list={id}
        value={value}
        spellCheck={false}
        autoComplete="off"
        placeholder="None"
        onChange={(event) => onChange(event.target.value)}
        hint={known?.name ?? undefined}
      />
      <datalist id={id}>
        {tenants.data?.entries.map((tenant) => (
          <option key={tenant.id} value={tenant.id}>
            {tenant.name ?? tenant.id}
          </option>
        ))}
      </datalist>
    </>
  );
}

/** The name of a tenant, linked. */
export function TenantLink({ id }: { id: string }) {
  return <RecipientLink reference={{ collection: TENANTS, id }} />;
}

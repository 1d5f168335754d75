// The keys of the organisation: for servers, for pages, and those that sign users' tokens.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";

import { Code } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { CopyButton } from "../../components/ui/copy-button";
import { Confirm, Dialog, DialogActions } from "../../components/ui/dialog";
import { Field } from "../../components/ui/field";
import { Empty, Failure, Page, Panel, Skeleton } from "../../components/ui/page";
import { Snippet } from "../../components/ui/snippet";
import { Time } from "../../components/ui/time";
import { done } from "../../components/ui/toast";
import { usePageActions } from "../../lib/actions";
import { api, data } from "../../lib/api";
import { useCan } from "../../lib/role";
import { BrowserSecurity, SigningKeys } from "./signing-keys";

export function KeysPage() {
  const can = useCan();
  const [making, setMaking] = useState<"secret" | "public">();
  usePageActions(
    can.administer
      ? [
          { title: "New secret key", icon: <Plus />, run: () => setMaking("secret") },
          { title: "New public key", icon: <Plus />, run: () => setMaking("public") },
        ]
      : [],
  );
  return (
    <Page
      title="Keys"
      lead="With these, programs speak to the APIs for the whole organisation."
      actions={
        can.administer && (
          <Button kind="primary" onClick={() => setMaking("secret")}>
            <Plus aria-hidden className="size-4" />
            New secret key
          </Button>
        )
      }
    >
      <div className="grid max-w-4xl gap-4">
        {can.administer ? (
          <SecretKeys />
        ) : (
          <Panel title="Secret keys">
            <Empty>Owners see and make secret keys.</Empty>
          </Panel>
        )}
        <PublicKeys canChange={can.administer} onMake={() => setMaking("public")} />
        <SigningKeys canChange={can.administer} />
        {can.administer && <BrowserSecurity />}
      </div>
      {making === "secret" && <NewSecretKey onClose={() => setMaking(undefined)} />}
      {making === "public" && <NewPublicKey onClose={() => setMaking(undefined)} />}
    </Page>
  );
}

export function KeyRow({
  name,
  shown,
  at,
  usedAt,
  actions,
}: {
  name: string;
  shown: ReactNode;
  at: string;
  /** When it was last used; nothing where that is not recorded. */
  usedAt?: string | null;
  actions?: ReactNode;
}) {
  return (
    <li className="flex min-h-12 flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2">
      <span className="min-w-40 flex-1 truncate font-medium">{name}</span>
      <span className="flex min-w-0 items-center gap-1">{shown}</span>
      <span className="text-quiet text-xs">
        made <Time at={at} />
        {usedAt !== undefined && (
          <>
            , {usedAt ? "last used " : "never used"}
            {usedAt && <Time at={usedAt} />}
          </>
        )}
      </span>
      {actions}
    </li>
  );
}

function SecretKeys() {
  const queries = useQueryClient();
  const keys = useQuery({ queryKey: ["key"], queryFn: async () => (await data(api.GET("/api/keys"))).data });
  const revoke = (id: string, name: string) => async () => {
    await data(api.DELETE("/api/keys/{id}", { params: { path: { id } } }));
    await queries.invalidateQueries({ queryKey: ["key"] });
    done(`${name} is revoked`);
  };
  return (
    <Panel title="Secret keys" note="for servers; they may do everything in the organisation">
      {keys.isPending && <Skeleton lines={2} />}
      {keys.isError && <Failure error={keys.error} onRetry={() => void keys.refetch()} />}
      {keys.data?.length === 0 && <Empty>There is no secret key yet.</Empty>}
      <ul className="divide-line divide-y">
        {keys.data?.map(({ id, name, prefix, created_at, last_used_at }) => (
          <KeyRow
            key={id}
            name={name}
            shown={<Code>{prefix}…</Code>}
            at={created_at}
            usedAt={last_used_at ?? null}
            actions={
              <Confirm
                trigger={
                  <Button size="sm" kind="danger" aria-label={`Revoke ${name}`}>
                    Revoke
                  </Button>
                }
                title={`Revoke ${name}?`}
                action="Revoke the key"
                onConfirm={revoke(id, name)}
              >
                <p>
                  Programs that use <Code>{prefix}…</Code> are refused at once. It cannot be brought back.
                </p>
              </Confirm>
            }
          />
        ))}
      </ul>
    </Panel>
  );
}

function NewSecretKey({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: (name: string) => data(api.POST("/api/keys", { body: { name } })),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["key"] }),
  });
  if (make.data) {
    const { secret } = make.data;
    return (
      <Dialog title={`Key ${make.data.name}`} lead="Copy it now: it is not shown again." open onClose={onClose} wide>
        <span className="border-line bg-sunken mb-4 flex items-center gap-2 rounded-md border py-1 pr-1 pl-3">
          <code className="min-w-0 flex-1 font-mono text-xs break-all">{secret}</code>
          <CopyButton text={secret} label="Copy" />
        </span>
        <Snippet
          label="Try the key"
          tabs={[
            {
              name: "curl",
              code: `export CAMPANILE_KEY=${secret}\ncurl -H "Authorization: Bearer $CAMPANILE_KEY" ${location.origin}/api/observations?limit=5`,
            },
          ]}
        />
        <DialogActions>
          <Button kind="primary" onClick={onClose}>
            Done
          </Button>
        </DialogActions>
      </Dialog>
    );
  }
  return (
    <Dialog
      title="New secret key"
      lead="It may do everything in the organisation: give each program one of its own."
      open
      onClose={onClose}
    >
      <NameForm placeholder="The backend" make={make} onCancel={onClose} />
    </Dialog>
  );
}

function PublicKeys({ canChange, onMake }: { canChange: boolean; onMake: () => void }) {
  const queries = useQueryClient();
  const keys = useQuery({
    queryKey: ["public-key"],
    queryFn: async () => (await data(api.GET("/api/public-keys"))).data,
  });
  const revoke = (id: string, name: string) => async () => {
    await data(api.DELETE("/api/public-keys/{id}", { params: { path: { id } } }));
    await queries.invalidateQueries({ queryKey: ["public-key"] });
    done(`${name} is revoked`);
  };
  return (
    <Panel
      title="Public keys"
      note="for pages, such as a feed"
      actions={
        canChange && (
          <Button size="sm" onClick={onMake}>
            <Plus aria-hidden className="size-3.5" />
            New public key
          </Button>
        )
      }
    >
      {keys.isPending && <Skeleton lines={2} />}
      {keys.isError && <Failure error={keys.error} onRetry={() => void keys.refetch()} />}
      {keys.data?.length === 0 && (
        <Empty>There is no public key. A page with a feed or a preference matrix needs one.</Empty>
      )}
      <ul className="divide-line divide-y">
        {keys.data?.map(({ id, name, key, created_at }) => (
          <KeyRow
            key={id}
            name={name}
            shown={
              <>
                <Code>{key}</Code>
                <CopyButton iconOnly text={key} label={`Copy ${name}`} />
              </>
            }
            at={created_at}
            actions={
              canChange && (
                <Confirm
                  trigger={
                    <Button size="sm" kind="danger" aria-label={`Revoke ${name}`}>
                      Revoke
                    </Button>
                  }
                  title={`Revoke ${name}?`}
                  action="Revoke the key"
                  onConfirm={revoke(id, name)}
                >
                  <p>Pages that use it lose their feeds at once. It cannot be brought back.</p>
                </Confirm>
              )
            }
          />
        ))}
      </ul>
    </Panel>
  );
}

function NewPublicKey({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: (name: string) => data(api.POST("/api/public-keys", { body: { name } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["public-key"] });
      done("The public key was made");
      onClose();
    },
  });
  return (
    <Dialog
      title="New public key"
      lead="It stands in pages for everybody to read, and reaches only what users may reach."
      open
      onClose={onClose}
    >
      <NameForm placeholder="The web application" make={make} onCancel={onClose} />
    </Dialog>
  );
}

type NameFormProps = {
  placeholder: string;
  make: { mutate: (name: string) => void; isPending: boolean; error: Error | null };
  onCancel: () => void;
};

/** Names a new key, and makes it. */
function NameForm({ placeholder, make, onCancel }: NameFormProps) {
  const [name, setName] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate(name.trim());
  };
  return (
    <form onSubmit={submit}>
      <Field
        label="What it is for"
        placeholder={placeholder}
        required
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.target.value)}
        problem={make.error?.message}
      />
      <DialogActions>
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" kind="primary" busy={make.isPending}>
          Make the key
        </Button>
      </DialogActions>
    </form>
  );
}

// Keys that sign users' tokens, and whether pages need such tokens.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";

import { Badge, Code } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { CopyButton } from "../../components/ui/copy-button";
import { Confirm, Dialog, DialogActions } from "../../components/ui/dialog";
import { Empty, Failure, Panel, Skeleton } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { done } from "../../components/ui/toast";
import { api, data } from "../../lib/api";

export function SigningKeys({ canChange }: { canChange: boolean }) {
  const queries = useQueryClient();
  const keys = useQuery({
    queryKey: ["signing-key"],
    queryFn: async () => (await data(api.GET("/api/signing-keys"))).data,
  });
  const reread = () => queries.invalidateQueries({ queryKey: ["signing-key"] });
  const make = useMutation({ mutationFn: () => data(api.POST("/api/signing-keys")), onSuccess: () => void reread() });
  const revoke = (id: string) => async () => {
    await data(api.DELETE("/api/signing-keys/{id}", { params: { path: { id } } }));
    await reread();
    done("The signing key is revoked");
  };
  return (
    <Panel
      title="Signing keys"
      note="with these your server signs its users' tokens"
      actions={
        canChange && (
          <Button size="sm" busy={make.isPending} onClick={() => make.mutate()}>
            <Plus aria-hidden className="size-3.5" />
            New signing key
          </Button>
        )
      }
    >
      {keys.isPending && <Skeleton lines={2} />}
      {keys.isError && <Failure error={keys.error} onRetry={() => void keys.refetch()} />}
      <Failure error={make.error} />
      {keys.data?.length === 0 && (
        <Empty>There is no signing key. With one, a page proves for which user it asks.</Empty>
      )}
      <ul className="divide-line divide-y">
        {keys.data?.map(({ id, public_key, created_at }) => (
          <li key={id} className="flex min-h-12 flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2">
            <span className="min-w-40 flex-1">
              <Code>{id}</Code>
            </span>
            <CopyButton text={public_key} label="Copy the public half" />
            <span className="text-quiet text-xs">
              made <Time at={created_at} />
            </span>
            {canChange && (
              <Confirm
                trigger={
                  <Button size="sm" kind="danger" aria-label={`Revoke ${id}`}>
                    Revoke
                  </Button>
                }
                title="Revoke this signing key?"
                action="Revoke the key"
                onConfirm={revoke(id)}
              >
                <p>Tokens that were signed with it stop working at once, and sockets that they opened are closed.</p>
              </Confirm>
            )}
          </li>
        ))}
      </ul>
      {make.data && (
        <Dialog
          title="New signing key"
          lead="Copy the private half now: it is not shown again."
          open
          onClose={() => make.reset()}
          wide
        >
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys */}
          <pre tabIndex={0} className="border-line bg-sunken overflow-x-auto rounded-md border p-3 font-mono text-xs">
            {make.data.private_key}
          </pre>
          <DialogActions>
            <CopyButton text={make.data.private_key} label="Copy the private half" />
            <Button kind="primary" onClick={() => make.reset()}>
              Done
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </Panel>
  );
}

/** The rule that is in force, and the way to the other one. */
export function BrowserSecurity() {
  const queries = useQueryClient();
  const rule = useQuery({ queryKey: ["browser-security"], queryFn: () => data(api.GET("/api/browser-security")) });
  const set = useMutation({
    mutationFn: (needs_user_tokens: boolean) => data(api.PUT("/api/browser-security", { body: { needs_user_tokens } })),
    onSuccess: (_, needs) => {
      queries.setQueryData(["browser-security"], { needs_user_tokens: needs });
      done(needs ? "Pages need a user's token now" : "Pages need no user's token now");
    },
  });
  return (
    <Panel title="Browser security" note="for calls with a public key">
      <div className="grid gap-3 p-4">
        <p>
          Where tokens are needed, a page proves for which user it asks. Where they are not, anybody who knows a public
          key may read and change the feed and the preferences of any user.
        </p>
        <Failure error={set.error ?? rule.error} />
        {rule.data && (
          <p>
            <Badge tone={rule.data.needs_user_tokens ? "good" : "warn"}>
              {rule.data.needs_user_tokens ? "Users' tokens are needed" : "No tokens are needed"}
            </Badge>
          </p>
        )}
        <div className="flex flex-wrap gap-2">
          <Button busy={set.isPending} onClick={() => set.mutate(true)}>
            Need users' tokens
          </Button>
          <Confirm
            trigger={<Button kind="danger">Need no tokens</Button>}
            title="Let pages act without users' tokens?"
            action="Need no tokens"
            onConfirm={() => set.mutateAsync(false)}
          >
            <p>
              Anybody who reads a public key out of a page can then act for every user. This is for development only.
            </p>
          </Confirm>
        </div>
      </div>
    </Panel>
  );
}

// The members of an audience: who is in it, since when, and within which tenant.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { type FormEvent, useState } from "react";

import { Button } from "../../../components/ui/button";
import { type Column, DataTable } from "../../../components/ui/data-table";
import { Confirm, Dialog, DialogActions } from "../../../components/ui/dialog";
import { CheckField } from "../../../components/ui/field";
import { useGo } from "../../../components/ui/go";
import { EmptyState } from "../../../components/ui/page";
import { Time } from "../../../components/ui/time";
import { done } from "../../../components/ui/toast";
import { ApiError, api, data, type Schemas } from "../../../lib/api";
import { useList } from "../../../lib/list";
import { paths } from "../../../lib/paths";
import { useUrl } from "../../../lib/url";
import { FormFailure } from "../parts/form-failure";
import { RecipientField, TenantField } from "../parts/recipient";
import { NameField } from "./name-field";

type Member = Schemas["KnockAudienceMember"];

const COLUMNS: Column<Member>[] = [
  {
    key: "name",
    title: "User",
    cell: (it) => <span className="font-medium">{it.user?.name ?? it.user?.email ?? it.user_id}</span>,
    text: (it) => it.user?.name ?? it.user_id,
    width: "minmax(10rem, 2fr)",
  },
  {
    key: "id",
    title: "Id",
    cell: (it) => <code className="font-mono text-xs">{it.user_id}</code>,
    text: (it) => it.user_id,
    width: "minmax(8rem, 1fr)",
  },
  {
    key: "tenant",
    title: "Tenant",
    cell: (it) => it.tenant ?? <span className="text-quiet">None</span>,
    text: (it) => it.tenant,
    width: "minmax(7rem, 1fr)",
    phone: "none",
  },
  {
    key: "at",
    title: "Since",
    cell: (it) => <Time at={it.added_at} />,
    text: (it) => it.added_at,
    width: "6.5rem",
    align: "end",
  },
];

export function Audiences() {
  const url = useUrl();
  const go = useGo();
  const [adds, setAdds] = useState(false);
  const audience = url.get("audience") ?? "";
  const list = useList<Member>({
    key: ["audience", audience],
    enabled: audience !== "",
    page: async (after) => {
      try {
        const { entries, page_info } = await data(
          api.GET("/v1/audiences/{key}/members", {
            params: { path: { key: audience }, query: { page_size: 50, ...(after && { after }) } },
          }),
        );
        return { items: entries, next: page_info.after };
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return { items: [], next: null };
        throw error;
      }
    },
    idOf: (it) => `${it.user_id} ${it.tenant ?? ""}`,
  });
  return (
    <>
      <div className="flex flex-wrap items-center gap-2 px-4 pb-3 sm:px-6">
        <NameField
          key={audience}
          label="Audience"
          value={audience}
          kept="audiences"
          onChange={(next) => url.set({ audience: next })}
        />
        {audience && (
          <Button size="sm" onClick={() => setAdds(true)}>
            <Plus aria-hidden className="size-3.5" />
            Add a member
          </Button>
        )}
      </div>
      {audience ? (
        <DataTable
          name="audience"
          label={`Members of ${audience}`}
          list={list}
          columns={COLUMNS}
          idOf={(it) => `${it.user_id} ${it.tenant ?? ""}`}
          titleOf={(it) => it.user?.name ?? it.user_id}
          onOpen={(it) => void go(paths.user(it.user_id))}
          actions={(rows, clear) => <RemoveMembers audience={audience} rows={rows} clear={clear} />}
          empty={
            <EmptyState title={`No members in “${audience}”`}>
              Add a member here, or with POST /v1/audiences/{audience}/members.
            </EmptyState>
          }
        />
      ) : (
        <EmptyState title="Which audience?">
          Write the key of an audience above. Audiences stand for their members in triggers and conditions.
        </EmptyState>
      )}
      {adds && <AddMember audience={audience} isNew={list.rows.length === 0} onClose={() => setAdds(false)} />}
    </>
  );
}

function RemoveMembers({ audience, rows, clear }: { audience: string; rows: Member[]; clear: () => void }) {
  const queries = useQueryClient();
  const remove = async () => {
    const members = rows.map(({ user_id, tenant }) => ({ user: { id: user_id }, ...(tenant && { tenant }) }));
    await data(api.DELETE("/v1/audiences/{key}/members", { params: { path: { key: audience } }, body: { members } }));
    await queries.invalidateQueries({ queryKey: ["list", "audience", audience] });
    clear();
    done(rows.length === 1 ? "The member is removed." : `${rows.length} members are removed.`);
  };
  return (
    <Confirm
      trigger={
        <Button size="sm" kind="danger">
          Remove…
        </Button>
      }
      title={`Remove ${rows.length === 1 ? "this member" : `${rows.length} members`}?`}
      action="Remove"
      onConfirm={remove}
    >
      <p>They leave “{audience}”. The users themselves stay.</p>
    </Confirm>
  );
}

function AddMember({ audience, isNew, onClose }: { audience: string; isNew: boolean; onClose: () => void }) {
  const queries = useQueryClient();
  const [user, setUser] = useState("");
  const [tenant, setTenant] = useState("");
  const [creates, setCreates] = useState(isNew);
  const add = useMutation({
    mutationFn: () =>
      data(
        api.POST("/v1/audiences/{key}/members", {
          params: { path: { key: audience }, query: creates ? { create_audience: true } : {} },
          body: { members: [{ user: { id: user.trim() }, ...(tenant && { tenant }) }] },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["list", "audience", audience] });
      onClose();
      done("The member is added.");
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <Dialog title={`Add a member to “${audience}”`} open onClose={onClose}>
      <form onSubmit={submit} className="grid gap-4">
        <RecipientField label="User" required value={user} onChange={setUser} />
        <TenantField value={tenant} onChange={setTenant} />
        <CheckField label="Create the audience if there is none" checked={creates} onChange={setCreates} />
        <FormFailure error={add.error} />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={add.isPending}>
            Add
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

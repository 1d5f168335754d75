// Addresses that get no mail any more: since a mail came back for good, since they complained, or since somebody says so.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { Badge } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { type Column, DataTable } from "../../../components/ui/data-table";
import { Confirm, Dialog, DialogActions } from "../../../components/ui/dialog";
import { Field } from "../../../components/ui/field";
import { Go } from "../../../components/ui/go";
import { EmptyState } from "../../../components/ui/page";
import { Time } from "../../../components/ui/time";
import { done } from "../../../components/ui/toast";
import { api, data, type Schemas } from "../../../lib/api";
import { useList } from "../../../lib/list";
import { paths } from "../../../lib/paths";
import { useWorkspaceId } from "../../../lib/url";
import { FormFailure } from "../parts/form-failure";

type Suppression = Schemas["Suppression"];

export function Suppressions() {
  const workspace = useWorkspaceId();
  const [adds, setAdds] = useState(false);
  const list = useList<Suppression>({
    key: ["suppressions", workspace],
    page: async (cursor) => {
      const { data: items, next } = await data(
        api.GET("/api/suppressions", { params: { query: { workspace, limit: 50, ...(cursor && { cursor }) } } }),
      );
      return { items, next };
    },
    idOf: ({ address }) => address,
  });
  const columns: Column<Suppression>[] = [
    {
      key: "address",
      title: "Address",
      cell: ({ address }) => <span className="font-medium">{address}</span>,
      text: ({ address }) => address,
      width: "minmax(12rem, 2fr)",
    },
    {
      key: "reason",
      title: "Reason",
      cell: ({ reason }) => <Badge tone={reason === "manual" ? "quiet" : "warn"}>{reason}</Badge>,
      text: ({ reason }) => reason,
      width: "7rem",
      phone: "first",
    },
    {
      key: "details",
      title: "Details",
      cell: ({ details }) => <span title={details ?? undefined}>{details}</span>,
      text: ({ details }) => details,
      width: "minmax(8rem, 2fr)",
    },
    {
      key: "message",
      title: "Message",
      cell: ({ message_id }) =>
        message_id && (
          <Go to={paths.message(message_id)} className="text-bronze hover:underline">
            Open
          </Go>
        ),
      width: "5rem",
      phone: "none",
    },
    {
      key: "at",
      title: "Since",
      cell: ({ created_at }) => <Time at={created_at} />,
      text: ({ created_at }) => created_at,
      width: "6rem",
      align: "end",
    },
  ];
  return (
    <div className="border-line flex h-[calc(100dvh-18rem)] min-h-80 flex-col overflow-hidden rounded-lg border">
      <DataTable
        name="suppressions"
        label="Suppressed addresses"
        list={list}
        columns={columns}
        idOf={({ address }) => address}
        onOpen={() => undefined}
        actions={(rows, clear) => <Allow rows={rows} clear={clear} />}
        tools={
          <Button size="sm" onClick={() => setAdds(true)}>
            Suppress an address
          </Button>
        }
        empty={
          <EmptyState title="No suppressed addresses">
            An address from which a mail came back for good, or whose reader complained, is listed here, and gets no
            mail any more.
          </EmptyState>
        }
      />
      {adds && <AddDialog onClose={() => setAdds(false)} />}
    </div>
  );
}

function useRefresh() {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: ["list", "suppressions"] });
}

function Allow({ rows, clear }: { rows: Suppression[]; clear: () => void }) {
  const refresh = useRefresh();
  const allow = async () => {
    for (const { address } of rows)
      await data(api.DELETE("/api/suppressions/{address}", { params: { path: { address } } }));
    await refresh();
    clear();
    done(rows.length === 1 ? "The address gets mail again." : `${rows.length} addresses get mail again.`);
  };
  return (
    <Confirm
      trigger={<Button size="sm">Allow mail again…</Button>}
      title="Allow mail to these addresses again?"
      action="Allow mail"
      onConfirm={allow}
    >
      <p>
        {rows
          .map(({ address }) => address)
          .slice(0, 5)
          .join(", ")}
        {rows.length > 5 && ` and ${rows.length - 5} more`}
      </p>
      <p>Mails to addresses that bounce harm the sender's reputation.</p>
    </Confirm>
  );
}

function AddDialog({ onClose }: { onClose: () => void }) {
  const refresh = useRefresh();
  const [address, setAddress] = useState("");
  const [details, setDetails] = useState("");
  const add = useMutation({
    mutationFn: () =>
      data(api.POST("/api/suppressions", { body: { address: address.trim(), ...(details && { details }) } })),
    onSuccess: async () => {
      await refresh();
      onClose();
      done("The address gets no mail any more.");
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <Dialog
      title="Suppress an address"
      lead="It gets no mail of the organisation, whatever its kind."
      open
      onClose={onClose}
    >
      <form onSubmit={submit} className="grid gap-4">
        <Field
          label="Mail address"
          type="email"
          required
          autoFocus
          value={address}
          onChange={(event) => setAddress(event.target.value)}
        />
        <Field label="Reason" value={details} onChange={(event) => setDetails(event.target.value)} hint="For people." />
        <FormFailure error={add.error} />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={add.isPending}>
            Suppress
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

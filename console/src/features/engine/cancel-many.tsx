// Cancelling all active runs of a name in the background, and how far that is.

import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";

import { Badge } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { Dialog, DialogActions } from "../../components/ui/dialog";
import { Field, SelectField } from "../../components/ui/field";
import { Failure, Skeleton } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { api, data } from "../../lib/api";
import { type Kind, kindOf, readStatistics, readWorkflows, useRefresh } from "./client";

type CancelManyProps = { kind: Kind; onClose: () => void; onBegun: (id: string) => void };

export function CancelMany({ kind, onClose, onBegun }: CancelManyProps) {
  const workflows = useQuery({ queryKey: ["engine", "workflows"], queryFn: readWorkflows, staleTime: 60_000 });
  const names = (workflows.data ?? []).filter((workflow) => kindOf(workflow) === kind).map(({ name }) => name);
  const [name, setName] = useState("");
  const [after, setAfter] = useState("");
  const [before, setBefore] = useState("");
  const active = useQuery({
    queryKey: ["engine", "statistics", kind, name, "24h"],
    queryFn: () => readStatistics(kind, { name, window: "24h" }),
    enabled: name !== "",
  });
  const begin = useMutation({
    mutationFn: () =>
      data(api.POST("/api/runs/cancellations", { body: { name, after: iso(after), before: iso(before) } })),
    onSuccess: ({ id }) => onBegun(id),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    begin.mutate();
  };
  return (
    <Dialog
      title={kind === "runs" ? "Cancel many runs" : "Cancel many jobs"}
      lead="All that are queued, running or waiting now. Steps under way are dropped; what is done stays done."
      open
      onClose={onClose}
    >
      <form onSubmit={submit} className="grid gap-4">
        {workflows.isPending && <Skeleton lines={1} />}
        <Failure error={workflows.error} onRetry={() => void workflows.refetch()} />
        <SelectField
          label={kind === "runs" ? "Workflow" : "Kind of job"}
          required
          options={[{ value: "", title: "Choose…" }, ...names.map((value) => ({ value, title: value }))]}
          hint={active.data && name ? `${active.data.active.toLocaleString("en")} active now` : undefined}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <div className="grid gap-4 sm:grid-cols-2">
          <Field
            label="Queued after"
            type="datetime-local"
            hint="Empty for all."
            value={after}
            onChange={(event) => setAfter(event.target.value)}
          />
          <Field
            label="Queued before"
            type="datetime-local"
            hint="Empty for now."
            value={before}
            onChange={(event) => setBefore(event.target.value)}
          />
        </div>
        {begin.isError && (
          <div className="-mx-4">
            <Failure error={begin.error} />
          </div>
        )}
        <DialogActions>
          <Button onClick={onClose}>Close</Button>
          <Button type="submit" kind="danger" busy={begin.isPending}>
            {kind === "runs" ? "Cancel these runs" : "Cancel these jobs"}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

const iso = (local: string) => (local ? new Date(local).toISOString() : null);

/** How far a cancellation is; its id stands in the address, so that it is still seen after the page is loaded again. */
export function CancelProgress({ id, onClose }: { id: string; onClose: () => void }) {
  const refresh = useRefresh();
  const progress = useQuery({
    queryKey: ["engine-cancellation", id],
    queryFn: () => data(api.GET("/api/runs/cancellations/{id}", { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data && !state.data.finished_at ? 700 : false),
  });
  const isOver = Boolean(progress.data?.finished_at);
  useEffect(() => {
    if (isOver) void refresh();
  }, [isOver, refresh]);
  return (
    <div
      role="status"
      className="border-line bg-raised mx-4 mb-3 flex flex-wrap items-center gap-x-3 gap-y-1 rounded-md border px-3 py-2 sm:mx-6"
    >
      {progress.isPending && <span className="text-quiet">Reading how far the cancellation is…</span>}
      <Failure error={progress.error} onRetry={() => void progress.refetch()} />
      {progress.data && (
        <>
          <Badge tone={isOver ? "good" : "info"}>{isOver ? "finished" : "running"}</Badge>
          <span>
            <b className="tabular-nums">{progress.data.cancelled.toLocaleString("en")}</b> of{" "}
            <code className="font-mono text-xs">{progress.data.name}</code> cancelled
          </span>
          <Time at={progress.data.finished_at ?? progress.data.created_at} />
        </>
      )}
      <span className="ml-auto">
        <Button size="sm" kind="ghost" onClick={onClose}>
          Close
        </Button>
      </span>
    </div>
  );
}

// When a workflow runs for a recipient by itself: once, or again and again.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { type FormEvent, useState } from "react";

import { Button } from "../../../components/ui/button";
import { Confirm, Dialog, DialogActions } from "../../../components/ui/dialog";
import { Field, SelectField } from "../../../components/ui/field";
import { Go } from "../../../components/ui/go";
import { Empty, Failure, Panel, Skeleton } from "../../../components/ui/page";
import { Segments } from "../../../components/ui/tabs";
import { Time } from "../../../components/ui/time";
import { done } from "../../../components/ui/toast";
import { api, data, type Schemas } from "../../../lib/api";
import { asObject } from "../../../lib/json";
import { paths } from "../../../lib/paths";
import { useWorkflows } from "../../../lib/workflow-names";
import { JsonField } from "../parts/code-field";
import { RuleField } from "../parts/duration-field";
import { FormFailure } from "../parts/form-failure";
import { type Reference, TenantField, wordOf } from "../parts/recipient";
import { untilWords } from "../workflows/summary";

type Schedule = Schemas["KnockSchedule"];
type Rule = Schemas["KnockScheduleRepeatIn"];

const read = (reference: Reference) =>
  typeof reference === "string"
    ? data(api.GET("/v1/users/{user}/schedules", { params: { path: { user: reference } } }))
    : data(api.GET("/v1/objects/{collection}/{id}/schedules", { params: { path: reference } }));

export function SchedulesTab({ reference }: { reference: Reference }) {
  const [edits, setEdits] = useState<Schedule | "new">();
  const queryKey = ["schedules", wordOf(reference)];
  const schedules = useQuery({ queryKey, queryFn: () => read(reference) });
  return (
    <Panel
      title="Schedules"
      actions={
        <Button size="sm" onClick={() => setEdits("new")}>
          <Plus aria-hidden className="size-3.5" />
          Schedule a workflow
        </Button>
      }
    >
      {schedules.isPending && <Skeleton />}
      {schedules.isError && <Failure error={schedules.error} onRetry={() => void schedules.refetch()} />}
      {schedules.data?.entries.length === 0 && <Empty>No workflow is scheduled for this recipient.</Empty>}
      <ul className="divide-line divide-y">
        {schedules.data?.entries.map((schedule) => (
          <ScheduleRow key={schedule.id} schedule={schedule} queryKey={queryKey} onEdit={() => setEdits(schedule)} />
        ))}
      </ul>
      {edits && (
        <ScheduleDialog
          reference={reference}
          schedule={edits === "new" ? undefined : edits}
          queryKey={queryKey}
          onClose={() => setEdits(undefined)}
        />
      )}
    </Panel>
  );
}

function ScheduleRow({ schedule, queryKey, onEdit }: { schedule: Schedule; queryKey: string[]; onEdit: () => void }) {
  const queries = useQueryClient();
  const remove = async () => {
    await data(api.DELETE("/v1/schedules", { body: { schedule_ids: [schedule.id] } }));
    await queries.invalidateQueries({ queryKey });
    done("The schedule is removed.");
  };
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5">
      <span className="min-w-0 flex-1 basis-56">
        <Go to={paths.workflow(schedule.workflow)} className="font-medium hover:underline">
          {schedule.workflow}
        </Go>
        <span className="text-quiet block text-xs">
          {schedule.repeats.map(untilWords).join("; ") || "once"}
          {schedule.tenant && `, within ${schedule.tenant}`}
        </span>
      </span>
      <span className="text-quiet text-xs">
        {schedule.next_occurrence_at ? (
          <>
            next <Time at={schedule.next_occurrence_at} />
          </>
        ) : (
          "no more"
        )}
      </span>
      <Button size="sm" onClick={onEdit}>
        Change
      </Button>
      <Confirm
        trigger={
          <Button size="sm" kind="danger">
            Remove…
          </Button>
        }
        title="Remove the schedule?"
        action="Remove"
        onConfirm={remove}
      >
        <p>“{schedule.workflow}” no longer runs by itself for this recipient. Runs that there were stay.</p>
      </Confirm>
    </li>
  );
}

type ScheduleDialogProps = {
  reference: Reference;
  schedule: Schedule | undefined;
  queryKey: string[];
  onClose: () => void;
};

function ScheduleDialog({ reference, schedule, queryKey, onClose }: ScheduleDialogProps) {
  const queries = useQueryClient();
  const workflows = useWorkflows();
  const [workflow, setWorkflow] = useState(schedule?.workflow ?? "");
  const [kind, setKind] = useState<"repeats" | "once">(schedule && schedule.repeats.length === 0 ? "once" : "repeats");
  const [rule, setRule] = useState<Record<string, unknown>>(
    asObject(schedule?.repeats[0] ?? { frequency: "daily", hours: 9, minutes: 0 }),
  );
  const [at, setAt] = useState("");
  const [ends, setEnds] = useState("");
  const [tenant, setTenant] = useState(schedule?.tenant ?? "");
  const [values, setValues] = useState<unknown>(schedule?.data ?? {});
  const save = useMutation({
    mutationFn: () => {
      const { __typename, ...repeat } = rule;
      const when = {
        ...(kind === "repeats"
          ? { repeats: [repeat as Rule] }
          : at
            ? { scheduled_at: new Date(at).toISOString() }
            : {}),
        ...(ends && { ending_at: new Date(ends).toISOString() }),
        ...(tenant && { tenant }),
        data: asObject(values),
      };
      return schedule
        ? data(api.PUT("/v1/schedules", { body: { schedule_ids: [schedule.id], ...when } }))
        : data(
            api.POST("/v1/schedules", {
              body: {
                recipients: [
                  typeof reference === "string" ? reference : { id: reference.id, collection: reference.collection },
                ],
                workflow,
                ...when,
              },
            }),
          );
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey });
      onClose();
      done(schedule ? "The schedule is changed." : "The workflow is scheduled.");
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog title={schedule ? "Change the schedule" : "Schedule a workflow"} open onClose={onClose} wide>
      <form onSubmit={submit} className="grid gap-4">
        {!schedule && (
          <SelectField
            label="Workflow"
            required
            value={workflow}
            options={[
              { value: "", title: "Choose one" },
              ...(workflows.data ?? []).map(({ key, name }) => ({ value: key, title: name || key })),
            ]}
            onChange={(event) => setWorkflow(event.target.value)}
          />
        )}
        <div>
          <Segments
            label="When"
            value={kind}
            options={[
              ["repeats", "Again and again"],
              ["once", "Once"],
            ]}
            onChange={(next) => setKind(next === "once" ? "once" : "repeats")}
          />
        </div>
        {kind === "repeats" ? (
          <RuleField label="Rule" value={rule} onChange={setRule} />
        ) : (
          <Field
            label="At"
            type="datetime-local"
            required={!schedule}
            value={at}
            onChange={(event) => setAt(event.target.value)}
          />
        )}
        <div className="grid gap-4 sm:grid-cols-2">
          <Field
            label="Ends"
            type="datetime-local"
            value={ends}
            onChange={(event) => setEnds(event.target.value)}
            hint="Without it there is no end."
          />
          <TenantField value={tenant} onChange={setTenant} />
        </div>
        <JsonField label="Data" value={values} onChange={(next) => setValues(next ?? {})} />
        <FormFailure error={save.error} />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={save.isPending}>
            {schedule ? "Save" : "Schedule"}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

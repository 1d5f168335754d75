// The workspace that is looked at: from which significance on people are notified, and other workspaces beside it.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useBlocker, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { type FormEvent, useState } from "react";

import { Badge, Code } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { CopyButton } from "../../components/ui/copy-button";
import { cx } from "../../components/ui/cx";
import { Dialog, DialogActions } from "../../components/ui/dialog";
import { Field, Switch } from "../../components/ui/field";
import { Go } from "../../components/ui/go";
import { Facts, Failure, Page, Panel, Skeleton } from "../../components/ui/page";
import { done } from "../../components/ui/toast";
import { usePageActions } from "../../lib/actions";
import { api, data, type Schemas, useSession, useWorkspace } from "../../lib/api";
import { paths } from "../../lib/paths";
import { useCan } from "../../lib/role";
import { useSetUpHidden } from "../../lib/set-up";
import { histogram, meaningOf, reaching } from "./threshold";

type Workspace = Schemas["Workspace"];

export function WorkspacePage() {
  const workspace = useWorkspace();
  const can = useCan();
  const [adds, setAdds] = useState(false);
  usePageActions(can.configure ? [{ title: "New workspace", icon: <Plus />, run: () => setAdds(true) }] : []);
  if (!workspace) return null;
  return (
    <Page title="Workspace" lead="A workspace has its own sources, observations, webhook endpoints and Slack channel.">
      <div className="grid max-w-3xl gap-4">
        <Panel title="About">
          <Facts
            of={[
              ["Name", can.configure ? <Name key={workspace.id} workspace={workspace} /> : workspace.name],
              [
                "Id",
                <span key="id" className="flex items-center gap-1">
                  <Code>{workspace.id}</Code>
                  <CopyButton iconOnly text={workspace.id} label="Copy the id" />
                </span>,
              ],
              [
                "Webhooks",
                <Go key="app" to={paths.application(workspace.id)} className="text-bronze hover:underline">
                  Its endpoints and messages
                </Go>,
              ],
            ]}
          />
        </Panel>
        <Threshold key={workspace.id} workspace={workspace} canChange={can.configure} />
        <SetUpSwitch workspace={workspace.id} />
        <Workspaces current={workspace.id} onAdd={can.configure ? () => setAdds(true) : undefined} />
      </div>
      {adds && <NewWorkspace onClose={() => setAdds(false)} />}
    </Page>
  );
}

function Name({ workspace }: { workspace: Workspace }) {
  const queries = useQueryClient();
  const [name, setName] = useState(workspace.name);
  const save = useMutation({
    mutationFn: () =>
      data(api.PATCH("/api/workspaces/{id}", { params: { path: { id: workspace.id } }, body: { name: name.trim() } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["session"] });
      done(`The workspace is called ${name.trim()}`);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit} className="flex flex-wrap items-start gap-2">
      <span className="min-w-40 flex-1">
        <Field
          label="Name"
          hidesLabel
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
          problem={save.error?.message}
        />
      </span>
      <Button type="submit" disabled={name.trim() === workspace.name || !name.trim()} busy={save.isPending}>
        Rename
      </Button>
    </form>
  );
}

function useScores(workspace: string) {
  return useQuery({
    queryKey: ["observation", "scores", workspace],
    queryFn: async () =>
      (await data(api.GET("/api/observations", { params: { query: { workspace, limit: 200 } } }))).data.map(
        ({ significance }) => significance,
      ),
  });
}

function Threshold({ workspace, canChange }: { workspace: Workspace; canChange: boolean }) {
  const queries = useQueryClient();
  const scores = useScores(workspace.id);
  const [value, setValue] = useState(workspace.notify_threshold);
  const isChanged = value !== workspace.notify_threshold;
  const put = (notify_threshold: number) =>
    data(api.PATCH("/api/workspaces/{id}", { params: { path: { id: workspace.id } }, body: { notify_threshold } }));
  const save = useMutation({
    mutationFn: () => put(value),
    onSuccess: async () => {
      const before = workspace.notify_threshold;
      await queries.invalidateQueries({ queryKey: ["session"] });
      done(
        `People are notified from ${value} on`,
        () =>
          void put(before).then(() => {
            setValue(before);
            return queries.invalidateQueries({ queryKey: ["session"] });
          }),
      );
    },
  });
  useBlocker({
    shouldBlockFn: () =>
      isChanged && !save.isPending && !confirm("The new threshold is not saved. Leave all the same?"),
    enableBeforeUnload: isChanged,
  });
  return (
    <Panel title="Threshold of significance" note="from which on people are notified">
      <div className="grid gap-4 p-4">
        <p>
          Each observation has a significance from 0 to 100: what kind of event it is, words such as “security” or
          “typo” in its text, and how much it refers to. From the threshold on, the members of the organisation are
          notified, as each has set their preferences.
        </p>
        <div className="flex flex-wrap items-center gap-4">
          <input
            type="range"
            min={0}
            max={100}
            aria-label="Threshold"
            aria-describedby="threshold-meaning"
            value={value}
            disabled={!canChange}
            onChange={(event) => setValue(Number(event.target.value))}
            className="accent-bronze min-w-48 flex-1 cursor-pointer"
          />
          <Field
            label="Threshold as a number"
            hidesLabel
            type="number"
            min={0}
            max={100}
            disabled={!canChange}
            className="w-20! tabular-nums"
            value={value}
            onChange={(event) => setValue(Math.max(0, Math.min(100, Math.round(Number(event.target.value)))))}
          />
        </div>
        <Distribution scores={scores.data ?? []} threshold={value} />
        <p id="threshold-meaning" className="text-quiet min-h-10">
          {meaningOf(value)}
          {scores.data &&
            scores.data.length > 0 &&
            ` Of the latest ${scores.data.length} observations, ${reaching(scores.data, value)} reach ${value}.`}
        </p>
        {scores.isPending && <Skeleton lines={1} />}
        <Failure error={save.error} />
        {canChange && (
          <div className="flex gap-2">
            <Button kind="primary" disabled={!isChanged} busy={save.isPending} onClick={() => save.mutate()}>
              Save the threshold
            </Button>
            {isChanged && (
              <Button kind="ghost" onClick={() => setValue(workspace.notify_threshold)}>
                Back to {workspace.notify_threshold}
              </Button>
            )}
          </div>
        )}
      </div>
    </Panel>
  );
}

/** How the latest observations are spread, with those that reach the threshold in bronze. */
function Distribution({ scores, threshold }: { scores: number[]; threshold: number }) {
  const bars = histogram(scores);
  const most = Math.max(...bars, 1);
  return (
    <div aria-hidden className="flex h-16 items-end gap-1">
      {bars.map((count, at) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: the bars are ten, always
          key={at}
          title={`${at * 10}–${at === 9 ? 100 : at * 10 + 9}: ${count}`}
          className={cx("flex-1 rounded-t-sm", at * 10 + 9 < threshold ? "bg-line" : "bg-bronze")}
          style={{ height: `${Math.max(3, (100 * count) / most)}%` }}
        />
      ))}
    </div>
  );
}

function SetUpSwitch({ workspace }: { workspace: string }) {
  const [hidden, setHidden] = useSetUpHidden(workspace);
  return (
    <Panel title="Set-up list">
      <div className="flex items-center gap-3 p-4">
        <p className="flex-1">Shown on Home until all of it is done.</p>
        <Switch label="Show the set-up list on Home" checked={!hidden} onChange={(shows) => setHidden(!shows)} />
      </div>
    </Panel>
  );
}

function Workspaces({ current, onAdd }: { current: string; onAdd?: () => void }) {
  const session = useSession();
  const navigate = useNavigate();
  return (
    <Panel
      title="All workspaces"
      actions={
        onAdd && (
          <Button size="sm" onClick={onAdd}>
            <Plus aria-hidden className="size-3.5" />
            New workspace
          </Button>
        )
      }
    >
      <ul className="divide-line divide-y">
        {session.data?.workspaces.map(({ id, name, notify_threshold }) => (
          <li key={id} className="flex min-h-11 items-center gap-3 px-4">
            <span className="min-w-0 flex-1 truncate font-medium">{name}</span>
            <span className="text-quiet text-xs">threshold {notify_threshold}</span>
            {id === current ? (
              <Badge tone="bronze">this one</Badge>
            ) : (
              <Button size="sm" onClick={() => void navigate({ to: `/w/${id}/settings/workspace` })}>
                Go there
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function NewWorkspace({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const add = useMutation({
    mutationFn: () => data(api.POST("/api/workspaces", { body: { name: name.trim() } })),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ["session"] });
      done(`The workspace ${name.trim()} was made`);
      await navigate({ to: `/w/${id}${paths.integrations}` });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <Dialog
      title="New workspace"
      lead="It gets a webhook application of its own. All members of the organisation see it."
      open
      onClose={onClose}
    >
      <form onSubmit={submit}>
        <Field
          label="Name"
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
          problem={add.error?.message}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={add.isPending}>
            Make the workspace
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

// The models of a workspace: what serves, what is to take its place, what a language model may do, and what was used.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";

import { Badge } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { duration } from "../../components/ui/durations";
import { Switch } from "../../components/ui/field";
import { Go } from "../../components/ui/go";
import { Empty, Facts, Failure, Page, Panel, Skeleton } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { done } from "../../components/ui/toast";
import { api, data, type Schemas, useWorkspace } from "../../lib/api";
import { paths } from "../../lib/paths";
import { useCan } from "../../lib/role";
import { ModelTrial } from "./model-trial";
import { ModelUsage } from "./model-usage";
import { percent } from "./model-words";

type Models = Schemas["ModelOverview"];
type Patch = Schemas["WorkspaceSettingsPatch"];

export function ModelsPage() {
  const workspace = useWorkspace();
  const can = useCan();
  const models = useQuery({
    enabled: can.configure && Boolean(workspace),
    queryKey: ["models", workspace?.id],
    refetchInterval: 5000,
    queryFn: () => data(api.GET("/api/models", { params: { query: { workspace: workspace?.id } } })),
  });
  return (
    <Page
      title="Models"
      lead="Models find what means the same, order results, and read events again. Only the first is needed, and it comes with the server."
    >
      {!can.configure && <Empty>Managers and owners see the models.</Empty>}
      {can.configure && models.isPending && <Skeleton lines={6} />}
      <Failure error={models.error} onRetry={() => void models.refetch()} />
      {workspace && models.data && (
        <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
          <div className="grid min-w-0 gap-4">
            <Meaning of={models.data} />
            <Order of={models.data} />
          </div>
          <div className="grid min-w-0 gap-4">
            <Weight key={models.data.vectorWeight} workspace={workspace.id} of={models.data} />
            <Writer workspace={workspace.id} of={models.data} />
          </div>
          <ModelUsage of={models.data.usage} />
        </div>
      )}
    </Page>
  );
}

const KINDS: Record<string, string> = {
  "built-in": "within the server",
  folder: "of a folder, within the server",
  openai: "over HTTP, API of OpenAI",
  anthropic: "over HTTP, API of Anthropic",
  cohere: "over HTTP, API of Cohere",
  jina: "over HTTP, API of Jina",
  tei: "over HTTP, API of TEI",
  voyage: "over HTTP, API of Voyage",
};

/** A model as the server's settings name it. */
function Named({ model }: { model: Schemas["ModelView"] }) {
  return (
    <span className="flex flex-wrap items-center gap-2">
      <span className="font-medium break-all">{model.name}</span>
      <Badge tone="quiet">{KINDS[model.kind] ?? model.kind}</Badge>
    </span>
  );
}

function Origin({ names }: { names: string }) {
  return (
    <p className="text-quiet border-line border-t px-4 py-3 text-xs">
      Set by whoever runs the server, with {names}. What is in force is shown under{" "}
      <Go to={paths.system} className="text-bronze underline">
        System
      </Go>
      .
    </p>
  );
}

function Meaning({ of: { embedder, vectors } }: { of: Models }) {
  const { serving, building, previous, passages } = vectors;
  if (!embedder) {
    return (
      <Panel title="Meaning" note="what search compares beside words">
        <Empty>Search goes by words alone: memory_embedder is off.</Empty>
      </Panel>
    );
  }
  const facts: [string, ReactNode][] = [
    ["Model", <Named key="model" model={embedder} />],
    ["Vectors", embedder.dimensions ? `${embedder.dimensions} numbers each` : "not known before the first call"],
    ...(embedder.licence ? [["Licence", embedder.licence] as [string, ReactNode]] : []),
    ...(serving && serving.name !== embedder.name ? [["Serves meanwhile", serving.name] as [string, ReactNode]] : []),
    [
      "Passages",
      serving ? `${serving.done} of ${passages} have a vector` : passages > 0 ? "none has a vector yet" : "none yet",
    ],
    ...(previous
      ? [
          [
            "Before",
            <span key="before">
              {previous.name}, kept until <Time at={previous.until} className="text-sm!" />
            </span>,
          ] as [string, ReactNode],
        ]
      : []),
  ];
  return (
    <Panel title="Meaning" note="what search compares beside words" actions={<ModelTrial model="embedder" />}>
      <Facts of={facts} />
      {serving && !serving.isRunnable && (
        <p role="alert" className="text-warn px-4 pb-3">
          {serving.name} made the vectors and cannot be run any more. Search goes by words until the new ones are made.
        </p>
      )}
      {building && (
        <div className="border-line grid gap-2 border-t p-4">
          <p>
            <span className="font-medium">{building.name}</span> makes its vectors, and takes the place of{" "}
            {serving?.name} when all are there. Search goes on meanwhile.
          </p>
          <Bar label={`Vectors of ${building.name}`} share={passages > 0 ? building.done / passages : 1} />
          <p className="text-quiet text-xs tabular-nums">
            {building.done} of {passages}, {percent(passages > 0 ? building.done / passages : 1)}
            {typeof building.secondsLeft === "number" && `, about ${duration(building.secondsLeft * 1000)} left`}
          </p>
        </div>
      )}
      <Origin names="memory_embedder or embeddings_url" />
    </Panel>
  );
}

function Bar({ label, share }: { label: string; share: number }) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(100 * share)}
      className="bg-sunken h-2 overflow-hidden rounded-full"
    >
      <div className="bg-bronze h-full" style={{ width: `${100 * share}%` }} />
    </div>
  );
}

/** Changes the settings of the workspace, and reads them again. */
function useChange(workspace: string, told: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Patch) => data(api.PATCH("/api/models", { params: { query: { workspace } }, body })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["models", workspace] });
      done(told);
    },
  });
}

function Weight({ workspace, of: { embedder, vectorWeight, settings } }: { workspace: string; of: Models }) {
  const [value, setValue] = useState(Math.round(100 * vectorWeight));
  const change = useChange(workspace, "Searches weigh meaning anew");
  const isOwn = typeof settings.vectorWeight === "number";
  const isChanged = value !== Math.round(100 * vectorWeight);
  if (!embedder) return null;
  return (
    <Panel title="Words and meaning" note="in the score of a result">
      <div className="grid gap-4 p-4">
        <p>
          With more meaning, search finds what is said in other words. With less, what has the words of the query comes
          first.
        </p>
        <input
          type="range"
          min={0}
          max={100}
          step={5}
          aria-label="Share of meaning"
          aria-valuetext={`${value} % meaning, ${100 - value} % words`}
          value={value}
          onChange={(event) => setValue(Number(event.target.value))}
          className="accent-bronze w-full cursor-pointer"
        />
        <p className="tabular-nums">
          {value} % meaning, {100 - value} % words{isOwn ? "" : ", as the model has it"}
        </p>
        <Failure error={change.error} />
        <div className="flex flex-wrap gap-2">
          <Button
            kind="primary"
            disabled={!isChanged}
            busy={change.isPending}
            onClick={() => change.mutate({ vectorWeight: value / 100 })}
          >
            Save the shares
          </Button>
          {isOwn && (
            <Button kind="ghost" disabled={change.isPending} onClick={() => change.mutate({ vectorWeight: null })}>
              Leave it to the model
            </Button>
          )}
        </div>
      </div>
    </Panel>
  );
}

function Order({ of: { reranker } }: { of: Models }) {
  return (
    <Panel
      title="Order of results"
      note="by a model that reads them"
      actions={reranker && <ModelTrial model="reranker" />}
    >
      {reranker ? (
        <Facts
          of={[
            ["Model", <Named key="model" model={reranker} />],
            ["Used for", "the first 50 results, and 100 of a thorough search; never while somebody types"],
          ]}
        />
      ) : (
        <Empty>None is set. Results keep the order of words and meaning.</Empty>
      )}
      <Origin names="rerank_url" />
    </Panel>
  );
}

function Writer({ workspace, of: { writer, settings } }: { workspace: string; of: Models }) {
  const change = useChange(workspace, "The language model's tasks are changed");
  const tasks = [
    {
      name: "Classify events",
      about: "It reads significant events again. Where it is sure, its category takes the place of the patterns'.",
      on: settings.modelClassification,
      patch: (on: boolean): Patch => ({ modelClassification: on }),
    },
    {
      name: "Find entities",
      about: "It looks for names in long texts that patterns do not know: services, people, projects.",
      on: settings.modelEntities,
      patch: (on: boolean): Patch => ({ modelEntities: on }),
    },
    {
      name: "Summarise clusters",
      about: "It writes the summary of a cluster. Where it fails, sentences of the observations serve as before.",
      on: settings.modelSummaries,
      patch: (on: boolean): Patch => ({ modelSummaries: on }),
    },
  ];
  return (
    <Panel
      title="Language model"
      note="answers questions, and more if you wish"
      actions={writer && <ModelTrial model="writer" />}
    >
      {writer ? (
        <Facts of={[["Model", <Named key="model" model={writer} />]]} />
      ) : (
        <Empty>None is set. Answers and summaries are quotations, and patterns classify events.</Empty>
      )}
      <ul className="divide-line border-line divide-y border-t">
        {tasks.map(({ name, about, on, patch }) => (
          <li key={name} className="flex items-start gap-3 px-4 py-3">
            <div className="min-w-0 flex-1">
              <p className="font-medium">{name}</p>
              <p className="text-quiet text-xs">{about}</p>
            </div>
            <Switch
              label={name}
              checked={on}
              disabled={change.isPending || (!writer && !on)}
              onChange={(wanted) => change.mutate(patch(wanted))}
            />
          </li>
        ))}
      </ul>
      <Failure error={change.error} />
      <p className="text-quiet border-line border-t px-4 py-3 text-xs">
        Texts of events are sent to the model for these tasks. What it says is marked as the model's.
      </p>
      <Origin names="llm_url" />
    </Panel>
  );
}

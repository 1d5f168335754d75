// The queries of the workflow editor: the names it may use, the faults of the draft, and saving.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef } from "react";

import { done } from "../../../components/ui/toast";
import { ApiError, api, data } from "../../../lib/api";
import { useSettled } from "../../../lib/use-settled";
import { useWorkflows } from "../../../lib/workflow-names";
import { listQuery } from "../documents/client";
import { CHANNEL_GROUPS, LAYOUTS } from "../documents/kinds";
import { faultsOf } from "../parts/faults";
import type { Draft } from "../parts/use-draft";
import { versionsKey } from "../parts/use-versions";
import type { Doc } from "./document";
import { missing, type Problem, placed } from "./problems";

const PAGE = { params: { query: { page_size: 50 } } };

/** Channels, groups, layouts and other workflows by name, and the data of the last messages. */
export function useSurroundings(key: string) {
  const channels = useQuery({ queryKey: ["channels"], queryFn: () => data(api.GET("/v1/channels", PAGE)) });
  const groups = useQuery(listQuery(CHANNEL_GROUPS));
  const layouts = useQuery(listQuery(LAYOUTS));
  const workflows = useWorkflows();
  const messages = useQuery({
    queryKey: ["notification", "samples", key],
    queryFn: () => data(api.GET("/v1/messages", { params: { query: { source: [key], page_size: 5 } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return useMemo(
    () => ({
      channels: channels.data?.entries ?? [],
      groups: groups.data?.map(({ key }) => key) ?? [],
      layouts: layouts.data?.map(({ key }) => key) ?? [],
      workflows: workflows.data?.map(({ key, name }) => ({ key, name: name ?? key })) ?? [],
      samples: messages.data?.items.map(({ data }) => data) ?? [],
      isComplete: channels.isSuccess && groups.isSuccess && workflows.isSuccess,
    }),
    [
      channels.data,
      groups.data,
      layouts.data,
      workflows.data,
      messages.data,
      channels.isSuccess,
      groups.isSuccess,
      workflows.isSuccess,
    ],
  );
}

type Surroundings = ReturnType<typeof useSurroundings>;

/** The faults of the draft, as the server sees it once one pauses. */
export function useCheck(key: string, doc: Doc, around: Surroundings): Problem[] {
  const settled = useSettled(JSON.stringify(doc), 400);
  const check = useQuery({
    queryKey: ["workflow-check", key, settled],
    queryFn: async () => {
      const workflow = JSON.parse(settled) as Doc;
      const { error, response } = await api.PUT("/v1/workflows/{key}/validate", {
        params: { path: { key } },
        body: { workflow },
      });
      if (response.ok) return { doc: workflow, faults: [] };
      if (response.status !== 422) throw new ApiError(response.status, "The workflow could not be checked.");
      const faults = faultsOf(error);
      return { doc: workflow, faults: faults.length > 0 ? faults : [{ field: "workflow", message: "is not valid" }] };
    },
    placeholderData: (before) => before,
    gcTime: 0,
    retry: false,
  });
  return useMemo(() => {
    const known = around.isComplete
      ? { channels: around.channels, groups: around.groups, workflows: around.workflows.map(({ key }) => key) }
      : {};
    return [...placed(check.data?.faults ?? [], doc), ...missing(doc, known)];
  }, [check.data, doc, around]);
}

/** Saves the draft; with a message it is committed, and counts from then on. */
export function useSave(key: string, draft: Draft<Doc>) {
  const queries = useQueryClient();
  const ownSha = useRef<string>(undefined);
  const save = useMutation({
    mutationFn: async ({ message }: { message?: string }) => {
      const doc = draft.doc;
      const query = message === undefined ? {} : { commit: true, ...(message && { commit_message: message }) };
      const { workflow } = await data(
        api.PUT("/v1/workflows/{key}", { params: { path: { key }, query }, body: { workflow: doc } }),
      );
      return { doc, workflow };
    },
    onSuccess: ({ doc, workflow }, { message }) => {
      ownSha.current = workflow.sha;
      draft.markSaved(doc);
      queries.setQueryData(["workflows", key], workflow);
      void queries.invalidateQueries({ queryKey: ["workflow-list"] });
      void queries.invalidateQueries({ queryKey: versionsKey("workflow", key) });
      done(message === undefined ? "The draft is saved." : "Committed: runs use it from now on.");
    },
  });
  return { ...save, ownSha };
}

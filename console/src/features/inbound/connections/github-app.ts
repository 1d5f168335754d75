// The app at GitHub that accounts install: it is read, registered by a form that the browser sends to GitHub, and forgotten.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { ApiError, api, data, type Schemas } from "../../../lib/api";
import { useReturn } from "./connections";

export type GithubApp = Schemas["ConnectorApp"];

/** The id of the app that an operator has set up for all organisations of the server. */
const OF_SERVER = "server";
const QUERY = ["connector-app"];

export const isOfServer = ({ id }: Pick<GithubApp, "id">) => id === OF_SERVER;

/** The organisation's own app, or that of the whole server; `null` if there is none. */
export function useGithubApp(enabled = true) {
  return useQuery({
    queryKey: QUERY,
    enabled,
    queryFn: async () => (await data(api.GET("/api/connect/github/app"))).app ?? null,
  });
}

/** Begins to register an app, for an organisation at GitHub or for the person: the browser leaves for the page there. */
export function useRegisterApp() {
  const back = useReturn();
  return useMutation({
    mutationFn: async (owner: string | undefined) => {
      const { url, manifest } = await data(api.POST("/api/connect/github/app", { body: { ...back, owner } }));
      sendForm(url, { manifest });
    },
  });
}

export function useForgetApp() {
  const queries = useQueryClient();
  return async () => {
    await data(api.DELETE("/api/connect/github/app"));
    await queries.invalidateQueries({ queryKey: QUERY });
  };
}

/** Leaves for a page by a form that is sent in the same tab. */
function sendForm(url: string, fields: Record<string, string>) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = url;
  form.hidden = true;
  for (const [name, value] of Object.entries(fields)) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}

/** The reason why no app was begun: beside the field if the owner is at fault, else below the form. */
export function registrationFault(error: unknown): { field?: string; form?: string } {
  switch (error instanceof ApiError ? error.status : 0) {
    case 400:
      return { field: "GitHub has no such names. Enter the last part of the organisation's address there." };
    case 403:
      return { form: "Only owners and managers connect tools." };
    case 409:
      return { form: "Your organisation has an app at GitHub already. Install it, or forget it here first." };
    case 429:
      return { form: "You have begun too often. Try again in ten minutes." };
    default:
      return { form: (error as Error).message };
  }
}

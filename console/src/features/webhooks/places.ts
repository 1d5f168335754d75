// Where the pages of an application are. They stand in two routers: in the console below the application's own address, and in the portal
// at the top.

import type { Search } from "../../components/ui/go";

export type Place = { to: string; search?: Search };

export type Places = {
  endpoints: Place;
  newEndpoint: Place;
  endpoint: (id: string, tab?: string) => Place;
  editEndpoint: (id: string) => Place;
  messages: Place;
  message: (id: string) => Place;
  newMessage: Place;
};

function below(base: string, endpoints: Place, messages: Place): Places {
  return {
    endpoints,
    newEndpoint: { to: `${base}/endpoints/new` },
    endpoint: (id, tab) => ({ to: `${base}/endpoints/${encodeURIComponent(id)}`, search: tab ? { tab } : undefined }),
    editEndpoint: (id) => ({ to: `${base}/endpoints/${encodeURIComponent(id)}/edit` }),
    messages,
    message: (id) => ({ to: `${base}/messages/${encodeURIComponent(id)}` }),
    newMessage: { to: `${base}/messages/new` },
  };
}

/** In the console, below the application's page. */
export const placesOf = (application: string): Places =>
  below(application, { to: application }, { to: application, search: { tab: "messages" } });

export const PORTAL_PLACES: Places = below("", { to: "/" }, { to: "/messages" });

// The lists behind the menus of other steps. They are hidden: no Zap begins with them.

import { call } from "../server.js";

/** So many pages of a list are read at most. */
const PAGES = 4;
const SVIX_PAGE = 250;
const KNOCK_PAGE = 50;

/** A hidden trigger that lists choices, each with an `id` and a `name`. */
const choices = (key, noun, perform) => ({
  key,
  noun,
  display: { label: `List of ${noun}s`, description: "Lists the choices of a menu.", hidden: true },
  operation: { type: "polling", perform },
});

/** The items of a list, page by page: `read` takes a place in the list, and answers with items and the next place. */
async function everyPage(read) {
  const found = [];
  let place;
  for (let page = 0; page < PAGES; page += 1) {
    const { items, next } = await read(place);
    found.push(...items);
    place = next;
    if (!place) break;
  }
  return found;
}

const svixList = (z, bundle, path) =>
  everyPage(async (iterator) => {
    const page = await call(z, bundle, path, { params: { limit: SVIX_PAGE, iterator } });
    return { items: page.data, next: page.done ? undefined : page.iterator };
  });

export const workspaces = choices("workspace_list", "Workspace", async (z, bundle) => {
  const { data } = await call(z, bundle, "/api/workspaces");
  return data.map(({ id, name }) => ({ id, name }));
});

export const applications = choices("application_list", "Application", async (z, bundle) => {
  const found = await svixList(z, bundle, "/api/v1/app");
  return found.map(({ id, uid, name }) => ({ id: uid ?? id, name }));
});

export const eventTypes = choices("event_type_list", "Event Type", async (z, bundle) => {
  const found = await svixList(z, bundle, "/api/v1/event-type");
  return found.map(({ name }) => ({ id: name, name }));
});

export const workflows = choices("workflow_list", "Workflow", async (z, bundle) => {
  const found = await everyPage(async (after) => {
    const page = await call(z, bundle, "/v1/workflows", { params: { page_size: KNOCK_PAGE, after } });
    return { items: page.entries, next: page.page_info.after };
  });
  return found.map(({ key, name }) => ({ id: key, name: name ?? key }));
});

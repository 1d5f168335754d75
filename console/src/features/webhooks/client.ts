// The Svix API, as far as the pages of webhooks need it.

import { api, type Client, data, type Schemas, withToken } from "../../lib/api";
import { asList, isObject } from "../../lib/json";
import { exampleFrom } from "./schema-example";

export type Application = Schemas["SvixApplication"];
export type Attempt = Schemas["SvixAttemptWithMessage"];
export type Capability = Schemas["SvixCapability"];
export type Endpoint = Schemas["SvixEndpoint"];
export type EndpointIn = Schemas["SvixEndpointIn"];
export type EndpointPatch = Schemas["SvixEndpointPatch"];
export type EventType = Schemas["SvixEventType"];
export type Message = Schemas["SvixMessage"];
export type MessageEndpoint = Schemas["SvixMessageEndpoint"];
export type OperationalEndpoint = Schemas["SvixOperationalEndpoint"];
export type Period = Schemas["SvixPeriodIn"];
export type Simulation = Schemas["SvixSimulateIn"];
export type Task = Schemas["SvixTask"];
export type Transformation = Schemas["SvixTransformation"];
export type TransformationPatch = Schemas["SvixTransformationPatch"];

/** A page of a list. */
export type SvixPage<T> = { data: T[]; iterator: string | null; done: boolean };

/** Opens an application with the token of a portal's link. */
export async function openPortal({ appId, token }: { appId: string; token: string }) {
  const exchanged = await data(api.POST("/api/v1/auth/one-time-token", { body: { oneTimeToken: token } }));
  const capabilities = new Set(exchanged.capabilities);
  return {
    svix: withToken(exchanged.token),
    app: appId,
    can: (capability: Capability) => capabilities.has(capability),
  };
}

/** All event types, in as many pages as they take. */
export async function allEventTypes(svix: Client, includeArchived = false): Promise<EventType[]> {
  const all: EventType[] = [];
  let iterator: string | undefined;
  do {
    const query = { limit: 250, with_content: true, include_archived: includeArchived, iterator };
    const page = await data(svix.GET("/api/v1/event-type", { params: { query } }));
    all.push(...page.data);
    iterator = page.done ? undefined : (page.iterator ?? undefined);
  } while (iterator);
  return all;
}

/** The versions of an event type's schema, the newest first. */
export function versionsOf({ schemas }: EventType): string[] {
  return Object.keys(schemas ?? {}).sort((a, b) => Number(b) - Number(a) || b.localeCompare(a));
}

/** The JSON Schema of a payload: of a version, or the newest. */
export function schemaOf(type: EventType, version = versionsOf(type)[0]): Record<string, unknown> | undefined {
  const schema = version === undefined ? undefined : type.schemas?.[version];
  return isObject(schema) ? schema : undefined;
}

/** The first example that the schema gives, or else one made from it. */
export function exampleOf(type: EventType, version?: string): unknown {
  const schema = schemaOf(type, version);
  return schema && (asList(schema.examples)[0] ?? exampleFrom(schema));
}

/** By the group's name, or by what stands before the first dot. */
export function grouped(types: EventType[]): [group: string, members: EventType[]][] {
  const groups = new Map<string, EventType[]>();
  for (const type of types) {
    const group = type.groupName ?? (type.name.includes(".") ? type.name.slice(0, type.name.indexOf(".")) : "");
    groups.set(group, [...(groups.get(group) ?? []), type]);
  }
  return [...groups].sort(([a], [b]) => a.localeCompare(b));
}

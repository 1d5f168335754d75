// The endpoint that a Zap has at the server while it is switched on, and the proof that a delivery is the server's.

import { Webhook } from "standardwebhooks";

import { call, fault, filled } from "./server.js";

const LARGEST_DELIVERY = 5 * 1024 * 1024;
/** Tells the endpoints of Zaps from others; the console counts them. */
const MARK = { via: "zapier" };

const endpointPath = (application, id = "") =>
  `/api/v1/app/${encodeURIComponent(application)}/endpoint${id && `/${encodeURIComponent(id)}`}`;

/**
 * Creates the endpoint of a Zap. The endpoint sends nothing until its script, if it has one, is in place. If any step fails,
 * the endpoint is deleted again, and the Zap is not switched on.
 *
 * @param {{ application: string, eventType: string, channel?: string, title: string, script?: { code: string, variables: object } }} wanted
 * @returns the data that Zapier keeps for the Zap: the endpoint, its application, and the secret that signs its deliveries
 */
export async function subscribe(z, bundle, { application, eventType, channel, title, script }) {
  const spec = {
    url: bundle.targetUrl,
    description: `Zapier: ${title}`,
    eventTypes: [eventType],
    channels: channel ? [channel] : undefined,
    disabled: script !== undefined,
    metadata: MARK,
  };
  const { id } = await call(z, bundle, endpointPath(application), { method: "POST", body: filled(spec) });
  const path = endpointPath(application, id);
  try {
    const { key } = await call(z, bundle, `${path}/secret`);
    if (script) {
      await call(z, bundle, `${path}/transformation`, { method: "PATCH", body: { ...script, enabled: true } });
      await call(z, bundle, path, { method: "PATCH", body: { disabled: false } });
    }
    return { id, application, secret: key };
  } catch (error) {
    await call(z, bundle, path, { method: "DELETE" }).catch(() => undefined);
    throw error;
  }
}

/** Deletes the endpoint of a Zap. One that somebody has deleted already is no error. */
export async function unsubscribe(z, bundle) {
  const { id, application } = bundle.subscribeData;
  await call(z, bundle, endpointPath(application, id), { method: "DELETE", mayBeMissing: true });
  return { id };
}

/** The headers of a delivery by their names in small letters. Zapier puts `Http-` before each name. */
const headersOf = ({ headers = {} }) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase().replace(/^http-/, ""), value]));

/**
 * The message of a delivery: its id, the time at which it was sent, and its payload.
 *
 * The signature is over the body as it came, so the body that Zapier has parsed is not used. Deliveries that are older than
 * five minutes are refused, as somebody may have recorded them.
 */
export function verified(z, bundle) {
  const { rawRequest = {}, subscribeData = {} } = bundle;
  const body = rawRequest.content ?? "";
  if (body.length > LARGEST_DELIVERY) throw fault(z, "The delivery has more than 5 MiB.", "DELIVERY");
  const headers = headersOf(rawRequest);
  let payload;
  try {
    payload = new Webhook(subscribeData.secret).verify(body, headers);
  } catch (error) {
    const reason = error instanceof SyntaxError ? "its payload is not JSON" : error.message;
    throw fault(z, `The delivery was not accepted: ${reason}. If the secret of the endpoint was changed, switch the Zap off and on.`, "DELIVERY");
  }
  const sentAt = new Date(Number(headers["webhook-timestamp"]) * 1_000).toISOString();
  return { id: headers["webhook-id"], sentAt, payload };
}

// Calls to a Campanile server: its address, the limits of a call, and refusals in words.

const TIMEOUT_MS = 20_000;
const LARGEST_ANSWER = 5 * 1024 * 1024;
const LONGEST_REASON = 500;
/** A key is sent in clear to these alone: it does not leave the machine. */
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

const LOST_KEY = "The server does not accept this API key. An owner makes another one in the console under Settings, Keys.";

export const fault = (z, sentence, code, status) => new z.errors.Error(sentence, code, status);

/** The address of the server, without a path: a page of the console stands for its server. */
export function addressOf(z, { authData }) {
  const text = String(authData.server_url ?? "").trim();
  const whole = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(whole)) throw fault(z, "The server address is no address, such as https://campanile.example.com.", "ADDRESS");
  const { protocol, hostname, origin } = new URL(whole);
  const isPrivate = protocol === "https:" || (protocol === "http:" && LOOPBACK.includes(hostname));
  if (!isPrivate) throw fault(z, "The server address must begin with https://, so that the key is not sent in clear.", "ADDRESS");
  return origin;
}

function keyOf(z, { authData }) {
  const key = String(authData.api_key ?? "").trim();
  if (!/^[\x21-\x7e]{1,512}$/.test(key)) throw fault(z, "The API key is empty, or has characters that no key has.", "KEY");
  return key;
}

/** The answer of the server as JSON; nothing if there is no such thing and `mayBeMissing`, or if the answer has no body. */
export async function call(z, bundle, path, { method = "GET", params, body, mayBeMissing = false } = {}) {
  const server = addressOf(z, bundle);
  // By this name Zapier tells calls of apps, which it logs already, from others.
  const headers = { accept: "application/json", "user-agent": "Zapier", authorization: `Bearer ${keyOf(z, bundle)}` };
  if (body) headers["content-type"] = "application/json";
  const response = await z
    .request({
      url: server + path,
      method,
      headers,
      params: filled(params),
      body: body && JSON.stringify(body),
      timeout: TIMEOUT_MS,
      size: LARGEST_ANSWER,
      // A redirect would take the key to an address that nobody has entered.
      redirect: "manual",
      skipThrowForStatus: true,
      // The values of people may contain `{{bundle.…}}`, which Zapier refuses otherwise.
      merge: false,
    })
    .catch((error) => {
      throw error.name === "FetchError" ? unreachable(z, server, error) : error;
    });
  const { status, data, content } = response;
  if (status === 404 && mayBeMissing && reasonOf(data)) return undefined;
  if (status >= 200 && status < 300 && !content) return undefined;
  if (status >= 200 && status < 300 && data) return data;
  throw refusal(z, server, response);
}

/** The values that are given. Zapier has an empty text where nothing was entered. */
export function filled(values = {}) {
  const isGiven = (value) => value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(values).filter(([, value]) => isGiven(value)));
}

function unreachable(z, server, { type, code }) {
  switch (type) {
    case "request-timeout":
    case "body-timeout":
      return fault(z, `${server} did not answer within ${TIMEOUT_MS / 1_000} seconds.`, "TIMEOUT");
    case "max-size":
      return fault(z, `${server} answered with more than 5 MiB.`, "TOO_LARGE");
    default:
      return fault(z, `${server} cannot be reached (${code ?? type}). Is it the right address, and open to the Internet?`, "UNREACHABLE");
  }
}

/** The error for an answer that no Campanile server gives. */
export const strange = (z, server, status) =>
  fault(z, `${server} does not answer like a Campanile server (status ${status}).`, "NOT_CAMPANILE", status);

/** The error for an answer that is no success. */
function refusal(z, server, { status, data, headers }) {
  const reason = reasonOf(data);
  if (status >= 300 && status < 400) {
    const target = headers.get("location") ?? "another address";
    return fault(z, `${server} redirects to ${target.slice(0, LONGEST_REASON)}. Enter the address behind it.`, "REDIRECT", status);
  }
  if (!reason) return strange(z, server, status);
  if (status === 401) return new z.errors.ExpiredAuthError(LOST_KEY);
  if (status === 403) return fault(z, `This API key may not do that: ${reason}`, "FORBIDDEN", status);
  return fault(z, `The server refused it: ${reason}`, "REFUSED", status);
}

/** The sentence of an error of any of the server's APIs. */
function reasonOf(data) {
  const { detail, message, errors } = data ?? {};
  const parts = (list, line) => list.map(line).join("; ");
  const sentence = Array.isArray(detail)
    ? parts(detail, ({ loc, msg }) => `${loc.slice(1).join(".")}: ${msg}`)
    : Array.isArray(errors) && errors.length > 0
      ? parts(errors, ({ field, message: text }) => `${field}: ${text}`)
      : (detail ?? message);
  return typeof sentence === "string" ? sentence.slice(0, LONGEST_REASON) : undefined;
}

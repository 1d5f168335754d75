// A delivery as each provider would send it, signed with a source's secret: to see that all is connected before the provider is.

import type { ProviderKey } from "./providers";

export type Sample = {
  headers: Record<string, string>;
  body: string;
  /** The hash that signs the body; without one, the secret itself is sent. */
  hash?: "SHA-256" | "SHA-1";
  signature: { header: string; prefix: string };
};

const person = { id: 1, login: "campanile" };

function payloads(now: Date): Record<ProviderKey, { event: string; body: unknown }> {
  const at = now.toISOString();
  return {
    github: {
      event: "release",
      body: {
        action: "published",
        release: {
          tag_name: "v1.0.0",
          name: "Sample release",
          body: "A sample that was sent from the console.",
          target_commitish: "main",
          published_at: at,
          author: person,
          html_url: "https://github.com/acme/shop/releases/1",
        },
        repository: { id: 1, full_name: "acme/shop", default_branch: "main" },
        sender: person,
      },
    },
    vercel: {
      event: "deployment.succeeded",
      body: {
        id: `evt_${now.getTime()}`,
        type: "deployment.succeeded",
        createdAt: now.getTime(),
        payload: {
          deployment: { id: "dpl_sample", name: "shop", url: "shop.example.com", meta: {} },
          project: { id: "prj_sample" },
          name: "shop",
          url: "shop.example.com",
          target: "production",
          user: { id: "u1" },
          team: { id: "t1" },
          links: { deployment: "https://vercel.com/acme/shop/1" },
        },
      },
    },
    linear: {
      event: "Issue",
      body: {
        action: "create",
        type: "Issue",
        createdAt: at,
        webhookTimestamp: now.getTime(),
        url: "https://linear.app/acme/issue/ENG-1",
        actor: { id: "a1", name: "Ada", type: "user" },
        data: {
          id: "sample-1",
          identifier: "ENG-1",
          number: 1,
          title: "Sample issue",
          description: "Sent from the console.",
          createdAt: at,
          updatedAt: at,
          url: "https://linear.app/acme/issue/ENG-1",
          priority: 1,
          team: { id: "t1", key: "ENG", name: "Engineering" },
          state: { id: "s", name: "Todo", type: "unstarted" },
        },
        organizationId: "o1",
        webhookId: "w1",
      },
    },
    sentry: {
      event: "issue",
      body: {
        action: "created",
        actor: { id: "sentry", name: "Sentry", type: "application" },
        installation: { uuid: "i" },
        data: {
          issue: {
            id: "1",
            shortId: "SHOP-1",
            title: "TypeError: a sample",
            culprit: "checkout",
            level: "error",
            status: "unresolved",
            platform: "javascript",
            firstSeen: at,
            lastSeen: at,
            count: "1",
            userCount: 1,
            project: { id: "1", slug: "shop", name: "shop" },
            type: "error",
            metadata: { value: "a sample", type: "TypeError" },
            web_url: "https://acme.sentry.io/issues/1/",
          },
        },
      },
    },
    pagerduty: {
      event: "incident.triggered",
      body: {
        event: {
          id: `sample-${now.getTime()}`,
          event_type: "incident.triggered",
          resource_type: "incident",
          occurred_at: at,
          agent: { id: "P1", type: "user_reference", summary: "Ada" },
          data: {
            id: "PSAMPLE",
            type: "incident",
            number: 1,
            status: "triggered",
            title: "Sample incident",
            urgency: "high",
            html_url: "https://acme.pagerduty.com/incidents/PSAMPLE",
            service: { id: "PSVC", type: "service_reference", summary: "Checkout" },
          },
        },
      },
    },
    gitlab: {
      event: "Merge Request Hook",
      body: {
        object_kind: "merge_request",
        user: { id: 1, name: "Ada", username: "ada" },
        project: { id: 1, path_with_namespace: "acme/shop", default_branch: "main" },
        object_attributes: {
          id: 1,
          iid: 1,
          action: "open",
          state: "opened",
          title: "Sample merge request",
          description: "Sent from the console.",
          source_branch: "sample",
          target_branch: "main",
          created_at: at,
          updated_at: at,
          url: "https://gitlab.com/acme/shop/-/merge_requests/1",
        },
      },
    },
  };
}

export function sampleOf(provider: ProviderKey, id: string, now = new Date()): Sample {
  const { event, body } = payloads(now)[provider];
  const json = { "content-type": "application/json" };
  const text = JSON.stringify(body);
  switch (provider) {
    case "github":
      return {
        headers: { ...json, "x-github-event": event, "x-github-delivery": id },
        body: text,
        hash: "SHA-256",
        signature: { header: "x-hub-signature-256", prefix: "sha256=" },
      };
    case "vercel":
      return { headers: json, body: text, hash: "SHA-1", signature: { header: "x-vercel-signature", prefix: "" } };
    case "linear":
      return {
        headers: { ...json, "linear-delivery": id, "linear-event": event },
        body: text,
        hash: "SHA-256",
        signature: { header: "linear-signature", prefix: "" },
      };
    case "sentry":
      return {
        headers: {
          ...json,
          "sentry-hook-resource": event,
          "sentry-hook-timestamp": String(Math.floor(now.getTime() / 1000)),
        },
        body: text,
        hash: "SHA-256",
        signature: { header: "sentry-hook-signature", prefix: "" },
      };
    case "pagerduty":
      return {
        headers: { ...json, "x-webhook-id": id },
        body: text,
        hash: "SHA-256",
        signature: { header: "x-pagerduty-signature", prefix: "v1=" },
      };
    case "gitlab":
      return {
        headers: { ...json, "x-gitlab-event": event, "idempotency-key": id },
        body: text,
        signature: { header: "x-gitlab-token", prefix: "" },
      };
  }
}

/** Browsers sign only on pages of HTTPS or of this machine. */
export const canSign = () => globalThis.crypto?.subtle !== undefined;

async function signed(secret: string, { body, hash }: Sample): Promise<string> {
  if (!hash) return secret;
  const bytes = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", bytes.encode(secret), { name: "HMAC", hash }, false, ["sign"]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes.encode(body)));
  return [...mac].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Sends a sample as the provider would, and answers with what the server said. */
export async function sendSample(provider: ProviderKey, path: string, secret: string): Promise<Response> {
  const sample = sampleOf(provider, crypto.randomUUID());
  const { header, prefix } = sample.signature;
  const headers = { ...sample.headers, [header]: prefix + (await signed(secret, sample)) };
  return fetch(`/api/ingest/${provider}/${encodeURIComponent(path)}`, {
    method: "POST",
    headers,
    body: sample.body,
    credentials: "omit",
  });
}

/** The same as a line for the shell, where `SECRET` is the source's secret. */
export function sampleCurl(provider: ProviderKey, address: string, secret?: string): string {
  const sample = sampleOf(provider, "sample-1");
  const { header, prefix } = sample.signature;
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const headers = Object.entries(sample.headers).map(
    ([name, value]) =>
      `  -H "${name}: ${name === "sentry-hook-timestamp" ? "$(date +%s)" : value.replace("sample-1", "$(uuidgen)")}" \\`,
  );
  return [
    `SECRET=${secret ? quoted(secret) : '"the secret of the source"'}`,
    `BODY=${quoted(sample.body)}`,
    sample.hash
      ? `SIGNATURE=$(printf %s "$BODY" | openssl dgst -${sample.hash === "SHA-1" ? "sha1" : "sha256"} -hmac "$SECRET" | sed 's/^.* //')`
      : "SIGNATURE=$SECRET",
    `curl ${address} \\`,
    ...headers,
    `  -H "${header}: ${prefix}$SIGNATURE" \\`,
    `  --data-raw "$BODY"`,
  ].join("\n");
}

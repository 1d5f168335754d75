// The header by which each provider's deliveries are verified.

const HEADERS: Record<string, string> = {
  github: "x-hub-signature-256",
  vercel: "x-vercel-signature",
  linear: "linear-signature",
  sentry: "sentry-hook-signature",
  pagerduty: "x-pagerduty-signature",
  gitlab: "webhook-signature",
};

export function signatureOf(provider: string, headers: unknown): string | undefined {
  const name = HEADERS[provider];
  return name && typeof headers === "object" && headers !== null && name in headers ? name : undefined;
}

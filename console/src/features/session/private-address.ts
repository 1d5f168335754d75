// Hosts that nobody outside reaches: this machine, and private networks.

export function isPrivate(host: string): boolean {
  return (
    /^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|\[::1\]|\[f[cd])/.test(host) ||
    host.endsWith(".local") ||
    host.endsWith(".localhost")
  );
}

/** The obstacles that keep others from a page's address, or from using it safely. */
export function problemOf({
  protocol,
  hostname,
}: Pick<Location, "protocol" | "hostname">): "private" | "plain" | undefined {
  if (isPrivate(hostname)) return "private";
  return protocol === "http:" ? "plain" : undefined;
}

// A check for addresses in private networks, which servers refuse to send to unless their operator allows it.

export function isPrivateAddress(text: string): boolean {
  const host = hostOf(text);
  if (!host) return false;
  if (host === "localhost" || /\.(localhost|local|internal)$/.test(host)) return true;
  if (host.startsWith("[")) return /^\[(::1|::|f[cd][0-9a-f]{2}:.*|fe[89ab][0-9a-f]:.*|::ffff:.*)\]$/i.test(host);
  const parts = host.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part))) return false;
  const [a = 0, b = 0] = parts;
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 100 && b >= 64 && b < 128)
  );
}

function hostOf(text: string): string | undefined {
  try {
    const { protocol, hostname } = new URL(text);
    return protocol === "http:" || protocol === "https:" ? hostname : undefined;
  } catch {
    return undefined;
  }
}

// The key of a portal's link, out of its fragment. A page that is loaded again has lost it, and finds it where the
// browser keeps it for this tab, if it may.

export type Key = { appId: string; token: string };

const KEPT = "campanile.portal";

export function keyOf(hash: string): Key | undefined {
  const word = new URLSearchParams(hash.replace(/^#/, "")).get("key");
  const key = word ? read(atobSafely(word)) : read(kept());
  if (key && word) keep(JSON.stringify(key));
  return key;
}

function read(text: string | undefined): Key | undefined {
  try {
    const { appId, token } = JSON.parse(text ?? "") as Partial<Key>;
    return appId && token ? { appId, token } : undefined;
  } catch {
    return undefined;
  }
}

function atobSafely(word: string): string | undefined {
  try {
    // A `+` of base64 reads as a space in a query.
    return atob(word.replaceAll(" ", "+"));
  } catch {
    return undefined;
  }
}

// Browsers may forbid storage within a frame of another site.
function kept(): string | undefined {
  try {
    return sessionStorage.getItem(KEPT) ?? undefined;
  } catch {
    return undefined;
  }
}

function keep(text: string) {
  try {
    sessionStorage.setItem(KEPT, text);
  } catch {
    // The page lives as long as it is not loaded again.
  }
}

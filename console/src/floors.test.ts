import { expect, test } from "vitest";

// Every file of the console, as text.
const files = import.meta.glob<string>("./**/*.{ts,tsx}", { query: "?raw", import: "default", eager: true });
const FLOORS = ["lib", "components", "features", "app"];

const floorOf = (path: string) => path.split("/")[1] ?? "";
const featureOf = (path: string) => (floorOf(path) === "features" ? path.split("/")[2] : undefined);

/** The files that a file imports, from the folder of sources. */
function imported(path: string, text: string): string[] {
  const found = [...text.matchAll(/from "(\.[^"]+)"|import\("(\.[^"]+)"\)/g)].flatMap(
    ([, one, two]) => one ?? two ?? [],
  );
  return found.map((to) => `.${new URL(to, `https://sources${path.slice(1)}`).pathname}`);
}

const imports = Object.entries(files).flatMap(([path, text]) => imported(path, text).map((to) => [path, to] as const));

test("imports point down: lib, components, features, app", () => {
  const up = imports.filter(([from, to]) => {
    const [low, high] = [FLOORS.indexOf(floorOf(from)), FLOORS.indexOf(floorOf(to))];
    return low >= 0 && high > low;
  });
  expect(up.map(([from, to]) => `${from} imports ${to}`)).toEqual([]);
});

test("features do not import each other", () => {
  const across = imports.filter(([from, to]) => {
    const [one, other] = [featureOf(from), featureOf(to)];
    return one && other && one !== other;
  });
  expect(across.map(([from, to]) => `${from} imports ${to}`)).toEqual([]);
});

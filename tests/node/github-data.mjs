// The data of repositories at the stand-in of GitHub: files at the head of the default branch, and lists of what happened.

import { createHash } from "node:crypto";

const sha = (text) => createHash("sha1").update(text).digest("hex");
const ok = (body, headers) => ({ status: 200, body, headers });

const user = { id: 7, login: "ada", type: "User" };
const yesterday = () => new Date(Date.now() - 86_400_000).toISOString();

/** An issue that was opened a day ago. */
export function issue(number, title) {
  const at = yesterday();
  const html_url = `https://github.com/acme/shop/issues/${number}`;
  return { id: 20_000 + number, number, title, body: "", state: "open", user, labels: [], created_at: at, updated_at: at, closed_at: null, html_url };
}

/** A pull request that was opened and merged a day ago. */
export function pull(number, title) {
  const at = yesterday();
  return {
    id: 10_000 + number,
    number,
    title,
    body: "",
    state: "closed",
    user,
    created_at: at,
    updated_at: at,
    closed_at: at,
    merged_at: at,
    merged_by: user,
    head: { ref: `fix/${number}`, sha: sha(title) },
    base: { ref: "main", repo: { default_branch: "main" } },
    html_url: `https://github.com/acme/shop/pull/${number}`,
  };
}

/** Serves the files of repositories: `files` has a map of paths to contents for each, by its name. */
export function filesOf(files) {
  const blobs = new Map();
  const trees = new Map();
  const blobOf = (content) => {
    const hash = sha(`blob ${content}`);
    blobs.set(hash, content);
    return hash;
  };
  /** The hash of a directory, whose entries are kept. */
  const treeOf = (name, folder, all) => {
    const entries = new Map();
    for (const [path, content] of Object.entries(all)) {
      if (!path.startsWith(folder)) continue;
      const [step, ...rest] = path.slice(folder.length).split("/");
      const within = rest.length > 0;
      const hash = within ? treeOf(name, `${folder}${step}/`, all) : blobOf(content);
      entries.set(step, { path: step, mode: within ? "040000" : "100644", type: within ? "tree" : "blob", sha: hash, size: within ? undefined : content.length });
    }
    const hash = sha(`${name} ${folder} ${JSON.stringify([...entries.values()])}`);
    trees.set(hash, [...entries.values()]);
    return hash;
  };
  const whole = (hash, folder = "") =>
    trees.get(hash).flatMap((entry) => [{ ...entry, path: folder + entry.path }, ...(entry.type === "tree" ? whole(entry.sha, `${folder}${entry.path}/`) : [])]);
  const headOf = (name) => treeOf(name, "", files[name] ?? { "README.md": "# Nothing\n" });

  return ({ method, steps, query }, github) => {
    if (method !== "GET") return undefined;
    if (steps[0] === "repositories") {
      const found = github.repositories.find(({ id }) => String(id) === steps[1]);
      return found && ok(found);
    }
    const [repos, owner, repository, git, kind, hash] = steps;
    if (repos !== "repos" || git !== "git") return undefined;
    if (kind === "ref") return ok({ object: { type: "commit", sha: headOf(`${owner}/${repository}`) } });
    if (kind === "trees" && trees.has(hash)) return ok({ sha: hash, tree: query.recursive ? whole(hash) : trees.get(hash), truncated: false });
    if (kind === "blobs" && blobs.has(hash)) return ok({ sha: hash, encoding: "base64", content: Buffer.from(blobs.get(hash)).toString("base64") });
    return undefined;
  };
}

/** Serves the lists of repositories: `lists` has the items of each list, by the name of the repository and the path behind it. */
export function listsOf(lists) {
  return ({ method, steps, query }, github) => {
    const [repos, owner, name, ...rest] = steps;
    const found = repos === "repos" && github.repositories.find(({ full_name }) => full_name === `${owner}/${name}`);
    if (!found || method !== "GET") return undefined;
    const list = rest.join("/");
    if (list === "") return ok(found);
    if (!["pulls", "issues", "issues/comments", "pulls/comments", "releases"].includes(list)) return undefined;
    if (github.limitedUntil > Date.now()) {
      const reset = String(Math.ceil(github.limitedUntil / 1_000));
      return { status: 403, body: { message: "API rate limit exceeded" }, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset } };
    }
    const items = lists[found.full_name]?.[list] ?? [];
    const size = Number(query.per_page ?? 30);
    const page = Number(query.page ?? 1);
    const last = Math.max(1, Math.ceil(items.length / size));
    const at = (number) => `${github.url}/${steps.join("/")}?${new URLSearchParams({ ...query, page: number })}`;
    const headers = page < last ? { link: `<${at(page + 1)}>; rel="next", <${at(last)}>; rel="last"` } : {};
    return ok(items.slice((page - 1) * size, page * size), headers);
  };
}

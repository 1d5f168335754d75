// A Markdown page as its sections, so that each heading can be linked to and each section found.

export type Section = {
  /** 1 for the page's title. */
  level: number;
  title: string;
  /** Its name in the address, as GitHub makes it. */
  slug: string;
  body: string;
};

export function sectionsOf(text: string): Section[] {
  const sections: Section[] = [];
  const slugs = new Map<string, number>();
  let inCode = false;
  let lines: string[] = [];
  const close = () => {
    const section = sections.at(-1);
    if (section) section.body = lines.join("\n").trim();
    lines = [];
  };
  for (const line of text.split("\n")) {
    if (/^\s*(```|~~~)/.test(line)) inCode = !inCode;
    const [, marks, title] = (!inCode && /^(#{1,4})\s+(.+?)\s*#*$/.exec(line)) || [];
    if (!marks || !title) {
      lines.push(line);
      continue;
    }
    close();
    const name = slugOf(title);
    const times = slugs.get(name) ?? 0;
    slugs.set(name, times + 1);
    sections.push({ level: marks.length, title: plainTitle(title), slug: times ? `${name}-${times}` : name, body: "" });
  }
  close();
  return sections;
}

const plainTitle = (title: string) => title.replace(/[`*_]/g, "");

export function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s-]/gu, "")
    .trim()
    .replace(/\s/g, "-");
}

/**
 * Links to other pages of the documentation as links within the console; `to` makes the address of a page. Files that are not
 * served lose their link and keep their words.
 */
export function withLinks(body: string, to: (page: string) => string | undefined): string {
  return body.replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, (whole, text: string, target: string) => {
    if (/^(https?:|mailto:|#|\/)/.test(target)) return whole;
    if (target === "openapi.json") return `[${text}](/openapi.json)`;
    const [, page, anchor = ""] = /^([\w-]+)\.md(#[\w-]+)?$/.exec(target) ?? [];
    const address = page && to(page);
    return address ? `[${text}](${address}${anchor})` : text;
  });
}

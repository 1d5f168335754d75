// How the page that embeds the portal wants it to look: `darkMode`, `primaryColor` (or one for each theme), `fontFamily`,
// `noGutters`.

export function dress(query: URLSearchParams) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const wanted = query.get("darkMode");
  const wear = () => {
    const dark = wanted === "true" || (wanted !== "false" && system.matches);
    root.classList.toggle("dark", dark);
    const colour = colourOf(query.get(dark ? "primaryColorDark" : "primaryColorLight") ?? query.get("primaryColor"));
    if (!colour) return;
    root.style.setProperty("--bronze", colour);
    root.style.setProperty("--on-bronze", isLight(colour) ? "#111" : "#fff");
  };
  wear();
  system.addEventListener("change", wear);
  const font = query.get("fontFamily");
  if (font && /^[\w \-,]+$/.test(font))
    root.style.setProperty("--font-sans", `${font}, ui-sans-serif, system-ui, sans-serif`);
  if (query.get("noGutters") === "true") root.dataset.noGutters = "";
}

/** `#rgb`, `#rrggbb`, with or without the sign; nothing else becomes a style. */
function colourOf(word: string | null): string | undefined {
  const digits = word?.replace(/^#/, "");
  if (!digits || !/^([0-9a-f]{3}|[0-9a-f]{6})$/i.test(digits)) return undefined;
  return `#${digits.length === 3 ? [...digits].map((digit) => digit + digit).join("") : digits}`;
}

/** True if dark text is easier to read on it (WCAG's relative luminance). */
function isLight(colour: string): boolean {
  const part = (at: number) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5) > 0.18;
}

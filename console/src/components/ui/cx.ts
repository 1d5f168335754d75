/** Joins class names and leaves out what is false or empty: `cx("px-2", active && "bg-raised")`. */
export function cx(...parts: (string | false | null | undefined)[]): string {
  return parts.filter(Boolean).join(" ");
}

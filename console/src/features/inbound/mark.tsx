// A provider's mark: a letter in a box, since logos are not ours to show.

const LETTERS: Record<string, string> = { github: "Gh", vercel: "Ve", linear: "Li", sentry: "Se" };

export function Mark({ provider }: { provider: string }) {
  return (
    <span
      aria-hidden
      className="bg-sunken border-line grid size-9 shrink-0 place-items-center rounded-lg border font-semibold"
    >
      {LETTERS[provider] ?? provider.slice(0, 2)}
    </span>
  );
}

// The meaning of a threshold of significance: how many of the latest observations would have reached it.

export function reaching(scores: number[], threshold: number): number {
  return scores.filter((score) => score >= threshold).length;
}

/** How many observations have which tens of scores: 0–9, 10–19, … 90–100. */
export function histogram(scores: number[]): number[] {
  const bars = Array.from({ length: 10 }, () => 0);
  for (const score of scores) {
    const at = Math.min(9, Math.max(0, Math.floor(score / 10)));
    bars[at] = (bars[at] ?? 0) + 1;
  }
  return bars;
}

const STEPS: [from: number, words: string][] = [
  [90, "Only what can hardly be missed: releases with security fixes, critical alerts."],
  [70, "What matters to the whole team: releases, incidents, security issues, failed deployments."],
  [50, "Also merged pull requests, new issues and errors."],
  [30, "Most of what happens, pushes and comments included."],
  [0, "Everything, also labels and edits."],
];

export const meaningOf = (threshold: number): string => STEPS.find(([from]) => threshold >= from)?.[1] ?? "";

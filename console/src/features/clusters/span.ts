// The stretch of time that a timeline shows, and the places of moments in it.

export type Spanning = { first_at: string; last_at: string };
export type Tick = { place: number; title: string };
export type Span = {
  /** The place of a bar, and its width, as shares of the whole. */
  bar: (of: Spanning) => { left: number; width: number };
  ticks: Tick[];
};

const DAY = 86_400_000;
const MOST_TICKS = 6;
/** A bar is not narrower than this: what happened in a moment can be seen as well. */
const NARROWEST = 0.012;

const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** The days from the first event to the last, as whole days of the reader's zone. */
export function spanOf(all: Spanning[]): Span {
  const begin = startOfDay(Math.min(...all.map(({ first_at }) => Date.parse(first_at))));
  const last = startOfDay(Math.max(...all.map(({ last_at }) => Date.parse(last_at))));
  const days = Math.max(1, Math.round((last - begin) / DAY) + 1);
  const place = (at: number) => Math.min(1, Math.max(0, (at - begin) / (days * DAY)));
  const bar = ({ first_at, last_at }: Spanning) => {
    const width = Math.max(NARROWEST, place(Date.parse(last_at)) - place(Date.parse(first_at)));
    return { left: Math.min(place(Date.parse(first_at)), 1 - width), width };
  };
  const step = Math.ceil(days / MOST_TICKS);
  const ticks = Array.from({ length: Math.ceil(days / step) }, (_, n) => {
    const at = begin + n * step * DAY;
    return { place: place(at), title: date.format(new Date(at)) };
  });
  return { bar, ticks };
}

function startOfDay(at: number): number {
  const day = new Date(at);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
}

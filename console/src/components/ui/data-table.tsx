// The table of every list: rows are drawn as they come into view and read as somebody goes on. Walked by j and k, opened by
// Enter, chosen by x. Columns can be chosen; what is shown can be taken along as a file.

import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";

import { useKept } from "../../lib/kept";
import type { List } from "../../lib/list";
import { useDensity } from "../../lib/look";
import { useUrl } from "../../lib/url";
import { useNarrowerThan } from "../../lib/window";
import { type Column, Head, Row } from "./data-table-rows";
import { ChosenBar, ToolBar } from "./data-table-tools";
import { useWalk } from "./data-table-walk";
import { Failure, Skeleton } from "./page";
import { useTablePlace } from "./table-place";

export type { Column } from "./data-table-rows";

type DataTableProps<T> = {
  /** Under which the choice of columns is kept; also the name of files. */
  name: string;
  label: string;
  list: List<T>;
  columns: Column<T>[];
  idOf: (row: T) => string;
  /** The name of a row when it is chosen. */
  titleOf?: (row: T) => string;
  /** Opens a row. Without it the row's panel is opened: `open` in the address. */
  onOpen?: (row: T) => void;
  /** The actions on chosen rows. */
  actions?: (rows: T[], clear: () => void) => ReactNode;
  /** Where there is nothing. */
  empty: ReactNode;
  /** Where the filters leave nothing: told instead of `empty`. */
  isFiltered?: boolean;
  /** Beside the choice of columns. */
  tools?: ReactNode;
};

const HEIGHTS = { comfortable: 40, compact: 32 };
/** Rows of two lines, where a table is narrower than this. */
const PHONE = 60;
const NARROW = 600;
/** So many rows before the end the next page is read. */
const AHEAD = 15;
const NONE: ReadonlySet<string> = new Set();

export function DataTable<T>(props: DataTableProps<T>) {
  const { name, label, list, columns, idOf, titleOf = idOf, onOpen, actions, empty, isFiltered, tools } = props;
  const url = useUrl();
  const scroller = useRef<HTMLDivElement>(null);
  const narrow = useNarrowerThan(scroller, NARROW);
  const density = useDensity();
  const height = narrow ? PHONE : HEIGHTS[density];
  const optional = columns.filter((column) => column.optional).map(({ key }) => key);
  const [hidden, setHidden] = useKept<string[]>(`columns.${name}`, optional);
  const { rows } = list;
  const { first, save } = useTablePlace(name, scroller, rows.length > 0);
  const [chosen, setChosenNow] = useState(first.chosen);
  const setChosen = (ids: ReadonlySet<string>) => {
    setChosenNow(ids);
    save({ chosen: ids });
  };
  const opened = url.get("open");
  const shown = columns.filter(({ key }, index) => index === 0 || !hidden.includes(key));
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    initialOffset: first.top,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows of another height are measured again
  useEffect(() => virtual.measure(), [height, virtual]);

  const items = virtual.getVirtualItems();
  const isNearEnd = (items.at(-1)?.index ?? 0) >= rows.length - AHEAD;
  const wantsMore = isNearEnd && list.hasMore && !list.isLoadingMore && !list.error && rows.length > 0;
  useEffect(() => {
    if (wantsMore) list.loadMore();
  });

  const open = (row: T) => (onOpen ? onOpen(row) : url.set({ open: idOf(row) }, { replace: opened !== undefined }));
  const choose = (row: T, add: boolean) => setChosen(withOrWithout(chosen, idOf(row), add));
  const openedAt = useMemo(() => (opened ? rows.findIndex((row) => idOf(row) === opened) : -1), [opened, rows, idOf]);
  const { at, setAt, onKey } = useWalk({
    rows,
    scroller,
    openedAt,
    first: first.at,
    onAt: (at) => save({ at }),
    show: (index) => virtual.scrollToIndex(index),
    open,
    // A panel that is open shows the row that one walks to.
    onWalk: (row) => opened && !onOpen && url.set({ open: idOf(row) }, { replace: true }),
    choose: actions && ((row) => choose(row, !chosen.has(idOf(row)))),
  });

  const tracks = [...(actions ? ["1.5rem"] : []), ...shown.map(({ width }) => width ?? "minmax(6rem, 1fr)")];
  const layout = narrow ? undefined : tracks.join(" ");
  const chosenRows = useMemo(
    () => (chosen.size > 0 ? rows.filter((row) => chosen.has(idOf(row))) : []),
    [chosen, rows, idOf],
  );
  const clear = () => setChosen(NONE);
  const hasRows = rows.length > 0;
  const isEmpty = !list.isPending && !list.error && !hasRows;
  const grid = hasRows
    ? { role: "grid", "aria-label": label, "aria-rowcount": list.hasMore ? -1 : rows.length + 1 }
    : undefined;

  return (
    <section
      aria-label={label}
      className="border-line bg-raised relative flex min-h-0 min-w-0 flex-1 flex-col border-t"
    >
      {chosenRows.length > 0 && actions ? (
        <ChosenBar
          count={chosenRows.length}
          of={rows.length}
          onAll={() => setChosen(new Set(rows.map(idOf)))}
          onClear={clear}
        >
          {actions(chosenRows, clear)}
        </ChosenBar>
      ) : (
        <ToolBar name={name} list={list} columns={columns} hidden={hidden} onHide={setHidden} tools={tools} />
      )}
      {list.fresh > 0 && (
        <FreshPill
          count={list.fresh}
          onShow={() => {
            list.showFresh();
            scroller.current?.scrollTo({ top: 0 });
          }}
        />
      )}
      <div
        ref={scroller}
        className="min-h-0 flex-1 overflow-auto"
        aria-busy={list.isPending}
        onScroll={({ currentTarget }) => save({ top: currentTarget.scrollTop })}
      >
        {list.isPending && <Skeleton lines={8} />}
        {list.error && <Failure error={list.error} onRetry={list.retry} />}
        {isEmpty && (isFiltered ? <NothingFits /> : empty)}
        <div {...grid} style={narrow ? undefined : { minWidth: leastWidth(tracks) }}>
          {layout && hasRows && (
            <Head
              columns={shown}
              layout={layout}
              chosen={actions && allChosen(chosenRows.length, rows.length)}
              onChooseAll={(all) => setChosen(all ? new Set(rows.map(idOf)) : NONE)}
            />
          )}
          <div role="presentation" style={{ height: virtual.getTotalSize() }} className="relative">
            {items.map(({ index, start, size }) => {
              const row = rows[index];
              if (row === undefined) return null;
              const id = idOf(row);
              return (
                <Row
                  key={id}
                  row={row}
                  id={id}
                  index={index}
                  start={start}
                  size={size}
                  columns={shown}
                  layout={layout}
                  isOpen={opened === id}
                  isCurrent={index === Math.min(at, rows.length - 1)}
                  chosen={actions ? chosen.has(id) : undefined}
                  title={titleOf(row)}
                  onChoose={choose}
                  onFocus={setAt}
                  onKey={onKey}
                  onOpen={open}
                />
              );
            })}
          </div>
        </div>
        {list.isLoadingMore && <Skeleton lines={2} />}
      </div>
    </section>
  );
}

function withOrWithout(ids: ReadonlySet<string>, id: string, add: boolean): ReadonlySet<string> {
  const next = new Set(ids);
  if (add) next.add(id);
  else next.delete(id);
  return next;
}

/** How narrow the tracks can get together, with the gaps between them and the room at the edges. */
function leastWidth(tracks: string[]): string {
  const least = tracks.map((track) => /^minmax\(([^,]+),/.exec(track)?.[1] ?? track);
  return `calc(${least.join(" + ")} + ${(tracks.length - 1) * 0.75 + 3}rem)`;
}

const allChosen = (chosen: number, all: number) => (chosen === 0 ? false : chosen === all ? true : "indeterminate");

function FreshPill({ count, onShow }: { count: number; onShow: () => void }) {
  return (
    <div className="pointer-events-none absolute inset-x-0 top-12 z-10 flex justify-center">
      <button
        type="button"
        onClick={onShow}
        className="bg-bronze text-on-bronze shadow-over appears pointer-events-auto h-7 cursor-pointer rounded-full px-3 text-xs font-medium"
      >
        {count} new
      </button>
    </div>
  );
}

function NothingFits() {
  return <p className="text-quiet px-6 py-8 text-center">Nothing fits these filters.</p>;
}

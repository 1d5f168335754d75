// The head and the rows of a table. On a phone a row is two lines.

import type { KeyboardEvent, MouseEvent, ReactNode } from "react";

import { cx } from "./cx";
import { Checkbox } from "./field";

export type Column<T> = {
  key: string;
  title: string;
  cell: (row: T) => ReactNode;
  /** Its value as text, for files. Without it the column is left out of them. */
  text?: (row: T) => string | number | null | undefined;
  /** A track of a CSS grid: "8rem", "minmax(8rem, 2fr)". */
  width?: string;
  align?: "end";
  /** On a phone: in the first line, in the second, or left out. The first column is in the first line. */
  phone?: "first" | "second" | "none";
  /** Not shown until it is chosen. */
  optional?: boolean;
};

type HeadProps<T> = {
  columns: Column<T>[];
  layout: string;
  /** True if all rows are chosen; nothing where they cannot be. */
  chosen: boolean | "indeterminate" | undefined;
  onChooseAll: (all: boolean) => void;
};

const LINE = "grid items-center gap-3";

export function Head<T>({ columns, layout, chosen, onChooseAll }: HeadProps<T>) {
  return (
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={1}
      style={{ gridTemplateColumns: layout }}
      className={cx(
        LINE,
        "border-line bg-raised text-quiet sticky top-0 z-5 h-8 border-b px-4 text-xs font-medium sm:px-6",
      )}
    >
      {chosen !== undefined && (
        <span role="columnheader" tabIndex={-1}>
          <Checkbox name="Choose all rows" checked={chosen} onChange={onChooseAll} />
        </span>
      )}
      {columns.map(({ key, title, align }) => (
        <span key={key} role="columnheader" tabIndex={-1} className={cx("truncate", align === "end" && "text-right")}>
          {title}
        </span>
      ))}
    </div>
  );
}

type RowProps<T> = {
  row: T;
  id: string;
  index: number;
  start: number;
  size: number;
  columns: Column<T>[];
  /** The tracks of its grid; nothing on a phone. */
  layout: string | undefined;
  isOpen: boolean;
  /** Has the place in the order of tabs. */
  isCurrent: boolean;
  chosen: boolean | undefined;
  title: string;
  onChoose: (row: T, add: boolean) => void;
  onFocus: (index: number) => void;
  onKey: (event: KeyboardEvent, row: T) => void;
  onOpen: (row: T) => void;
};

export function Row<T>(props: RowProps<T>) {
  const { row, id, index, start, size, columns, layout, isOpen, isCurrent, chosen, title } = props;
  const onClick = (event: MouseEvent) => {
    // Links and buttons within a row do their own work, and text can be marked.
    if ((event.target as HTMLElement).closest("a, button, input, label") || getSelection()?.toString()) return;
    props.onOpen(row);
  };
  return (
    <div
      role="row"
      data-index={index}
      data-row={id}
      aria-rowindex={index + 2}
      aria-selected={chosen ?? isOpen}
      tabIndex={isCurrent ? 0 : -1}
      onFocus={() => props.onFocus(index)}
      onKeyDown={(event) => props.onKey(event, row)}
      onClick={onClick}
      style={{ gridTemplateColumns: layout, height: size, transform: `translateY(${start}px)` }}
      className={cx(
        "focus-inside border-line absolute inset-x-0 top-0 cursor-pointer border-b px-4 sm:px-6",
        layout ? LINE : "group/row flex items-center gap-3",
        isOpen ? "bg-bronze-tint" : "hover:bg-sunken",
      )}
    >
      {layout ? (
        <>
          {chosen !== undefined && (
            <Cell>
              <Checkbox name={`Choose ${title}`} checked={chosen} onChange={(add) => props.onChoose(row, add)} />
            </Cell>
          )}
          {columns.map(({ key, cell, align }) => (
            <Cell key={key} className={cx("min-w-0 truncate", align === "end" && "text-right tabular-nums")}>
              {cell(row)}
            </Cell>
          ))}
        </>
      ) : (
        <>
          {chosen !== undefined && (
            // Always there on a touch screen; with a mouse where it points, and where the focus is.
            <Cell
              className={cx(
                "shrink-0 focus-within:opacity-100 group-hover/row:opacity-100 group-focus-visible/row:opacity-100 pointer-coarse:opacity-100",
                chosen ? "opacity-100" : "opacity-0",
              )}
            >
              <Checkbox
                name={`Choose ${title}`}
                checked={chosen}
                onChange={(add) => props.onChoose(row, add)}
                isRoomy
              />
            </Cell>
          )}
          <TwoLines row={row} columns={columns} />
        </>
      )}
    </div>
  );
}

function TwoLines<T>({ row, columns }: { row: T; columns: Column<T>[] }) {
  const lineOf = ({ phone }: Column<T>, index: number) => phone ?? (index === 0 ? "first" : "second");
  const cells = (line: "first" | "second") => columns.filter((column, index) => lineOf(column, index) === line);
  return (
    <span className="flex min-w-0 flex-1 flex-col gap-0.5">
      <span className="flex min-w-0 items-center gap-2">
        {cells("first").map(({ key, cell }, index) => (
          <Cell key={key} className={index === 0 ? "min-w-0 flex-1 truncate" : "shrink-0"}>
            {cell(row)}
          </Cell>
        ))}
      </span>
      <span className="text-quiet flex min-w-0 items-center gap-2 overflow-hidden text-xs">
        {cells("second").map(({ key, cell, align }) => (
          <Cell
            key={key}
            className={cx("has-[>:only-child:empty]:hidden empty:hidden", align ? "shrink-0" : "min-w-0 truncate")}
          >
            {cell(row)}
          </Cell>
        ))}
      </span>
    </span>
  );
}

function Cell({ className, children }: { className?: string; children: ReactNode }) {
  return (
    <span role="gridcell" tabIndex={-1} className={className}>
      {children}
    </span>
  );
}

// The bar above a table: how many rows there are, which columns, the rows as a file; or the actions on chosen rows.

import { Columns3, Download } from "lucide-react";
import type { ReactNode } from "react";

import type { List } from "../../lib/list";
import { Button, IconButton } from "./button";
import type { Column } from "./data-table-rows";
import { saveAs, toCsv } from "./export";
import { Menu, MenuCheck, MenuHeading, MenuItem } from "./menu";

type ToolBarProps<T> = {
  name: string;
  list: List<T>;
  columns: Column<T>[];
  /** The keys of columns that are not shown. */
  hidden: string[];
  onHide: (keys: string[]) => void;
  tools: ReactNode;
};

export function ToolBar<T>({ name, list, columns, hidden, onHide, tools }: ToolBarProps<T>) {
  const { rows } = list;
  const counted = list.hasMore ? `${rows.length}+ rows` : rows.length === 1 ? "1 row" : `${rows.length} rows`;
  const exported = columns.filter(({ text }) => text);
  const titles = exported.map(({ title }) => title);
  const asCsv = () =>
    toCsv(
      titles,
      rows.map((row) => exported.map(({ text }) => text?.(row))),
    );
  const turn = (key: string, shows: boolean) => onHide(shows ? hidden.filter((one) => one !== key) : [...hidden, key]);
  return (
    <div className="border-line flex h-10 shrink-0 items-center gap-1 border-b pr-2 pl-4 sm:pl-6">
      <span className="text-quiet flex-1 truncate text-xs tabular-nums" aria-live="polite">
        {list.isPending ? "Reading…" : list.error && rows.length === 0 ? "Not read" : counted}
      </span>
      {tools}
      <Menu trigger={<IconTrigger label="Columns" icon={<Columns3 className="size-4" />} />}>
        <MenuHeading>Columns</MenuHeading>
        {columns.slice(1).map(({ key, title }) => (
          <MenuCheck key={key} checked={!hidden.includes(key)} onChange={(shows) => turn(key, shows)}>
            {title}
          </MenuCheck>
        ))}
      </Menu>
      <Menu trigger={<IconTrigger label="Save as a file" icon={<Download className="size-4" />} />}>
        <MenuHeading>The {counted} that were read</MenuHeading>
        <MenuItem disabled={rows.length === 0} onSelect={() => saveAs(`${name}.csv`, asCsv(), "text/csv")}>
          As CSV
        </MenuItem>
        <MenuItem
          disabled={rows.length === 0}
          onSelect={() => saveAs(`${name}.json`, JSON.stringify(rows, null, 2), "application/json")}
        >
          As JSON
        </MenuItem>
      </Menu>
    </div>
  );
}

/** An icon that opens a menu: what the menu adds to it reaches the button. */
function IconTrigger({ label, icon, ...added }: { label: string; icon: ReactNode }) {
  return (
    <IconButton label={label} {...added}>
      {icon}
    </IconButton>
  );
}

type ChosenBarProps = {
  count: number;
  /** The number of rows that were read. */
  of: number;
  onAll: () => void;
  onClear: () => void;
  children: ReactNode;
};

export function ChosenBar({ count, of, onAll, onClear, children }: ChosenBarProps) {
  return (
    <div
      role="toolbar"
      aria-label="Chosen rows"
      className="border-line bg-bronze-tint flex min-h-10 shrink-0 flex-wrap items-center gap-x-2 gap-y-1 border-b px-4 py-1 sm:px-6"
    >
      <span className="font-medium tabular-nums">{count} chosen</span>
      {children}
      {count < of && (
        <Button kind="ghost" size="sm" onClick={onAll}>
          All {of}
        </Button>
      )}
      <Button kind="ghost" size="sm" onClick={onClear}>
        Clear
      </Button>
    </div>
  );
}

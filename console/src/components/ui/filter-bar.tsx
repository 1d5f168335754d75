// The filters of a list: a search, and one chip for each filter. All of it stands in the address; sets of filters can be kept.

import { Bookmark, ListFilter, X } from "lucide-react";
import { Popover } from "radix-ui";
import { type FormEvent, type ReactNode, useState } from "react";

import { useHotkeys } from "../../lib/hotkeys";
import { isSame } from "../../lib/json";
import { useKept } from "../../lib/kept";
import { useUrl } from "../../lib/url";
import { Button } from "./button";
import { Field, SelectField } from "./field";
import { Menu, MenuHeading, MenuItem, MenuLine } from "./menu";
import { SearchField, type SearchFieldProps } from "./search-field";

export type Filter = {
  /** Its name in the address, and mostly in the API. */
  key: string;
  title: string;
  kind: "choice" | "text" | "number" | "time";
  /** For a choice. */
  options?: { value: string; title: string }[];
  placeholder?: string;
};

type FilterBarProps = {
  /** Under which sets of filters are kept. */
  name: string;
  filters: Filter[];
  /** The text that is searched for: its name in the address, what is searched, and how the field behaves. */
  search?: { key: string; label: string } & Omit<SearchFieldProps, "name" | "label">;
  children?: ReactNode;
};

type View = { title: string; filters: Record<string, string> };

/** Which filters are set, of those that a page has. */
export function useFilters(
  filters: Filter[],
  search?: string,
): { set: Record<string, string | undefined>; isFiltered: boolean } {
  const { all } = useUrl();
  const names = [...filters.map(({ key }) => key), ...(search ? [search] : [])];
  const set = Object.fromEntries(names.map((name) => [name, all[name]]));
  return { set, isFiltered: names.some((name) => all[name]) };
}

export function FilterBar({ name, filters, search, children }: FilterBarProps) {
  const url = useUrl();
  const [views, setViews] = useKept<View[]>(`views.${name}`, []);
  const names = [...filters.map(({ key }) => key), ...(search ? [search.key] : [])];
  const active = filters.filter(({ key }) => url.get(key));
  const set = Object.fromEntries(names.flatMap((key) => (url.get(key) ? [[key, url.get(key) as string]] : [])));
  const isSet = Object.keys(set).length > 0;
  const show = (values: Record<string, string>) =>
    url.set({ ...Object.fromEntries(names.map((key) => [key, undefined])), ...values, open: undefined });
  const keepView = () => {
    const title =
      active.map((filter) => `${filter.title} ${shownValue(filter, url.get(filter.key))}`).join(", ") ||
      `“${url.get(search?.key ?? "")}”`;
    setViews([...views.filter((view) => view.title !== title), { title, filters: set }]);
  };
  return (
    <div role="search" aria-label="Filters" className="flex flex-wrap items-center gap-2 px-4 pb-3 sm:px-6">
      {search && <SearchField {...search} name={search.key} />}
      {active.map((filter) => (
        <Chip
          key={filter.key}
          filter={filter}
          value={url.get(filter.key) ?? ""}
          onChange={(value) => url.set({ [filter.key]: value, open: undefined })}
        />
      ))}
      <AddFilter
        filters={filters.filter(({ key }) => !url.get(key))}
        onAdd={(key, value) => url.set({ [key]: value, open: undefined })}
      />
      {(isSet || views.length > 0) && (
        <Menu
          align="start"
          trigger={
            <Button kind="ghost" size="sm">
              <Bookmark aria-hidden className="size-3.5" />
              Views
            </Button>
          }
        >
          {views.length > 0 && <MenuHeading>Kept views</MenuHeading>}
          {views.map((view) => (
            <MenuItem key={view.title} onSelect={() => show(view.filters)}>
              {view.title}
            </MenuItem>
          ))}
          {views.length > 0 && isSet && <MenuLine />}
          {isSet && <MenuItem onSelect={keepView}>Keep this view</MenuItem>}
          {views.some(({ filters }) => isSame(filters, set)) && (
            <MenuItem danger onSelect={() => setViews(views.filter(({ filters }) => !isSame(filters, set)))}>
              Forget this view
            </MenuItem>
          )}
        </Menu>
      )}
      {isSet && (
        <Button kind="ghost" size="sm" onClick={() => show({})}>
          Clear
        </Button>
      )}
      {children}
    </div>
  );
}

function shownValue({ kind, options }: Filter, value = ""): string {
  if (kind === "choice") return options?.find((option) => option.value === value)?.title ?? value;
  return kind === "time" ? new Date(value).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" }) : value;
}

function Chip({
  filter,
  value,
  onChange,
}: {
  filter: Filter;
  value: string;
  onChange: (value: string | undefined) => void;
}) {
  const [open, setOpen] = useState(false);
  return (
    <span className="border-line bg-raised inline-flex h-8 max-w-full items-center rounded-md border text-xs">
      <Popover.Root open={open} onOpenChange={setOpen}>
        <Popover.Trigger className="hover:bg-sunken flex h-full min-w-0 cursor-pointer items-center gap-1.5 rounded-l-md pr-1.5 pl-2.5">
          <span className="text-quiet">{filter.title}</span>
          <span className="truncate font-medium">{shownValue(filter, value)}</span>
        </Popover.Trigger>
        <Value
          filter={filter}
          value={value}
          onChange={(next) => {
            setOpen(false);
            onChange(next);
          }}
        />
      </Popover.Root>
      <button
        type="button"
        aria-label={`Remove the filter ${filter.title}`}
        onClick={() => onChange(undefined)}
        className="text-quiet hover:text-ink hover:bg-sunken grid h-full w-7 cursor-pointer place-items-center rounded-r-md"
      >
        <X className="size-3.5" />
      </button>
    </span>
  );
}

function AddFilter({ filters, onAdd }: { filters: Filter[]; onAdd: (key: string, value: string) => void }) {
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState<Filter>();
  useHotkeys([{ keys: "f", title: "Add a filter", run: () => setOpen(true) }]);
  if (filters.length === 0) return null;
  return (
    <Popover.Root
      open={open}
      onOpenChange={(opens) => {
        setOpen(opens);
        setChosen(undefined);
      }}
    >
      <Popover.Trigger asChild>
        <Button kind="ghost" size="sm">
          <ListFilter aria-hidden className="size-3.5" />
          Filter
        </Button>
      </Popover.Trigger>
      {chosen ? (
        <Value
          filter={chosen}
          value=""
          onChange={(value) => {
            setOpen(false);
            setChosen(undefined);
            if (value) onAdd(chosen.key, value);
          }}
        />
      ) : (
        <Over>
          {filters.map((filter) => (
            <button
              key={filter.key}
              type="button"
              onClick={() => setChosen(filter)}
              className="focus-inside hover:bg-sunken focus-visible:bg-sunken block h-8 w-full cursor-pointer rounded px-2 text-left"
            >
              {filter.title}
            </button>
          ))}
        </Over>
      )}
    </Popover.Root>
  );
}

function Over({ children }: { children: ReactNode }) {
  return (
    <Popover.Portal>
      <Popover.Content
        align="start"
        sideOffset={4}
        collisionPadding={8}
        className="border-line bg-raised shadow-over appears z-30 max-h-80 min-w-52 overflow-y-auto rounded-lg border p-1"
      >
        {children}
      </Popover.Content>
    </Popover.Portal>
  );
}

function Value({ filter, value, onChange }: { filter: Filter; value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(filter.kind === "time" && value ? localOf(value) : value);
  if (filter.kind === "choice" && (filter.options?.length ?? 0) <= 12) {
    return (
      <Over>
        <p className="text-quiet px-2 py-1 text-xs">{filter.title}</p>
        {filter.options?.map((option) => (
          <button
            key={option.value}
            type="button"
            aria-pressed={option.value === value}
            onClick={() => onChange(option.value)}
            className="focus-inside hover:bg-sunken focus-visible:bg-sunken aria-pressed:text-bronze block min-h-8 w-full cursor-pointer rounded px-2 text-left aria-pressed:font-medium"
          >
            {option.title}
          </button>
        ))}
      </Over>
    );
  }
  const apply = (event: FormEvent) => {
    event.preventDefault();
    onChange(filter.kind === "time" && text ? new Date(text).toISOString() : text.trim());
  };
  return (
    <Over>
      <form onSubmit={apply} className="grid w-64 gap-2 p-2">
        {filter.kind === "choice" ? (
          <SelectField
            label={filter.title}
            options={[{ value: "", title: "Any" }, ...(filter.options ?? [])]}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        ) : (
          <Field
            label={filter.title}
            type={{ text: "text", number: "number", time: "datetime-local" }[filter.kind]}
            placeholder={filter.placeholder}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
        <Button type="submit" kind="primary" size="sm">
          Apply
        </Button>
      </form>
    </Over>
  );
}

/** A moment as a field for the local time takes it. */
function localOf(at: string): string {
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

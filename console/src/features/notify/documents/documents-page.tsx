// The lists of the documents that workflows share: templates by kind, guides, channel groups.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { BookMarked, Download, FileCode2, Network, Plus } from "lucide-react";
import { type ReactNode, useState } from "react";

import { Status } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { type Column, DataTable } from "../../../components/ui/data-table";
import { Confirm } from "../../../components/ui/dialog";
import { saveAs } from "../../../components/ui/export";
import { type Filter, FilterBar, useFilters } from "../../../components/ui/filter-bar";
import { useGo } from "../../../components/ui/go";
import { EmptyState, Page } from "../../../components/ui/page";
import { Snippet } from "../../../components/ui/snippet";
import { Segments } from "../../../components/ui/tabs";
import { Time } from "../../../components/ui/time";
import { done } from "../../../components/ui/toast";
import { usePageActions } from "../../../lib/actions";
import { asText } from "../../../lib/json";
import { wholeList } from "../../../lib/list";
import { paths } from "../../../lib/paths";
import { useUrl } from "../../../lib/url";
import { fileOf } from "../parts/stored-document";
import { listKey, listQuery, remove } from "./client";
import {
  CHANNEL_GROUPS,
  type DocumentKind,
  GUIDES,
  LAYOUTS,
  PARTIALS,
  placeOfKey,
  type StoredDocument,
  TRANSLATIONS,
  titleOf,
} from "./kinds";
import { NewDocument } from "./new-document";
import { writeSnippets } from "./snippets";

const TEMPLATES = [LAYOUTS, PARTIALS, TRANSLATIONS];

export function TemplatesPage() {
  const url = useUrl();
  const kind = TEMPLATES.find(({ name }) => name === url.get("tab")) ?? LAYOUTS;
  return (
    <DocumentList key={kind.name} kind={kind} icon={<FileCode2 />} title="Templates">
      <div className="px-4 pb-3 sm:px-6">
        <Segments
          label="Kind of templates"
          value={kind.name}
          options={TEMPLATES.map(({ name, title }) => [name, title])}
          onChange={(next) =>
            url.set({ tab: next === LAYOUTS.name ? undefined : next, q: undefined, locale: undefined })
          }
        />
      </div>
    </DocumentList>
  );
}

export const GuidesPage = () => <DocumentList kind={GUIDES} icon={<BookMarked />} title="Guides" />;

export const ChannelGroupsPage = () => (
  <DocumentList
    kind={CHANNEL_GROUPS}
    icon={<Network />}
    title="Channel groups"
    crumbs={[{ title: "Channels", to: paths.channels }]}
  />
);

const NAME: Column<StoredDocument> = {
  key: "name",
  title: "Name",
  width: "minmax(12rem, 3fr)",
  text: titleOf,
  cell: (it) => <span className="font-medium">{titleOf(it)}</span>,
};
const KEY: Column<StoredDocument> = {
  key: "key",
  title: "Key",
  width: "minmax(8rem, 2fr)",
  text: (it) => it.key,
  cell: (it) => <code className="font-mono text-xs">{it.key}</code>,
};
const UPDATED: Column<StoredDocument> = {
  key: "updated",
  title: "Updated",
  width: "6.5rem",
  align: "end",
  text: (it) => it.updated_at,
  cell: (it) => <Time at={it.updated_at} />,
};
const STATE: Column<StoredDocument> = {
  key: "state",
  title: "State",
  width: "6rem",
  phone: "first",
  text: (it) => (it.active ? "on" : "off"),
  cell: (it) => <Status word={it.active ? "on" : "off"} />,
};

const worded = (name: string, title: string): Column<StoredDocument> => ({
  key: name,
  title,
  width: "minmax(6rem, 1fr)",
  text: (it) => asText(it[name]),
  cell: (it) => asText(it[name]) ?? "",
});

const placed = (name: "namespace" | "tenant", title: string): Column<StoredDocument> => ({
  key: name,
  title,
  width: "minmax(6rem, 1fr)",
  text: (it) => placeOfKey(it.key)[name],
  cell: (it) => placeOfKey(it.key)[name] ?? "",
});

const LOCALE: Column<StoredDocument> = {
  key: "locale",
  title: "Language",
  width: "minmax(6rem, 1fr)",
  text: (it) => placeOfKey(it.key).locale,
  cell: (it) => <span className="font-medium">{placeOfKey(it.key).locale}</span>,
};

const COLUMNS: Record<string, Column<StoredDocument>[]> = {
  layouts: [NAME, KEY, UPDATED],
  partials: [NAME, KEY, worded("type", "Type"), UPDATED],
  translations: [
    LOCALE,
    placed("namespace", "Namespace"),
    placed("tenant", "Tenant"),
    worded("format", "Format"),
    UPDATED,
  ],
  guides: [NAME, STATE, KEY, worded("type", "Type"), worded("channel_key", "Channel"), UPDATED],
  "channel-groups": [NAME, KEY, worded("operator", "Sends through"), UPDATED],
};

function filtersOf(kind: DocumentKind, documents: StoredDocument[]): Filter[] {
  if (kind === GUIDES)
    return [
      {
        key: "state",
        title: "State",
        kind: "choice",
        options: ["on", "off"].map((value) => ({ value, title: value })),
      },
    ];
  if (kind === TRANSLATIONS) {
    const locales = [...new Set(documents.map(({ key }) => placeOfKey(key).locale))].sort();
    return [
      { key: "locale", title: "Language", kind: "choice", options: locales.map((value) => ({ value, title: value })) },
    ];
  }
  return [];
}

const fits = (document: StoredDocument, { q = "", state, locale }: Record<string, string | undefined>) =>
  `${document.key} ${titleOf(document)}`.toLowerCase().includes(q.toLowerCase()) &&
  (!state || (state === "on") === document.active) &&
  (!locale || placeOfKey(document.key).locale === locale);

type DocumentListProps = {
  kind: DocumentKind;
  icon: ReactNode;
  title: string;
  crumbs?: { title: string; to: string }[];
  children?: ReactNode;
};

function DocumentList({ kind, icon, title, crumbs, children }: DocumentListProps) {
  const documents = useQuery(listQuery(kind));
  const go = useGo();
  const [adds, setAdds] = useState(false);
  const filters = filtersOf(kind, documents.data ?? []);
  const { set, isFiltered } = useFilters(filters, "q");
  const list = wholeList(documents.data?.filter((document) => fits(document, set)) ?? [], documents);
  const action = `New ${kind.one}`;
  usePageActions([{ title: action, icon: <Plus className="size-4" />, run: () => setAdds(true) }]);
  return (
    <Page
      fills
      title={title}
      lead={kind.about}
      {...(crumbs && { crumbs })}
      actions={
        <Button kind="primary" onClick={() => setAdds(true)}>
          <Plus aria-hidden className="size-4" />
          {action}
        </Button>
      }
    >
      {children}
      <FilterBar
        name={kind.name}
        filters={filters}
        search={{ key: "q", label: `Search ${kind.title.toLowerCase()}` }}
      />
      <DataTable
        name={kind.name}
        label={kind.title}
        list={list}
        columns={COLUMNS[kind.name] ?? [NAME, KEY, UPDATED]}
        idOf={({ key }) => key}
        titleOf={titleOf}
        isFiltered={isFiltered}
        onOpen={({ key }) => void go(kind.pathOf(key))}
        actions={(rows, clear) => <RowActions kind={kind} rows={rows} clear={clear} />}
        empty={
          <EmptyState
            icon={icon}
            title={`No ${kind.title.toLowerCase()} yet`}
            actions={
              <Button kind="primary" onClick={() => setAdds(true)}>
                {action}
              </Button>
            }
          >
            {kind.about}
            <Snippet label={`Write a ${kind.one}`} tabs={writeSnippets(kind)} />
          </EmptyState>
        }
      />
      {adds && <NewDocument kind={kind} onClose={() => setAdds(false)} />}
    </Page>
  );
}

type RowActionsProps = { kind: DocumentKind; rows: StoredDocument[]; clear: () => void };

function RowActions({ kind, rows, clear }: RowActionsProps) {
  const queries = useQueryClient();
  const first = rows[0];
  const removeAll = async () => {
    for (const { key } of rows) await remove(kind, key);
    await queries.invalidateQueries({ queryKey: listKey(kind) });
    clear();
    done(rows.length === 1 ? `The ${kind.one} is deleted.` : `${rows.length} ${kind.title.toLowerCase()} are deleted.`);
  };
  const save = () => {
    for (const row of rows) saveAs(`${row.key.replaceAll("/", "-")}.json`, fileOf(row), "application/json");
  };
  return (
    <>
      <Button size="sm" onClick={save}>
        <Download aria-hidden className="size-3.5" />
        Export
      </Button>
      <Confirm
        trigger={
          <Button size="sm" kind="danger">
            Delete…
          </Button>
        }
        title={
          rows.length === 1 && first
            ? `Delete “${titleOf(first)}”?`
            : `Delete ${rows.length} ${kind.title.toLowerCase()}?`
        }
        action="Delete"
        onConfirm={removeAll}
      >
        <p>Drafts and committed versions are gone. What names them by key fails or does without.</p>
      </Confirm>
    </>
  );
}

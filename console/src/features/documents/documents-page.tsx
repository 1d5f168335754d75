// The documents of the workspace, those that changed last first.

import { FileText, Plus } from "lucide-react";
import type { ReactNode } from "react";

import { type Document, formatName } from "../../components/document/document";
import { Badge } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { type Column, DataTable } from "../../components/ui/data-table";
import { type Filter, FilterBar, useFilters } from "../../components/ui/filter-bar";
import { Go, useGo } from "../../components/ui/go";
import { EmptyState, Page } from "../../components/ui/page";
import { Snippet } from "../../components/ui/snippet";
import { Time } from "../../components/ui/time";
import { usePageActions } from "../../lib/actions";
import { api, data } from "../../lib/api";
import { useList } from "../../lib/list";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";
import { useCan } from "../../lib/role";
import { useUrl, useWorkspaceId } from "../../lib/url";
import { AddDocuments } from "./add-documents";

const FILTERS: Filter[] = [{ key: "path", title: "Path", kind: "text", placeholder: "docs/operations" }];
const SEARCH = { key: "title", label: "Search titles", placeholder: "Search titles" };

const COLUMNS: Column<Document>[] = [
  {
    key: "title",
    title: "Title",
    cell: ({ title }) => (
      <span className="truncate font-medium" title={title}>
        {title}
      </span>
    ),
    text: ({ title }) => title,
    width: "minmax(12rem, 3fr)",
  },
  {
    key: "path",
    title: "Path",
    cell: ({ path }) => (
      <span className="text-quiet truncate font-mono text-xs" title={path}>
        {path}
      </span>
    ),
    text: ({ path }) => path,
    width: "minmax(10rem, 3fr)",
    phone: "second",
  },
  {
    key: "format",
    title: "Format",
    cell: ({ format }) => <Badge>{formatName(format)}</Badge>,
    text: ({ format }) => format,
    width: "8rem",
    phone: "none",
  },
  {
    key: "source",
    title: "Source",
    cell: ({ source }) => providerName(source),
    text: ({ source }) => source,
    width: "7rem",
    phone: "none",
  },
  {
    key: "passages",
    title: "Passages",
    cell: ({ passages }) => <span className="tabular-nums">{passages.toLocaleString("en")}</span>,
    text: ({ passages }) => passages,
    width: "5rem",
    align: "end",
    phone: "none",
  },
  {
    key: "at",
    title: "Changed",
    cell: ({ updatedAt }) => <Time at={updatedAt} />,
    text: ({ updatedAt }) => updatedAt,
    width: "6.5rem",
    align: "end",
    phone: "first",
  },
];

export function DocumentsPage() {
  const url = useUrl();
  const go = useGo();
  const can = useCan();
  const { list, isFiltered } = useDocumentList();
  const add = () => url.set({ add: "1" });
  usePageActions(can.configure ? [{ title: "Add documents", icon: <Plus />, run: add }] : []);
  const addButton = can.configure && (
    <Button kind="primary" onClick={add}>
      <Plus aria-hidden className="size-4" />
      Add documents
    </Button>
  );
  return (
    <Page
      title="Documents"
      lead="Manuals, runbooks and notes that search finds beside what happened."
      fills
      actions={list.rows.length > 0 || isFiltered ? addButton : undefined}
    >
      <FilterBar name="documents" filters={FILTERS} search={SEARCH} />
      <DataTable
        name="documents"
        label="Documents"
        list={list}
        columns={COLUMNS}
        idOf={({ id }) => id}
        titleOf={({ title }) => title}
        onOpen={({ id }) => void go(paths.document(id))}
        isFiltered={isFiltered}
        empty={<NothingYet action={addButton} />}
      />
      {url.get("add") && can.configure && <AddDocuments onClose={() => url.set({ add: undefined })} />}
    </Page>
  );
}

function useDocumentList() {
  const workspace = useWorkspaceId();
  const { set, isFiltered } = useFilters(FILTERS, SEARCH.key);
  const list = useList({
    key: ["document", workspace, JSON.stringify(set)],
    page: async (cursor) => {
      const query = { ...set, workspace, cursor, limit: 50 };
      const { data: items, next } = await data(api.GET("/api/documents", { params: { query } }));
      return { items, next };
    },
    idOf: ({ id }) => id,
    live: ["document"],
  });
  return { list, isFiltered };
}

function NothingYet({ action }: { action: ReactNode }) {
  const workspace = useWorkspaceId();
  const code = `curl -s '${location.origin}/api/documents?workspace=${workspace}' \\
  -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
  -d '{"documents": [{"path": "docs/hello.md", "content": "# Hello\\n\\nThe first document."}]}'`;
  return (
    <EmptyState icon={<FileText />} title="No documents yet" actions={action}>
      <p>
        {action
          ? "Add files in Markdown, HTML or text, or paste one. They are split at their headings, and "
          : "Managers and owners add documents. "}
        <Go to={paths.search} className="text-bronze underline underline-offset-2">
          search
        </Go>{" "}
        finds the passage that answers a question.
      </p>
      {action && (
        <div className="grid gap-2 text-left">
          <p>Or add one from the shell, with a key of the organisation:</p>
          <Snippet label="Add a document" tabs={[{ name: "curl", code }]} />
        </div>
      )}
    </EmptyState>
  );
}

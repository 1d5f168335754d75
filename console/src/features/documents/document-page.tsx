// One document: its text with the passages that search finds, and what is known of it.

import { useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";

import { counted, type Detail, formatName, useDocument } from "../../components/document/document";
import { Passages } from "../../components/document/passages";
import { Badge, Code } from "../../components/ui/badge";
import { Button, buttonLook } from "../../components/ui/button";
import { Confirm } from "../../components/ui/dialog";
import { Go, useGo } from "../../components/ui/go";
import { Facts, Failure, Page, Panel, Skeleton } from "../../components/ui/page";
import { Time } from "../../components/ui/time";
import { done } from "../../components/ui/toast";
import { api, data } from "../../lib/api";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";
import { useCan } from "../../lib/role";
import { useUrl } from "../../lib/url";
import { ReplaceDocument } from "./replace-document";

const CRUMBS = [{ title: "Documents", to: paths.documents }];
/** The source of documents that were added here: the others are changed where they come from. */
const OWN = "api";

export function DocumentPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const document = useDocument(id);
  if (document.data) return <Known key={id} it={document.data} />;
  return (
    <Page title="Document" crumbs={CRUMBS}>
      {document.isPending ? (
        <Skeleton lines={8} />
      ) : (
        <Failure error={document.error} onRetry={() => void document.refetch()} />
      )}
    </Page>
  );
}

function Known({ it }: { it: Detail }) {
  const passage = Number(useUrl().get("passage") ?? Number.NaN);
  const marked = Number.isInteger(passage) ? passage : undefined;
  const isGone = marked !== undefined && !it.chunks.some(({ no }) => no === marked);
  const badges = (
    <>
      <Badge tone="bronze">{formatName(it.format)}</Badge>
      <Badge>{providerName(it.source)}</Badge>
    </>
  );
  return (
    <Page title={it.title} lead={it.description} crumbs={CRUMBS} badges={badges} actions={<Actions it={it} />}>
      {isGone && (
        <p role="status" className="text-quiet mb-3">
          The passage that was linked to is not in this document any more.
        </p>
      )}
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_18rem]">
        <Panel title="Text" note={counted(it.passages, "passage")} className="order-last lg:order-first">
          <Passages document={it} marked={marked} />
        </Panel>
        <Panel title="About it">
          <About it={it} />
        </Panel>
      </div>
    </Page>
  );
}

function About({ it }: { it: Detail }) {
  const facts: [string, ReactNode][] = [
    ["Path", <Code key="path">{it.path}</Code>],
    ...(it.externalId === it.path
      ? []
      : [["External id", <Code key="external">{it.externalId}</Code>] as [string, ReactNode]]),
    ...(it.parentId
      ? [
          [
            "Below",
            <Go key="parent" to={paths.document(it.parentId)} className="text-bronze underline underline-offset-2">
              its parent
            </Go>,
          ] as [string, ReactNode],
        ]
      : []),
    ...(it.tags.length > 0
      ? [
          [
            "Tags",
            <span key="tags" className="flex flex-wrap gap-1">
              {it.tags.map((tag) => (
                <Badge key={tag}>{tag}</Badge>
              ))}
            </span>,
          ] as [string, ReactNode],
        ]
      : []),
    ["Size", `${it.bytes.toLocaleString("en")} bytes`],
    ["Added", <Time key="added" at={it.createdAt} />],
    ["Changed", <Time key="changed" at={it.updatedAt} />],
    ["Id", <Code key="id">{it.id}</Code>],
  ];
  return <Facts of={facts} />;
}

function Actions({ it }: { it: Detail }) {
  const can = useCan();
  const go = useGo();
  const queries = useQueryClient();
  const [isReplacing, setReplacing] = useState(false);
  const remove = async () => {
    await data(api.DELETE("/api/documents/{id}", { params: { path: { id: it.id } } }));
    void queries.invalidateQueries({ queryKey: ["list", "document"] });
    done("Deleted the document");
    void go(paths.documents, { replace: true });
  };
  return (
    <>
      {it.url && (
        <a href={it.url} target="_blank" rel="noreferrer" className={buttonLook("ghost")}>
          Open the original
        </a>
      )}
      {can.configure && (
        <Confirm
          trigger={<Button kind="danger">Delete</Button>}
          title={`Delete “${it.title}”?`}
          action="Delete the document"
          onConfirm={remove}
        >
          <p>Search finds it no more. This cannot be undone.</p>
          {it.source !== OWN && <p>It comes from {providerName(it.source)}, and comes back when it changes there.</p>}
        </Confirm>
      )}
      {can.configure && it.source === OWN && <Button onClick={() => setReplacing(true)}>Replace</Button>}
      {isReplacing && <ReplaceDocument document={it} onClose={() => setReplacing(false)} />}
    </>
  );
}

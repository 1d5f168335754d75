// One document: its content with a preview, its versions, and what can be done with it. Changes are kept across the tabs.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useRef, useState } from "react";

import { Badge, Status } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { Failure, Page, Skeleton } from "../../../components/ui/page";
import { Tabs } from "../../../components/ui/tabs";
import { done } from "../../../components/ui/toast";
import { usePageActions } from "../../../lib/actions";
import { useHotkeys } from "../../../lib/hotkeys";
import { useSettled } from "../../../lib/use-settled";
import { CommitDialog } from "../parts/commit-dialog";
import { FormFailure } from "../parts/form-failure";
import { LeaveGuard } from "../parts/leave-guard";
import { Conflict, useServerVersion } from "../parts/server-version";
import { documentOf } from "../parts/stored-document";
import { type Draft, useDraft } from "../parts/use-draft";
import { useIsAhead, versionsKey } from "../parts/use-versions";
import { Versions } from "../parts/versions";
import { checkQuery, documentQuery, listKey, write } from "./client";
import { ContentTab } from "./content-tab";
import {
  CHANNEL_GROUPS,
  type Content,
  type DocumentKind,
  GUIDES,
  LAYOUTS,
  PARTIALS,
  type StoredDocument,
  TRANSLATIONS,
  titleOf,
} from "./kinds";
import { StateTab } from "./state-tab";

export const LayoutPage = () => <DocumentPage kind={LAYOUTS} />;
export const PartialPage = () => <DocumentPage kind={PARTIALS} />;
export const TranslationPage = () => <DocumentPage kind={TRANSLATIONS} />;
export const GuidePage = () => <DocumentPage kind={GUIDES} />;
export const ChannelGroupPage = () => <DocumentPage kind={CHANNEL_GROUPS} />;

function DocumentPage({ kind }: { kind: DocumentKind }) {
  const { key } = useParams({ strict: false }) as { key: string };
  const stored = useQuery(documentQuery(kind, key));
  if (stored.data) return <Loaded key={key} kind={kind} stored={stored.data} />;
  return (
    <Page title={key} crumbs={[{ title: kind.title, ...kind.list }]}>
      {stored.isPending ? (
        <Skeleton lines={8} />
      ) : (
        <Failure error={stored.error} onRetry={() => void stored.refetch()} />
      )}
    </Page>
  );
}

function useSave(kind: DocumentKind, key: string, draft: Draft<Content>) {
  const queries = useQueryClient();
  const ownSha = useRef<string>(undefined);
  const save = useMutation({
    mutationFn: async ({ message }: { message?: string }) => {
      const content = draft.doc;
      return { content, stored: await write({ kind, key, content, message }) };
    },
    onSuccess: ({ content, stored }, { message }) => {
      ownSha.current = stored.sha;
      draft.markSaved(content);
      queries.setQueryData(documentQuery(kind, key).queryKey, stored);
      void queries.invalidateQueries({ queryKey: listKey(kind) });
      void queries.invalidateQueries({ queryKey: versionsKey(kind.type, key) });
      done(message !== undefined ? "Committed." : kind.hasDrafts ? "The draft is saved." : "Saved.");
    },
  });
  return { ...save, ownSha };
}

function Loaded({ kind, stored }: { kind: DocumentKind; stored: StoredDocument }) {
  const { key } = stored;
  const draft = useDraft<Content>(documentOf(stored));
  const checked = useSettled(draft.doc, 400);
  const problems = useQuery(checkQuery(kind, key, checked)).data ?? {};
  const count = Object.keys(problems).length;
  const save = useSave(kind, key, draft);
  const takeServers = () => draft.reset(documentOf(stored));
  const isConflict = useServerVersion({
    sha: stored.sha,
    ownSha: save.ownSha.current,
    isChanged: draft.isChanged,
    take: takeServers,
  });
  const isCommitted = !useIsAhead(kind.type, stored);
  const isAhead = kind.hasDrafts && !isCommitted;
  const [isCommitting, setCommitting] = useState(false);
  const saveDraft = () => draft.isChanged && save.mutate({});
  const saveTitle = kind.hasDrafts ? "Save draft" : "Save";
  useHotkeys([{ keys: "Ctrl+S", title: saveTitle, run: saveDraft }]);
  usePageActions([
    { title: saveTitle, keys: "Ctrl+S", run: saveDraft },
    ...(kind.hasDrafts ? [{ title: `Commit the ${kind.one}`, run: () => setCommitting(true) }] : []),
  ]);
  return (
    <Page
      title={titleOf({ ...stored, ...draft.doc })}
      crumbs={[{ title: kind.title, ...kind.list }]}
      badges={
        <>
          {kind.canSwitch && <Status word={stored.active ? "on" : "off"} />}
          {draft.isChanged ? (
            <Badge tone="warn">Unsaved</Badge>
          ) : (
            isAhead && (
              <Badge tone="info" title="The draft was saved after the last commit.">
                Draft
              </Badge>
            )
          )}
          {count > 0 && (
            <Badge tone="bad">
              {count} {count === 1 ? "problem" : "problems"}
            </Badge>
          )}
        </>
      }
      actions={
        <>
          <Button disabled={!draft.isChanged} busy={save.isPending} onClick={saveDraft}>
            {saveTitle}
          </Button>
          {kind.hasDrafts && (
            <Button kind="primary" disabled={!draft.isChanged && !isAhead} onClick={() => setCommitting(true)}>
              Commit…
            </Button>
          )}
        </>
      }
    >
      {isConflict && <Conflict noun={kind.one} onDrop={takeServers} />}
      <FormFailure error={save.error} />
      <Tabs
        label={`Parts of the ${kind.one}`}
        tabs={[
          {
            key: "content",
            title: "Content",
            content: <ContentTab kind={kind} draft={draft} problems={problems} onSave={saveDraft} />,
          },
          {
            key: "versions",
            title: "Versions",
            content: (
              <Versions
                type={kind.type}
                of={key}
                draft={draft}
                isAhead={isAhead || draft.isChanged}
                none="Nothing was committed yet."
              />
            ),
          },
          { key: "state", title: "State", content: <StateTab kind={kind} stored={stored} /> },
        ]}
      />
      {isCommitting && (
        <CommitDialog
          title={`Commit the ${kind.one}`}
          lead={`The draft is saved and becomes a version. ${kind.effect}`}
          onClose={() => setCommitting(false)}
          onCommit={(message) => save.mutateAsync({ message })}
          problems={count}
        />
      )}
      <LeaveGuard isChanged={draft.isChanged} />
    </Page>
  );
}

// The reasons for the rank of one result: the parts of its score beside those of its neighbours.

import type { ReactNode } from "react";

import { buttonLook } from "../../components/ui/button";
import { cx } from "../../components/ui/cx";
import { Go } from "../../components/ui/go";
import { Empty, Failure, Page, Panel, Skeleton } from "../../components/ui/page";
import { paths } from "../../lib/paths";
import { useUrl, useWorkspaceId } from "../../lib/url";
import { ShareBar } from "./explanation";
import { groupOf, pageOf, titleOf } from "./hit-words";
import { MOST, requestOf } from "./request";
import { ADDED_PARTS, advantages, pointsOf, RECENCY, RELEVANCE, type ScorePart, sumOf } from "./score-parts";
import { type RankedHit, type RankedResult, useRank } from "./use-rank";

export function RankPage() {
  const { all, get } = useUrl();
  const { id: _, ...search } = all;
  const id = get("id") ?? "";
  const request = requestOf(all);
  const ranked = useRank(useWorkspaceId(), request, id);
  return (
    <Page
      title="Why this rank"
      lead={request.query ? `Asked: ${request.query}` : undefined}
      crumbs={[{ title: "Search", to: paths.search, search }]}
      actions={
        <Go to={paths.search} search={{ ...search, explain: "1" }} className={buttonLook("secondary")}>
          Back to the results
        </Go>
      }
    >
      {!id && <Empty>Open this page from a result of a search, with Explain.</Empty>}
      {id && ranked.isPending && <Skeleton lines={10} />}
      <Failure error={ranked.error} onRetry={() => void ranked.refetch()} />
      {ranked.data === null && <Empty>It is not among the first {MOST} results of this search.</Empty>}
      {ranked.data && <Comparison of={ranked.data} />}
    </Page>
  );
}

function Comparison({ of }: { of: RankedResult }) {
  return (
    <div className="grid gap-4">
      <Panel title="In short">
        <Reasons of={of} />
      </Panel>
      <Panel title="Score by part" note="the parts are added up, and the sum is multiplied by the recency">
        <Table of={of} />
      </Panel>
    </div>
  );
}

function Reasons({ of: { result, neighbours } }: { of: RankedResult }) {
  if (neighbours.length === 0) return <Empty>It is the only result.</Empty>;
  return (
    <ul className="grid max-w-prose gap-2 p-4">
      <li>
        <span className="font-medium">{titleOf(result.hit).text}</span> is number {result.rank}.
      </li>
      {neighbours.map((neighbour) => (
        <li key={neighbour.hit.id}>
          <Reason result={result} neighbour={neighbour} />
        </li>
      ))}
    </ul>
  );
}

/** A sentence on the order of two results. */
function Reason({ result, neighbour }: { result: RankedHit; neighbour: RankedHit }) {
  const isBefore = neighbour.rank < result.rank;
  const [higher, lower] = isBefore ? [neighbour, result] : [result, neighbour];
  const more = higher.hit.explain && lower.hit.explain ? advantages(higher.hit.explain, lower.hit.explain) : [];
  const parts = more.slice(0, 3).map(({ title, by }) => `${title} +${by.toFixed(2)}`);
  return (
    <>
      <span className="font-medium">{titleOf(neighbour.hit).text}</span> (number {neighbour.rank}) stands{" "}
      {isBefore ? "before" : "behind"} it{parts.length > 0 ? ` by ${listed(parts)}` : ", though both fit about equally"}
      .
    </>
  );
}

const listed = (words: string[]) => new Intl.ListFormat("en").format(words);

function Table({ of: { result, neighbours } }: { of: RankedResult }) {
  const columns = [result, ...neighbours].sort((one, other) => one.rank - other.rank);
  const isRelevant = columns.some(({ hit }) => typeof hit.explain?.rerank === "number");
  const rows = isRelevant ? [RELEVANCE, ...ADDED_PARTS] : ADDED_PARTS;
  const row = (part: ScorePart) => (
    <Row key={part.key} title={part.title} about={part.about} columns={columns} result={result}>
      {({ hit }) => hit.explain && <Cell part={part} value={pointsOf(hit.explain, part)} />}
    </Row>
  );
  const number = (hit: RankedHit["hit"]) => hit.explain && sumOf(hit.explain).toFixed(2);
  return (
    <div className="overflow-x-auto">
      <table aria-label="Parts of the scores" className="w-full text-left text-sm">
        <thead>
          <tr className="border-line border-b align-bottom">
            <th scope="col" className="px-4 py-2 font-medium">
              Part
            </th>
            {columns.map((column) => (
              <th key={column.hit.id} scope="col" className={cx(CELL, column === result && CHOSEN)}>
                <Head column={column} isChosen={column === result} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-line divide-y">
          {rows.map(row)}
          <Row
            title="Sum"
            about={isRelevant ? "without the relevance" : "of the parts above"}
            columns={columns}
            result={result}
          >
            {({ hit }) => <span className="tabular-nums">{number(hit)}</span>}
          </Row>
          {row(RECENCY)}
          <Row title="Score" about="from 0 to 1" columns={columns} result={result}>
            {({ hit }) => <span className="font-semibold tabular-nums">{hit.score.toFixed(2)}</span>}
          </Row>
        </tbody>
      </table>
    </div>
  );
}

const CELL = "w-1/4 min-w-20 px-2 py-2 font-normal sm:px-4";
const CHOSEN = "bg-bronze-tint";

function Head({ column: { rank, hit }, isChosen }: { column: RankedHit; isChosen: boolean }) {
  return (
    <span className="grid gap-0.5">
      <span className="text-quiet text-xs tabular-nums">
        {rank} · {isChosen ? "this result" : groupOf(hit)}
      </span>
      <Go {...pageOf(hit.id)} title={hit.title} className="text-bronze line-clamp-3 wrap-anywhere hover:underline">
        {titleOf(hit).text}
      </Go>
    </span>
  );
}

type RowProps = {
  title: string;
  about: string;
  columns: RankedHit[];
  result: RankedHit;
  children: (column: RankedHit) => ReactNode;
};

function Row({ title, about, columns, result, children }: RowProps) {
  return (
    <tr>
      <th scope="row" className="px-4 py-2 font-normal">
        <span className="block font-medium">{title}</span>
        <span className="text-quiet block text-xs">{about}</span>
      </th>
      {columns.map((column) => (
        <td key={column.hit.id} className={cx(CELL, column === result && CHOSEN)}>
          {children(column)}
        </td>
      ))}
    </tr>
  );
}

function Cell({ part, value }: { part: ScorePart; value: number }) {
  return (
    <span className="grid max-w-40 gap-1">
      <span className={cx("tabular-nums", value === 0 && "text-quiet")}>
        {part === RECENCY && "× "}
        {value.toFixed(2)}
      </span>
      <ShareBar part={part} value={value} />
    </span>
  );
}

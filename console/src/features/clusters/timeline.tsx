// Bars of clusters over the days, those with the latest observations first.

import type { ReactNode } from "react";

import { type Cluster, counted, statusOf } from "../../components/cluster/cluster";
import { ClusterBadge } from "../../components/cluster/cluster-badge";
import { Button } from "../../components/ui/button";
import { cx } from "../../components/ui/cx";
import { Go } from "../../components/ui/go";
import { Failure, Skeleton } from "../../components/ui/page";
import { Mark } from "../../components/ui/provider-mark";
import { Time } from "../../components/ui/time";
import { TONE_COLOUR } from "../../components/ui/tones";
import { exactly } from "../../lib/format";
import type { List } from "../../lib/list";
import { paths } from "../../lib/paths";
import { providerName } from "../../lib/providers";
import { type Span, spanOf } from "./span";

const MOST_NAMES = 3;
const COLUMNS = "md:grid-cols-[minmax(16rem,2fr)_minmax(12rem,3fr)]";

export function Timeline({ list, empty }: { list: List<Cluster>; empty: ReactNode }) {
  const span = list.rows.length > 0 ? spanOf(list.rows) : undefined;
  return (
    <section
      aria-label="Timeline"
      className="border-line bg-raised relative min-h-0 min-w-0 flex-1 overflow-y-auto border-t"
    >
      {list.isPending && <Skeleton lines={8} />}
      {list.error && <Failure error={list.error} onRetry={list.retry} />}
      {!list.isPending && !list.error && list.rows.length === 0 && empty}
      {list.fresh > 0 && (
        <div className="sticky top-2 z-10 flex h-0 justify-center">
          <Button kind="primary" size="sm" className="rounded-full!" onClick={list.showFresh}>
            {list.fresh} new
          </Button>
        </div>
      )}
      {span && (
        <>
          <Axis span={span} />
          <ol className="divide-line divide-y">
            {list.rows.map((cluster) => (
              <Row key={cluster.id} cluster={cluster} span={span} />
            ))}
          </ol>
        </>
      )}
      {list.hasMore && (
        <p className="border-line border-t px-4 py-3 sm:px-6">
          <Button busy={list.isLoadingMore} onClick={list.loadMore}>
            Earlier clusters
          </Button>
        </p>
      )}
    </section>
  );
}

function Axis({ span }: { span: Span }) {
  return (
    <div
      aria-hidden
      className={cx(
        "border-line bg-sunken text-quiet sticky top-0 z-[5] grid h-8 gap-x-6 border-b px-4 text-xs sm:px-6",
        COLUMNS,
      )}
    >
      <span className="hidden items-center md:flex">Cluster</span>
      <span className="relative">
        {span.ticks.map(({ place, title }) => (
          <span
            key={place}
            className="border-line absolute inset-y-0 flex items-center border-l pl-1 whitespace-nowrap"
            style={{ left: `${place * 100}%` }}
          >
            {title}
          </span>
        ))}
      </span>
    </div>
  );
}

function Row({ cluster, span }: { cluster: Cluster; span: Span }) {
  const { left, width } = span.bar(cluster);
  const people = cluster.actors.map(({ name }) => name);
  const more = people.length - MOST_NAMES;
  const label = cluster.label === cluster.title ? undefined : cluster.label;
  return (
    <li>
      <Go
        to={paths.cluster(cluster.id)}
        className={cx("focus-inside hover:bg-sunken grid items-center gap-x-6 gap-y-2 px-4 py-2.5 sm:px-6", COLUMNS)}
      >
        <span className="min-w-0">
          <span className="flex items-start gap-2">
            <span className="line-clamp-2 min-w-0 flex-1 font-medium wrap-anywhere">{cluster.title}</span>
            <ClusterBadge status={cluster.status} />
          </span>
          <span className="text-quiet mt-0.5 flex items-center gap-x-2 text-xs">
            <span className="flex shrink-0 items-center gap-1">
              {cluster.sources.map(({ name }) => (
                <span key={name} title={providerName(name)} className="inline-flex">
                  <Mark provider={name} size="sm" />
                </span>
              ))}
            </span>
            <span className="shrink-0">{counted(cluster.observation_count, "observation")}</span>
            <span className="min-w-0 flex-1 truncate">
              {label && <span className="text-bronze">{label} </span>}
              {people.slice(0, MOST_NAMES).join(", ")}
              {more > 0 && ` and ${more} more`}
            </span>
            <span className="shrink-0">
              <Time at={cluster.last_at} />
            </span>
          </span>
        </span>
        <span
          role="img"
          aria-label={`From ${exactly(cluster.first_at)} to ${exactly(cluster.last_at)}`}
          title={`${exactly(cluster.first_at)} – ${exactly(cluster.last_at)}`}
          className="bg-line/50 relative block h-3 rounded-full md:h-4"
        >
          <span
            className="absolute inset-y-0 rounded-full"
            style={{
              left: `${left * 100}%`,
              width: `${width * 100}%`,
              background: TONE_COLOUR[statusOf(cluster.status)?.tone ?? "quiet"],
            }}
          />
        </span>
      </Go>
    </li>
  );
}

// The attempts of an application in the last day, in one line.

import { useQuery } from "@tanstack/react-query";

import { Badge } from "../../components/ui/badge";
import { duration } from "../../components/ui/durations";
import { api, data } from "../../lib/api";

export function ApplicationFigures({ application }: { application: string }) {
  const { data: attempts } = useQuery({
    queryKey: ["webhook-statistics", application],
    refetchInterval: 20_000,
    queryFn: () => data(api.GET("/api/webhooks/statistics", { params: { query: { application } } })),
  });
  if (!attempts || typeof attempts.successRate !== "number") return null;
  const tone = attempts.successRate < 0.5 ? "bad" : attempts.successRate < 0.95 ? "warn" : "good";
  return (
    <Badge tone={tone} title="Attempts of 24 hours">
      {attempts.delivered.toLocaleString("en")} delivered, {attempts.failed.toLocaleString("en")} failed
      {typeof attempts.p95 === "number" && `, p95 ${duration(attempts.p95)}`}
    </Badge>
  );
}

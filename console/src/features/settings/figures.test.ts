import { expect, test } from "vitest";

import { readMetrics } from "../../lib/metrics";
import { bytes, figuresOf } from "./figures";

test("figures are sums of what the server counts", () => {
  const figures = figuresOf(
    readMetrics(`campanile_deliveries_total{provider="github",result="accepted"} 5
campanile_deliveries_total{provider="github",result="INVALID_SIGNATURE"} 2
campanile_http_seconds_sum{route="/a"} 1
campanile_http_seconds_count{route="/a"} 4
campanile_queue_depth{name="a"} 0
campanile_queue_depth{name="b"} 3
campanile_queue_oldest_seconds{name="b"} 12
`),
  );
  expect(figures).toMatchObject({
    deliveries: 5,
    refused: 2,
    requests: 4,
    requestMs: 250,
    queues: [{ name: "b", depth: 3, oldest: 12 }],
    memory: undefined,
  });
});

test("bytes are read as people do", () => {
  expect([bytes(12), bytes(1500), bytes(160_575_488)]).toEqual(["12 bytes", "1.5 kB", "161 MB"]);
});

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { expect, test, vi } from "vitest";

const { answer } = vi.hoisted(() => ({ answer: vi.fn() }));
vi.mock("../../lib/api", async (original) => ({
  ...(await original<object>()),
  api: { POST: (_: string, { body }: { body: { query: string } }) => answer(body.query) },
}));

import { useSearch } from "./use-search";

const ok = (...ids: string[]) => ({
  data: { data: ids.map((id) => ({ id })), meta: { total: ids.length } },
  response: new Response(),
});
const refused = {
  error: { message: "it is no date", request_id: "req_1" },
  response: new Response("", { status: 400 }),
};

function searching(query: string) {
  const client = new QueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  return renderHook(({ query }) => useSearch("ws", { query }), { wrapper, initialProps: { query } });
}

test("in the middle of a word the last results stay; once it is written out, what it has is shown", async () => {
  answer.mockImplementation(async (query: string) => (query === "bell" ? ok("obs_1") : ok()));
  const { result, rerender } = searching("bell");
  await waitFor(() => expect(result.current.hits).toHaveLength(1));
  expect(result.current.isStale).toBe(false);
  rerender({ query: "bells r" });
  await waitFor(() => expect(answer).toHaveBeenLastCalledWith("bells r"));
  expect(result.current).toMatchObject({ isStale: true, answered: { query: "bell" } });
  expect(result.current.hits).toHaveLength(1);
  await waitFor(() =>
    expect(result.current).toMatchObject({ isStale: false, answered: { query: "bells r" }, hits: [] }),
  );
});

test("a query that is refused leaves the last results, and is asked once", async () => {
  answer.mockImplementation(async (query: string) => (query === "bell" ? ok("obs_1") : refused));
  const { result, rerender } = searching("bell");
  await waitFor(() => expect(result.current.hits).toHaveLength(1));
  answer.mockClear();
  rerender({ query: "after:soon" });
  await waitFor(() => expect(result.current.error).toMatchObject({ message: "it is no date", requestId: "req_1" }));
  expect(result.current.hits).toHaveLength(1);
  expect(answer).toHaveBeenCalledTimes(1);
});

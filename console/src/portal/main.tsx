// The portal: one application's webhooks, for its owner, without an account and inside of other pages. The link's
// fragment carries the application and a token for it; what the page looks like stands in the query.

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { WebhooksContext } from "../features/webhooks/context";
import { isGone, webhooksOf } from "../features/webhooks/client";
import "../styles/index.css";
import { followHeight } from "./frame";
import { keyOf } from "./key";
import { dress } from "./look";
import { portalRouter } from "./router";

const query = new URLSearchParams(location.search);
dress(query);
followHeight();

const client = new QueryClient({
  defaultOptions: { queries: { retry: (failures, error) => !isGone(error) && failures < 2 } },
});

async function open() {
  const root = createRoot(document.getElementById("root")!);
  const key = keyOf(location.hash);
  if (!key) return root.render(<Closed why="This link is not complete. Ask for a new one." />);
  try {
    const webhooks = await webhooksOf(key);
    const router = portalRouter(query);
    root.render(
      <StrictMode>
        <QueryClientProvider client={client}>
          <WebhooksContext value={webhooks}>
            <RouterProvider router={router} />
          </WebhooksContext>
        </QueryClientProvider>
      </StrictMode>,
    );
  } catch (error) {
    const why = isGone(error) ? "This link has run out. Ask for a new one." : `The server does not answer: ${String(error)}`;
    root.render(<Closed why={why} />);
  }
}

function Closed({ why }: { why: string }) {
  return (
    <main className="grid min-h-40 place-items-center p-8">
      <p role="alert">{why}</p>
    </main>
  );
}

void open();

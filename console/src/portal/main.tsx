// The portal: one application's webhooks, for its owner, without an account and inside of other pages. The link's
// fragment carries the application and a token for it; what the page looks like stands in the query.

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { LinkBase } from "../components/ui/go";
import { openPortal } from "../features/webhooks/client";
import { type Webhooks, WebhooksContext } from "../features/webhooks/context";
import { PORTAL_PLACES } from "../features/webhooks/places";
import { isGone } from "../lib/api";
import "../styles/index.css";
import { Closed } from "./closed";
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
  const root = createRoot(document.getElementById("root") as HTMLElement);
  const key = keyOf(location.hash);
  if (!key)
    return root.render(
      <Closed title="This link is not complete">Open it again from where you found it, or ask for a new one.</Closed>,
    );
  try {
    const webhooks: Webhooks = { ...(await openPortal(key)), host: "portal", places: PORTAL_PLACES };
    const router = portalRouter(query);
    root.render(
      <StrictMode>
        <QueryClientProvider client={client}>
          <WebhooksContext value={webhooks}>
            <LinkBase value="">
              <RouterProvider router={router} />
            </LinkBase>
          </WebhooksContext>
        </QueryClientProvider>
      </StrictMode>,
    );
  } catch (error) {
    root.render(
      isGone(error) ? (
        <Closed title="This link has run out">Links work for a time. Ask for a new one.</Closed>
      ) : (
        <Closed title="The server does not answer" onRetry={() => location.reload()}>
          {String(error)}
        </Closed>
      ),
    );
  }
}

void open();

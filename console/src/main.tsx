// The console: what happened, as it happens.

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { router } from "./app/router";
import { isPassing } from "./lib/api";
import "./styles/index.css";

const client = new QueryClient({
  defaultOptions: {
    queries: { retry: (failures, error) => isPassing(error) && failures < 3, refetchOnWindowFocus: true },
  },
});

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);

// Where the pages of webhooks are. They stand in two routers, of which only one can give its types to links.

import { Link, useNavigate, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";

export const places = {
  endpoints: "/",
  newEndpoint: "/endpoints/new",
  endpoint: (id: string) => `/endpoints/${id}`,
  editEndpoint: (id: string) => `/endpoints/${id}/edit`,
  messages: "/messages",
  message: (id: string) => `/messages/${id}`,
};

export function Go({ to, className, children }: { to: string; className?: string; children: ReactNode }) {
  return <Link to={to} className={className}>{children}</Link>;
}

export function useGo(): (to: string) => Promise<void> {
  const navigate = useNavigate();
  return (to) => navigate({ to });
}

/** A part of the address. */
export function usePart(name: "endpoint" | "message"): string | undefined {
  return (useParams({ strict: false }) as Record<string, string | undefined>)[name];
}

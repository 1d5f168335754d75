// The page of one integration: a source, or a connected account. The id tells which.

import { useParams } from "@tanstack/react-router";

import { ConnectionPage } from "./connections/connection-page";
import { SourcePage } from "./source-page";

export function IntegrationPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  return id.startsWith("con_") ? <ConnectionPage key={id} id={id} /> : <SourcePage />;
}

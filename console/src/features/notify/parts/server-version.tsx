// The version of a document that was saved elsewhere while it is edited here.

import { useEffect, useRef } from "react";

import { Button } from "../../../components/ui/button";

type ServerVersion = {
  /** The hash of the version that the server has now. */
  sha: string;
  /** The hash of the version that was saved here last. */
  ownSha: string | undefined;
  isChanged: boolean;
  /** Shows the server's version. */
  take: () => void;
};

/** Takes a version that was saved elsewhere; true if that would cost changes of one's own. */
export function useServerVersion({ sha, ownSha, isChanged, take }: ServerVersion): boolean {
  const seen = useRef(sha);
  const isNew = sha !== seen.current && sha !== ownSha;
  useEffect(() => {
    if (sha === ownSha) seen.current = sha;
    if (!isNew || isChanged) return;
    seen.current = sha;
    take();
  });
  return isNew && isChanged;
}

export function Conflict({ noun, onDrop }: { noun: string; onDrop: () => void }) {
  return (
    <p role="status" className="border-warn/40 bg-warn-tint mb-3 rounded-md border px-3 py-2">
      The {noun} was saved elsewhere meanwhile.{" "}
      <Button kind="link" onClick={onDrop}>
        Drop my changes and show it
      </Button>
    </p>
  );
}

// Asks for the history of a connected account: how far back, which kinds of things, and about how much that is.

import { type FormEvent, useState } from "react";

import { Button } from "../../../../components/ui/button";
import { Dialog, DialogActions } from "../../../../components/ui/dialog";
import { CheckField } from "../../../../components/ui/field";
import { Skeleton } from "../../../../components/ui/page";
import { Segments } from "../../../../components/ui/tabs";
import { done } from "../../../../components/ui/toast";
import { providerName } from "../../../../lib/providers";
import type { Connection } from "../connections";
import { FormFault } from "../parts";
import { DEPTHS, type Estimate, useBeginBackfill, useEstimate } from "./history";
import { beginFault, kindInWords, momentInWords, sizeInWords, sizeOf } from "./words";

/** The depth that is offered first. */
const USUAL = 30;

export function HistoryDialog({ of, onClose }: { of: Connection; onClose: () => void }) {
  const [depth, setDepth] = useState<number>(USUAL);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const estimate = useEstimate(of.id, depth);
  const begin = useBeginBackfill(of.id);
  const all = [...new Set(estimate.data?.stretches.map(({ kind }) => kind))];
  const kinds = all.filter((kind) => !left.has(kind));
  const hindrance = estimate.data && hindranceOf(estimate.data);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const body = kinds.length === all.length ? { depth } : { depth, kinds };
    begin.mutate(body, {
      onSuccess: () => {
        done("The history comes along");
        onClose();
      },
    });
  };
  return (
    <Dialog
      title="Bring history along"
      lead="What was there before is remembered and found like news. It rings nobody."
      open
      onClose={onClose}
    >
      <form onSubmit={submit} className="grid gap-4">
        <div className="grid justify-items-start gap-1.5">
          <span className="font-medium">Days to go back</span>
          <Segments
            label="Days to go back"
            value={String(depth)}
            options={DEPTHS.map((days) => [String(days), days === 1 ? "1 day" : `${days} days`])}
            onChange={(days) => setDepth(Number(days))}
          />
        </div>
        {estimate.isPending && <Skeleton lines={3} />}
        {estimate.error && <FormFault text={beginFault(estimate.error)} />}
        {all.length > 0 && (
          <fieldset className="grid gap-2">
            <legend className="mb-1.5 font-medium">Kinds</legend>
            {all.map((kind) => (
              <CheckField
                key={kind}
                label={kindInWords(kind)}
                checked={!left.has(kind)}
                onChange={(isChosen) => setLeft(isChosen ? without(left, kind) : new Set([...left, kind]))}
              />
            ))}
          </fieldset>
        )}
        {estimate.data && kinds.length > 0 && (
          <p role="status" className="bg-sunken rounded-md px-3 py-2">
            {sizeInWords(sizeOf(estimate.data, new Set(kinds)), providerName(of.provider))}
          </p>
        )}
        {hindrance && <p className="bg-warn-tint text-warn rounded-md px-3 py-2">{hindrance}</p>}
        {begin.error && <FormFault text={beginFault(begin.error)} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            kind="primary"
            busy={begin.isPending}
            disabled={!estimate.data || kinds.length === 0 || hindrance !== undefined}
          >
            Bring it along
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

/** The reason why none can begin now. */
function hindranceOf({ is_active, next_allowed_at }: Estimate): string | undefined {
  if (is_active) return "One is under way. Another one can begin when it has ended.";
  if (next_allowed_at)
    return `An hour has to pass between two: the next one can begin at ${momentInWords(next_allowed_at)}.`;
  return undefined;
}

function without(set: ReadonlySet<string>, one: string): ReadonlySet<string> {
  const next = new Set(set);
  next.delete(one);
  return next;
}

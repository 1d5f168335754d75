// A button that makes one real call of a model, and what came back.

import { useMutation, useQueryClient } from "@tanstack/react-query";

import { Button } from "../../components/ui/button";
import { Dialog, DialogActions } from "../../components/ui/dialog";
import { duration } from "../../components/ui/durations";
import { Facts, Failure } from "../../components/ui/page";
import { api, data, type Schemas } from "../../lib/api";

type Tried = Schemas["TriedModel"];

const NAMES: Record<Tried, string> = {
  embedder: "model of meaning",
  reranker: "model that orders results",
  writer: "language model",
};

export function ModelTrial({ model }: { model: Tried }) {
  const queries = useQueryClient();
  const trial = useMutation({
    mutationFn: () => data(api.POST("/api/models/test", { body: { model } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["models"] }),
  });
  const isShown = trial.isSuccess || trial.isError;
  return (
    <>
      <Button size="sm" busy={trial.isPending} aria-label={`Test the ${NAMES[model]}`} onClick={() => trial.mutate()}>
        Test
      </Button>
      <Dialog
        title={trial.data?.works ? "The model works" : "The model does not work"}
        lead={`One call of the ${NAMES[model]} was made.`}
        open={isShown}
        onClose={() => trial.reset()}
      >
        <Failure error={trial.error} />
        {trial.data && (
          <Facts
            of={[
              ["Reply", trial.data.said],
              ["Time", duration(trial.data.took)],
              ...(trial.data.tokens > 0 ? [["Tokens", String(trial.data.tokens)] as [string, string]] : []),
            ]}
          />
        )}
        <DialogActions>
          <Button kind="primary" onClick={() => trial.reset()}>
            Close
          </Button>
        </DialogActions>
      </Dialog>
    </>
  );
}

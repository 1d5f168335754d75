// Deliveries that failed or were skipped are processed again, from the stored body.

import { useMutation, useQueryClient } from "@tanstack/react-query";

import { done, notDone } from "../../components/ui/toast";
import { api, type Delivery, data } from "../../lib/api";

export const canProcess = ({ status }: Pick<Delivery, "status">) => status === "failed" || status === "skipped";

export function useProcessAgain() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (ids: string[]) => {
      const ends = await Promise.allSettled(
        ids.map((id) => data(api.POST("/api/deliveries/{id}/process", { params: { path: { id } } }))),
      );
      const failed = ends.filter((end): end is PromiseRejectedResult => end.status === "rejected");
      if (failed.length === ids.length) throw failed[0]?.reason;
      return { asked: ids.length, failed: failed.length };
    },
    onSuccess: ({ asked, failed }) => {
      done(
        failed > 0
          ? `${asked - failed} are processed again; ${failed} could not be`
          : asked === 1
            ? "It is processed again"
            : `${asked} are processed again`,
      );
      // The lists change in place when the server tells that it is done.
      void queries.invalidateQueries({ queryKey: ["delivery"] });
    },
    onError: (error) => notDone("It was not processed again", error),
  });
}

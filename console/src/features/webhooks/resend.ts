// Sending messages to endpoints once more, one or several.

import { useMutation } from "@tanstack/react-query";

import { done, notDone } from "../../components/ui/toast";
import { data } from "../../lib/api";
import { useRefresh, useWebhooks } from "./context";

export type Destination = { message: string; endpoint: string };

export function useBulkResend() {
  const { svix, app } = useWebhooks();
  const refresh = useRefresh();
  return useMutation({
    mutationFn: async (destinations: Destination[]) => {
      // A message that failed twice is sent once.
      const each = new Map(destinations.map((one) => [`${one.message} ${one.endpoint}`, one]));
      for (const path of each.values()) {
        await data(
          svix.POST("/api/v1/app/{app}/msg/{message}/endpoint/{endpoint}/resend", {
            params: { path: { app, ...path } },
          }),
        );
      }
      return each.size;
    },
    onSuccess: async (count) => {
      done(count === 1 ? "Sent again: the attempt is seen in a moment" : `${count} messages are sent again`);
      await refresh();
    },
    onError: (error) => notDone("Not sent again", error),
  });
}

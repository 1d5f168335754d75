// A mail to oneself, which shows whether the mail server takes mails.

import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Status } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { Field } from "../../components/ui/field";
import { Failure } from "../../components/ui/page";
import { api, data } from "../../lib/api";
import { asText } from "../../lib/json";

const UNDER_WAY = ["queued", "delivery_attempted"];

export function MailCheck({ email, onDone }: { email: string; onDone: () => void }) {
  const [address, setAddress] = useState(email);
  const send = useMutation({
    mutationFn: () =>
      data(
        api.POST("/v1/channels/{key}/test", {
          params: { path: { key: "email" } },
          body: { to: { to: address.trim() } },
        }),
      ),
  });
  const id = send.data?.id ?? "";
  const message = useQuery({
    queryKey: ["trial", id],
    enabled: id !== "",
    queryFn: () => data(api.GET("/v1/messages/{id}", { params: { path: { id } } })),
    refetchInterval: ({ state }) => (UNDER_WAY.includes(state.data?.status ?? "queued") ? 500 : false),
  });
  const status = message.data?.status;
  const events = useQuery({
    queryKey: ["trial", id, "events", status],
    enabled: status === "undelivered",
    queryFn: () => data(api.GET("/v1/messages/{id}/events", { params: { path: { id } } })),
  });
  const isSent = status === "sent" || status === "delivered";
  useEffect(() => {
    if (isSent) onDone();
  }, [isSent, onDone]);
  return (
    <form
      className="grid max-w-sm gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        send.mutate();
      }}
    >
      <p>Invitations and notifications go by mail. A test shows whether the server can send one.</p>
      <Field
        label="Mail address"
        type="email"
        required
        value={address}
        onChange={(event) => setAddress(event.target.value)}
      />
      {send.error && (
        <div className="-mx-4">
          <Failure error={send.error} />
        </div>
      )}
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" busy={send.isPending}>
          Send a test mail
        </Button>
        <span role="status">{send.data && <Status word={status ?? "queued"} />}</span>
      </div>
      {status === "undelivered" && (
        <p className="text-bad">
          {asText(events.data?.items[0]?.data?.failure_details) ?? "The mail was not taken."}{" "}
          <span className="text-quiet">Set CAMPANILE_SMTP_URL, or a provider in the channel E-mail.</span>
        </p>
      )}
    </form>
  );
}

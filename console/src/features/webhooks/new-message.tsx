// Sending a message by hand.

import { type FormEvent, useState } from "react";

import { Button, buttonLook } from "../../components/ui/button";
import { CodeEditor } from "../../components/ui/code-editor";
import { Field, SelectField } from "../../components/ui/field";
import { Failure } from "../../components/ui/page";
import { done } from "../../components/ui/toast";
import { isObject, objectIn } from "../../lib/json";
import { exampleOf } from "./client";
import { useDo, useEventTypes, useWebhooks } from "./context";
import { At, Screen, useGoAt } from "./frame";
import { Unsaved } from "./unsaved";

export function NewMessage() {
  const { places } = useWebhooks();
  return (
    <Screen
      title="Send a message"
      lead="It goes to each endpoint that takes its event type and channels."
      back={{ title: "Messages", place: places.messages }}
    >
      <Form />
    </Screen>
  );
}

const START = "{\n  \n}";

function Form() {
  const { places } = useWebhooks();
  const goAt = useGoAt();
  const types = useEventTypes();
  const [type, setType] = useState("");
  const [own, setOwn] = useState("");
  const [payload, setPayload] = useState(START);
  const [isTyped, setTyped] = useState(false);
  const [channels, setChannels] = useState("");
  const [tags, setTags] = useState("");
  const [eventId, setEventId] = useState("");
  const [at, setAt] = useState("");
  const [isOut, setOut] = useState(false);
  const [problem, setProblem] = useState<string>();
  const send = useDo(({ svix, app }, read: Record<string, unknown>) => {
    const body = {
      eventType: type || own.trim(),
      payload: read,
      channels: names(channels),
      tags: names(tags),
      eventId: eventId.trim() || null,
      deliverAt: at ? new Date(at).toISOString() : null,
    };
    return svix.POST("/api/v1/app/{app}/msg", { params: { path: { app } }, body });
  });
  const choose = (name: string) => {
    setType(name);
    const chosen = types.data?.find((one) => one.name === name);
    const example = chosen && exampleOf(chosen);
    // Typed text is not thrown away.
    if (!isTyped && isObject(example)) setPayload(JSON.stringify(example, null, 2));
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const read = objectIn(payload);
    setProblem(read ? undefined : "The payload must be a JSON object.");
    if (!read) return;
    const sent = await send.mutateAsync(read).catch(() => undefined);
    if (!sent) return;
    setOut(true);
    done("The message is sent");
    setTimeout(() => void goAt(places.message(sent.id)));
  };
  return (
    <form
      onSubmit={(event) => void submit(event)}
      className="border-line bg-raised grid max-w-3xl gap-5 rounded-lg border p-4 sm:p-6"
    >
      <Unsaved when={!isOut && isTyped} />
      <div className="grid gap-5 sm:grid-cols-2">
        <SelectField
          label="Event type"
          options={[
            { value: "", title: "Another…" },
            ...(types.data ?? []).map(({ name }) => ({ value: name, title: name })),
          ]}
          value={type}
          onChange={(event) => choose(event.target.value)}
        />
        {!type && (
          <Field
            label="Its name"
            required
            placeholder="invoice.paid"
            pattern="[a-zA-Z0-9\-_.]+"
            value={own}
            onChange={(event) => setOwn(event.target.value)}
          />
        )}
      </div>
      <Failure error={types.error} onRetry={() => void types.refetch()} />
      <div className="grid gap-1.5">
        <span className="font-medium">Payload</span>
        <CodeEditor
          label="Payload"
          language="json"
          value={payload}
          minLines={6}
          onChange={(text) => {
            setPayload(text);
            setTyped(true);
          }}
        />
        {problem && (
          <p role="alert" className="text-bad text-xs">
            {problem}
          </p>
        )}
      </div>
      <div className="grid gap-5 sm:grid-cols-2">
        <Field
          label="Channels"
          hint="Separated by commas. Empty for all endpoints."
          value={channels}
          onChange={(event) => setChannels(event.target.value)}
        />
        <Field
          label="Tags"
          hint="Separated by commas."
          value={tags}
          onChange={(event) => setTags(event.target.value)}
        />
        <Field
          label="Event id"
          hint="A second message with the same id is refused."
          value={eventId}
          onChange={(event) => setEventId(event.target.value)}
        />
        <Field
          label="Deliver at"
          hint="Empty for now."
          type="datetime-local"
          value={at}
          onChange={(event) => setAt(event.target.value)}
        />
      </div>
      {send.isError && (
        <div className="-mx-4">
          <Failure error={send.error} />
        </div>
      )}
      <p className="flex flex-wrap gap-2">
        <Button type="submit" kind="primary" busy={send.isPending}>
          Send message
        </Button>
        <At place={places.messages} className={buttonLook()}>
          Cancel
        </At>
      </p>
    </form>
  );
}

function names(text: string): string[] | null {
  const found = text
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
  return found.length > 0 ? found : null;
}

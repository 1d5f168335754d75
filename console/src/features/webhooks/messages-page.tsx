// What was sent to the application, newest first.

import { useState } from "react";

import { Chip, Panel, Time } from "../../components/ui";
import { useEventTypes, useMessages } from "./context";
import { Heading, Listed, SELECT } from "./parts";
import { Go, places } from "./places";

export function MessagesPage() {
  const [type, setType] = useState("");
  const [content, setContent] = useState("");
  const types = useEventTypes();
  const filter = (type && `&event_types=${encodeURIComponent(type)}`) + (content && `&content=${encodeURIComponent(content)}`);
  const messages = useMessages(filter);
  return (
    <>
      <Heading title="Messages" note="Every event, whichever endpoints it went to." />
      <Panel title="All messages">
        <p className="border-line flex flex-wrap gap-3 border-b px-4 py-2">
          <select aria-label="Event type" className={SELECT} value={type} onChange={(event) => setType(event.target.value)}>
            <option value="">All events</option>
            {types.data?.pages.flatMap((page) => page.data).map((known) => <option key={known.name}>{known.name}</option>)}
          </select>
          <input type="search" aria-label="How a text in the payload begins" placeholder="A text in the payload begins with…" className={`${SELECT} min-w-0 flex-1 basis-60`} value={content} onChange={(event) => setContent(event.target.value)} />
        </p>
        <Listed of={messages} none="No message fits.">
          {(message) => (
            <li key={message.id}>
              <Go to={places.message(message.id)} className="hover:bg-ground flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5">
                <span className="basis-56 truncate font-medium">{message.eventType}</span>
                <span className="text-quiet min-w-0 flex-1 truncate font-mono text-xs">{message.id}</span>
                {message.channels?.map((channel) => <Chip key={channel}>{channel}</Chip>)}
                <Time at={message.timestamp} />
              </Go>
            </li>
          )}
        </Listed>
      </Panel>
    </>
  );
}

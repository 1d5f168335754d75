// New Message: a message of an event type goes to the endpoints of an application. It serves the event types that the server
// sends by itself, such as `cluster.created`, and those of your own.

import { APPLICATION, EVENT_TYPE } from "../fields.js";
import { call } from "../server.js";
import { subscribe, unsubscribe, verified } from "../subscriptions.js";

const SAMPLES = 3;

const messageItem = ({ application, event_type }, { id, sentAt, payload }) => ({
  id,
  event_type,
  application,
  sent_at: sentAt,
  payload,
});

const performSubscribe = (z, bundle) => {
  const { application, event_type: eventType, channel } = bundle.inputData;
  return subscribe(z, bundle, { application, eventType, channel: channel?.trim(), title: "New Message" });
};

const perform = (z, bundle) => [messageItem(bundle.inputData, verified(z, bundle))];

/** The newest messages of the type; the example of the type if there is none. */
async function performList(z, bundle) {
  const { application, event_type, channel } = bundle.inputData;
  const params = { event_types: event_type, channel: channel?.trim(), limit: SAMPLES };
  const path = `/api/v1/app/${encodeURIComponent(application)}/msg`;
  const { data } = await call(z, bundle, path, { params });
  if (data.length === 0) return examples(z, bundle);
  return data.map(({ id, timestamp, payload }) => messageItem(bundle.inputData, { id, sentAt: timestamp, payload }));
}

/** The examples in the newest schema of the event type. */
async function examples(z, bundle) {
  const path = `/api/v1/event-type/${encodeURIComponent(bundle.inputData.event_type)}`;
  const { schemas, updatedAt } = await call(z, bundle, path);
  const newest = Object.entries(schemas ?? {}).sort(([one], [other]) => Number(other) - Number(one))[0]?.[1];
  const payloads = Array.isArray(newest?.examples) ? newest.examples.slice(0, SAMPLES) : [];
  return payloads.map((payload, at) => messageItem(bundle.inputData, { id: `example-${at + 1}`, sentAt: updatedAt, payload }));
}

export default {
  key: "new_message",
  noun: "Message",
  display: {
    label: "New Message",
    description: "Triggers when a message of an event type is sent to the endpoints of an application.",
  },
  operation: {
    type: "hook",
    inputFields: [
      APPLICATION,
      EVENT_TYPE,
      { key: "channel", label: "Channel", type: "string", helpText: "Only messages to this channel. All messages when empty." },
    ],
    performSubscribe,
    performUnsubscribe: unsubscribe,
    perform,
    performList,
    sample: {
      id: "msg_2nWcqkRzjUaVXn6vRlCCJfQpT3M",
      event_type: "invoice.paid",
      application: "acme",
      sent_at: "2026-02-07T09:30:00.000Z",
      payload: { invoice: "in_7", amount: 4200 },
    },
  },
};

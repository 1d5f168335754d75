// Send a Message: it goes, signed, to every endpoint of an application that takes its event type.

import { APPLICATION, EVENT_TYPE } from "../fields.js";
import { call, fault, filled } from "../server.js";

function payloadOf(z, { payload_json, payload }) {
  if (!payload_json?.trim()) return payload ?? {};
  let read;
  try {
    read = JSON.parse(payload_json);
  } catch (error) {
    throw fault(z, `The payload is not JSON: ${error.message}`, "PAYLOAD");
  }
  if (read === null || typeof read !== "object" || Array.isArray(read)) throw fault(z, "The payload must be a JSON object.", "PAYLOAD");
  return read;
}

async function perform(z, bundle) {
  const { application, event_type, channels, event_id } = bundle.inputData;
  const options = filled({ eventType: event_type, eventId: event_id, channels });
  const body = { ...options, payload: payloadOf(z, bundle.inputData) };
  const path = `/api/v1/app/${encodeURIComponent(application)}/msg`;
  const { id, eventType, timestamp } = await call(z, bundle, path, { method: "POST", body });
  return { id, event_type: eventType, application, sent_at: timestamp };
}

export default {
  key: "send_message",
  noun: "Message",
  display: {
    label: "Send a Message",
    description: "Sends a signed message to the endpoints of an application.",
  },
  operation: {
    inputFields: [
      APPLICATION,
      EVENT_TYPE,
      { key: "payload", label: "Payload", dict: true, helpText: "The fields of the payload." },
      { key: "payload_json", label: "Payload as JSON", type: "text", helpText: "A JSON object, in place of the fields." },
      {
        key: "event_id",
        label: "Your ID",
        type: "string",
        helpText: "Unique within the application: a second message with it is refused. Map the id of the trigger here, so that a step that is tried again sends nothing.",
      },
      { key: "channels", label: "Channels", type: "string", list: true, helpText: "Endpoints that take certain channels alone get it only if one of them is here." },
    ],
    perform,
    sample: {
      id: "msg_2nWcqkRzjUaVXn6vRlCCJfQpT3M",
      event_type: "invoice.paid",
      application: "acme",
      sent_at: "2026-02-07T09:30:00.000000Z",
    },
  },
};

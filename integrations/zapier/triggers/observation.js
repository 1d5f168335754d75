// New Observation: something happened in a tool of the team, and was remembered. A type, a topic and a lowest significance may
// be chosen: a script of the endpoint cancels the others at the server, so that they cost no call to Zapier.

import { WORKSPACE } from "../fields.js";
import { OBSERVATION_SAMPLE, observationItem } from "../observations.js";
import { call, fault, filled } from "../server.js";
import { subscribe, unsubscribe, verified } from "../subscriptions.js";

const EVENT = "observation.created";
const SAMPLES = 3;

/** Runs at the server. The choices are its variables and no part of its code. */
const SCRIPT = `function handler(webhook) {
  const { observationType, topics, significanceScore } = webhook.payload.data;
  const { type, topic, significance } = webhook.env;
  const isOfType = !type || observationType === type || observationType.startsWith(type + ".");
  const isOfTopic = !topic || topics.includes(topic);
  const isImportant = !significance || significanceScore >= Number(significance);
  webhook.cancel = !(isOfType && isOfTopic && isImportant);
  return webhook;
}
`;

/** The choices that were made, as texts. Topics are in small letters. */
function choicesOf({ inputData: { type, topic, min_significance: significance } }) {
  const texts = { type: type?.trim(), topic: topic?.trim().toLowerCase(), significance };
  return Object.fromEntries(Object.entries(filled(texts)).map(([name, value]) => [name, String(value)]));
}

function performSubscribe(z, bundle) {
  const variables = choicesOf(bundle);
  const script = Object.keys(variables).length > 0 ? { code: SCRIPT, variables } : undefined;
  return subscribe(z, bundle, { application: bundle.inputData.workspace, eventType: EVENT, title: "New Observation", script });
}

const detail = (z, bundle, id) =>
  call(z, bundle, `/api/observations/${encodeURIComponent(id)}`, {
    params: { workspace: bundle.inputData.workspace },
    mayBeMissing: true,
  });

/** The observation of a delivery, as the server has it; none if it was forgotten meanwhile. */
async function perform(z, bundle) {
  const { payload } = verified(z, bundle);
  const id = payload?.data?.observationId;
  if (payload?.type !== EVENT || typeof id !== "string") throw fault(z, "The delivery is not of an observation.", "DELIVERY");
  const found = await detail(z, bundle, id);
  return found ? [observationItem(z, bundle, found)] : [];
}

/** The newest observations that fit the choices. */
async function performList(z, bundle) {
  const { type, topic, significance: min_significance } = choicesOf(bundle);
  const params = { workspace: bundle.inputData.workspace, type, topic, min_significance, limit: SAMPLES };
  const { data } = await call(z, bundle, "/api/observations", { params });
  const found = await Promise.all(data.map(({ id }) => detail(z, bundle, id)));
  return found.filter(Boolean).map((it) => observationItem(z, bundle, it));
}

export default {
  key: "new_observation",
  noun: "Observation",
  display: {
    label: "New Observation",
    description: "Triggers when something that happened in one of your tools is remembered.",
  },
  operation: {
    type: "hook",
    inputFields: [
      WORKSPACE,
      {
        key: "type",
        label: "Type",
        type: "string",
        placeholder: "pull_request.merged",
        helpText: "Only of this type. Its first word alone, such as `pull_request`, stands for all that happens to one.",
      },
      { key: "topic", label: "Topic", type: "string", placeholder: "github", helpText: "Only with this topic. The tool is one." },
      { key: "min_significance", label: "Lowest Significance", type: "integer", helpText: "Only from this importance on, from 0 to 100." },
    ],
    performSubscribe,
    performUnsubscribe: unsubscribe,
    perform,
    performList,
    sample: OBSERVATION_SAMPLE,
  },
};

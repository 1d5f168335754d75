// Record an Observation: something that no connected tool tells is remembered.

import { WORKSPACE } from "../fields.js";
import { OBSERVATION_SAMPLE, observationItem } from "../observations.js";
import { call, filled } from "../server.js";

/** The person who did it; an id stands for a missing name, and the other way round. */
function actorOf({ actor_id, actor_name, actor_email }) {
  const id = actor_id || actor_email || actor_name;
  return id ? filled({ id, name: actor_name || id, email: actor_email }) : undefined;
}

const referenceOf = ({ reference_type, reference_id, is_subject }) =>
  filled({ type: reference_type, id: reference_id, is_subject });

async function perform(z, bundle) {
  const { workspace, external_id, title, body, type, url, occurred_at, repository, references = [], metadata } = bundle.inputData;
  const given = {
    id: external_id,
    title,
    body,
    type,
    url,
    occurred_at,
    repository,
    actor: actorOf(bundle.inputData),
    references: references.map(referenceOf),
    metadata,
  };
  const made = await call(z, bundle, "/api/observations", { method: "POST", params: { workspace }, body: filled(given) });
  return observationItem(z, bundle, { ...made, body });
}

export default {
  key: "record_observation",
  noun: "Observation",
  display: {
    label: "Record an Observation",
    description: "Remembers something that happened, so that it is searched, tied to other events and announced.",
  },
  operation: {
    inputFields: [
      WORKSPACE,
      { key: "title", label: "Title", type: "string", required: true, helpText: "One line, at most 200 characters." },
      { key: "body", label: "Text", type: "text", helpText: "At most 10,000 characters." },
      {
        key: "type",
        label: "Type",
        type: "string",
        placeholder: "incident.opened",
        helpText: "Small letters, digits, `_` and `-`, with dots between words. `note.created` when empty.",
      },
      {
        key: "external_id",
        label: "Your ID",
        type: "string",
        helpText: "What is recorded twice under one id is remembered once. Map the id of the trigger here, so that a step that is tried again adds nothing.",
      },
      { key: "occurred_at", label: "Time", type: "datetime", helpText: "The time at which it happened; now when empty." },
      { key: "url", label: "Link", type: "string", helpText: "An `http` or `https` address at which it can be seen." },
      { key: "actor_name", label: "Name of the Person", type: "string", helpText: "Who did it." },
      { key: "actor_id", label: "ID of the Person", type: "string" },
      { key: "actor_email", label: "Mail Address of the Person", type: "string" },
      { key: "repository", label: "Repository", type: "string", placeholder: "acme/shop", helpText: "Where numbers such as `#12` count." },
      {
        key: "references",
        label: "References",
        children: [
          {
            key: "reference_type",
            label: "Kind",
            type: "string",
            choices: { commit: "Commit", branch: "Branch", pr: "Pull request", issue: "Issue", project: "Project", label: "Label" },
          },
          { key: "reference_id", label: "ID", type: "string", helpText: "A SHA, a branch, `ENG-7`, or `#12` of the repository." },
          { key: "is_subject", label: "It Happened to This", type: "boolean" },
        ],
      },
      { key: "metadata", label: "Further Fields", dict: true },
    ],
    perform,
    sample: OBSERVATION_SAMPLE,
  },
};

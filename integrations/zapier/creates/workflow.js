// Trigger a Workflow: people are told as its steps say, by mail, chat or in their feed.

import { call, filled } from "../server.js";

async function perform(z, bundle) {
  const { workflow, recipients, data, tenant, cancellation_key } = bundle.inputData;
  const body = { recipients: recipients ?? [], ...filled({ data, tenant, cancellation_key }) };
  const path = `/v1/workflows/${encodeURIComponent(workflow)}/trigger`;
  const { workflow_run_id } = await call(z, bundle, path, { method: "POST", body });
  return { id: workflow_run_id, workflow };
}

export default {
  key: "trigger_workflow",
  noun: "Workflow Run",
  display: {
    label: "Trigger a Workflow",
    description: "Runs a workflow for recipients, who are told as its steps say.",
  },
  operation: {
    inputFields: [
      { key: "workflow", label: "Workflow", type: "string", required: true, dynamic: "workflow_list.id.name" },
      { key: "recipients", label: "Recipients", type: "string", list: true, required: true, helpText: "Ids of users." },
      { key: "data", label: "Data", dict: true, helpText: "Values for the templates and conditions of the workflow." },
      { key: "tenant", label: "Tenant", type: "string", helpText: "Such as the id of a workspace. None when empty." },
      { key: "cancellation_key", label: "Cancellation Key", type: "string", helpText: "The key by which the run can be cancelled." },
    ],
    perform,
    sample: { id: "0b7c2a3e-8a0e-4b6c-9f1d-5a8e2d1c7b90", workflow: "comment-created" },
  },
};

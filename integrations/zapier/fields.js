// Input fields that several steps of a Zap have.

export const WORKSPACE = {
  key: "workspace",
  label: "Workspace",
  type: "string",
  required: true,
  dynamic: "workspace_list.id.name",
};

export const APPLICATION = {
  key: "application",
  label: "Application",
  type: "string",
  required: true,
  dynamic: "application_list.id.name",
  helpText: "The application whose endpoints get the messages. Each workspace has one of its own.",
};

export const EVENT_TYPE = {
  key: "event_type",
  label: "Event Type",
  type: "string",
  required: true,
  dynamic: "event_type_list.id.name",
};

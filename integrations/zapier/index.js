// Campanile in Zapier. Triggers are REST hooks: a Zap that is switched on gets an endpoint of its own at the server, which
// signs what it sends. Actions and the search call the server's API with the key of the account.

import zapier from "zapier-platform-core";

import authentication from "./authentication.js";
import recordObservation from "./creates/observation.js";
import sendMessage from "./creates/message.js";
import triggerWorkflow from "./creates/workflow.js";
import packageJson from "./package.json" with { type: "json" };
import findInMemory from "./searches/memory.js";
import { applications, eventTypes, workflows, workspaces } from "./triggers/choices.js";
import newMessage from "./triggers/message.js";
import newObservation from "./triggers/observation.js";

const byKey = (...parts) => Object.fromEntries(parts.map((part) => [part.key, part]));

export default zapier.defineApp({
  version: packageJson.version,
  platformVersion: zapier.version,
  authentication,
  triggers: byKey(newObservation, newMessage, workspaces, applications, eventTypes, workflows),
  creates: byKey(recordObservation, sendMessage, triggerWorkflow),
  searches: byKey(findInMemory),
  // Values of people stay as they are: no `{{…}}` in them is replaced.
  flags: { cleanInputData: false },
});

// The faults that a refusal of a document names, each with its field.

import { asList, asObject, asText } from "../../../lib/json";

export function faultsOf(refusal: unknown): { field: string; message: string }[] {
  return asList(asObject(refusal).errors).map((fault) => {
    const { field, message } = asObject(fault);
    return { field: asText(field) ?? "document", message: asText(message) ?? "is not valid" };
  });
}

// The fault of a form, at its lower end; takes no room while there is none.

import { Failure } from "../../../components/ui/page";

export function FormFailure({ error }: { error: Error | null | undefined }) {
  if (!error) return null;
  return (
    <div className="-mx-4">
      <Failure error={error} />
    </div>
  );
}

// The room that the set-up list takes while it is not known what is done, so that nothing moves when it comes.

import { Skeleton } from "../../components/ui/page";

export function SetUpRoom() {
  return (
    <div aria-hidden className="border-line bg-raised min-h-76 rounded-lg border sm:min-h-40">
      <Skeleton lines={3} />
    </div>
  );
}

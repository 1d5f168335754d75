// The areas on a phone: a drawer over the page.

import { Dialog } from "radix-ui";

import { Inside } from "./side-bar";

export function Drawer({ onClose, onSearch }: { onClose: () => void; onSearch: () => void }) {
  return (
    <Dialog.Root open onOpenChange={(opens) => !opens && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="appears fixed inset-0 z-40 bg-black/40 lg:hidden" />
        <Dialog.Content
          aria-describedby={undefined}
          className="bg-sunken text-ink appears fixed inset-y-0 left-0 z-40 flex w-72 max-w-[85vw] flex-col lg:hidden"
        >
          <Dialog.Title className="sr-only">Areas</Dialog.Title>
          <Inside folded={false} onSearch={onSearch} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

// All keys that do something now.

import { Dialog } from "../components/ui/dialog";
import { Keys } from "../components/ui/tip";
import { allHotkeys } from "../lib/hotkeys";

export function KeyList({ onClose }: { onClose: () => void }) {
  const all = allHotkeys();
  const going = all.filter(({ keys }) => keys.startsWith("g "));
  const others = [
    ...new Map(all.filter(({ keys }) => !keys.startsWith("g ")).map((hotkey) => [hotkey.keys, hotkey])).values(),
  ];
  const inLists = [
    { keys: "Enter", title: "Open the row" },
    { keys: "Esc", title: "Close what is open" },
  ];
  return (
    <Dialog title="Keys" open onClose={onClose} wide>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: on a low window the list scrolls, and the keyboard must reach it */}
      <div tabIndex={0} role="region" aria-label="All keys" className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
        <Group title="Here" of={[...others, ...inLists]} />
        <Group title="Go to" of={going.map(({ keys, title }) => ({ keys, title: title.replace("Go to ", "") }))} />
      </div>
    </Dialog>
  );
}

function Group({ title, of }: { title: string; of: { keys: string; title: string }[] }) {
  return (
    <section>
      <h3 className="text-quiet mb-1 text-xs font-medium">{title}</h3>
      <dl>
        {of.map(({ keys, title }) => (
          <div key={keys} className="flex min-h-8 items-center justify-between gap-4">
            <dt>{title}</dt>
            <dd className="text-quiet">
              <Keys keys={keys} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

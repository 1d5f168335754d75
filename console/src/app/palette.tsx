// The palette: goes anywhere, finds content, and does what the page can do. An id that is pasted leads to its thing.

import { useNavigate } from "@tanstack/react-router";
import { Command, useCommandState } from "cmdk";
import { ArrowRight, Keyboard, MessageCircleQuestion, Moon, TextSearch } from "lucide-react";
import { Dialog } from "radix-ui";
import { type ReactNode, useState } from "react";
import { useFocusGivenBack } from "../components/ui/dialog";
import { Keys } from "../components/ui/tip";
import { useOfferedActions } from "../lib/actions";
import { useSession } from "../lib/api";
import { placeOf } from "../lib/ids";
import { setTheme, useTheme } from "../lib/look";
import { paths } from "../lib/paths";
import { useWorkspaceId } from "../lib/url";
import { useSettled } from "../lib/use-settled";
import { AREAS, SETTINGS } from "./areas";
import { useContentSearch } from "./content-search";
import { likeness } from "./likeness";

const ITEM =
  "data-[selected=true]:bg-sunken flex min-h-9 cursor-pointer items-center gap-2.5 rounded-md px-2 [&_svg]:size-4 [&_svg]:shrink-0";
const GROUP =
  "[&_[cmdk-group-heading]]:text-quiet [&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-xs";

export function Palette({ onClose, onKeys }: { onClose: () => void; onKeys: () => void }) {
  const [text, setText] = useState("");
  const giveBack = useFocusGivenBack();
  const navigate = useNavigate();
  const workspace = useWorkspaceId();
  const session = useSession();
  const theme = useTheme();
  const actions = useOfferedActions();
  const place = placeOf(text.trim());
  const settled = useSettled(text, 200);
  const content = useContentSearch(settled, workspace);
  const isSearching = content.isSearching || settled !== text;
  const then = (run: () => void) => () => {
    onClose();
    run();
  };
  const go = (to: string) => then(() => void navigate({ to: `/w/${workspace}${to}` }));
  const searchFor = (q: string) =>
    then(() => void navigate({ to: `/w/${workspace}${paths.search}`, search: { q } as never }));
  const askFor = (q: string) =>
    then(() => void navigate({ to: `/w/${workspace}${paths.ask}`, search: { q } as never }));
  const words = text.trim();
  const others = (session.data?.workspaces ?? []).filter(({ id }) => id !== workspace);
  return (
    <Dialog.Root open onOpenChange={(opens) => !opens && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="appears fixed inset-0 z-50 bg-black/40" />
        <Dialog.Content
          aria-describedby={undefined}
          onOpenAutoFocus={giveBack.remember}
          onCloseAutoFocus={giveBack.give}
          className="border-line bg-raised text-ink shadow-over appears fixed top-[12vh] left-1/2 z-50 w-[calc(100vw-2rem)] max-w-xl -translate-x-1/2 rounded-xl border"
        >
          <Dialog.Title className="sr-only">Search and do</Dialog.Title>
          <Command loop label="Search and do" filter={likeness}>
            <Command.Input
              value={text}
              onValueChange={setText}
              placeholder="Go to, find, do, or paste an id"
              className="border-line h-12 w-full rounded-t-xl border-b bg-transparent px-4 text-base outline-none!"
            />
            <Command.List className="max-h-[55vh] overflow-y-auto p-2">
              {place && (
                <Command.Group heading="Open" className={GROUP} forceMount>
                  <Item forceMount value={`open ${text}`} icon={<ArrowRight />} onSelect={go(place.to)}>
                    {place.title} <code className="text-quiet font-mono text-xs">{text.trim()}</code>
                  </Item>
                </Command.Group>
              )}
              {actions.length > 0 && (
                <Command.Group heading="On this page" className={GROUP}>
                  {actions.map(({ title, icon, keys, run }) => (
                    <Item
                      key={title}
                      value={`do ${title}`}
                      keywords={[title]}
                      icon={icon ?? <ArrowRight />}
                      keys={keys}
                      onSelect={then(run)}
                    >
                      {title}
                    </Item>
                  ))}
                </Command.Group>
              )}
              <Command.Group heading="Go to" className={GROUP}>
                {[
                  ...AREAS.flatMap(({ title: group, areas }) => areas.map((area) => ({ ...area, group }))),
                  ...SETTINGS.map((area) => ({ ...area, group: "Settings" })),
                ].map(({ to, title, icon: Icon, key, words, group }) => (
                  <Item
                    key={to}
                    value={to}
                    keywords={[title, `${group ?? ""} ${words ?? ""}`]}
                    icon={<Icon />}
                    keys={key && `g ${key}`}
                    onSelect={go(to)}
                  >
                    {group && <span className="text-quiet">{group} / </span>}
                    {title}
                  </Item>
                ))}
              </Command.Group>
              {content.groups.map(({ title, isJudged, found }) => (
                <Command.Group key={title} heading={title} className={GROUP}>
                  {found.map(({ id, title: name, note, words, to }) => (
                    <Item
                      key={id}
                      value={`${isJudged ? "judged" : "found"} ${title} ${id}`}
                      keywords={[name, words]}
                      icon={<ArrowRight />}
                      onSelect={go(to)}
                    >
                      {name} {note && note !== name && <span className="text-quiet text-xs">{note}</span>}
                    </Item>
                  ))}
                </Command.Group>
              ))}
              {others.length > 0 && (
                <Command.Group heading="Workspaces" className={GROUP}>
                  {others.map(({ id, name }) => (
                    <Item
                      key={id}
                      value={id}
                      keywords={[name, "workspace"]}
                      icon={<ArrowRight />}
                      onSelect={then(() => void navigate({ to: `/w/${id}/home` }))}
                    >
                      {name}
                    </Item>
                  ))}
                </Command.Group>
              )}
              <Command.Group heading="Look" className={GROUP}>
                <Item
                  value="theme"
                  keywords={["Theme", "dark light look"]}
                  icon={<Moon />}
                  onSelect={then(() => setTheme(theme === "dark" ? "light" : "dark"))}
                >
                  {theme === "dark" ? "Light theme" : "Dark theme"}
                </Item>
                <Item
                  value="keys"
                  keywords={["All keys", "shortcuts keyboard"]}
                  icon={<Keyboard />}
                  keys="?"
                  onSelect={then(onKeys)}
                >
                  All keys
                </Item>
              </Command.Group>
              {words && !isSearching && !place && (
                <Command.Group heading="Search" className={GROUP}>
                  <Item value={`search ${words}`} icon={<TextSearch />} onSelect={searchFor(words)}>
                    Search for “{words}”
                  </Item>
                  <Item value={`ask ${words}`} icon={<MessageCircleQuestion />} onSelect={askFor(words)}>
                    Ask “{words}”
                  </Item>
                </Command.Group>
              )}
            </Command.List>
            {/* A list of choices may hold nothing but choices. */}
            {words && !isSearching && !place && <NothingCalled />}
            <p role="status" className="text-quiet px-4 pb-3 text-xs empty:hidden">
              {text.trim() && isSearching
                ? "Searching…"
                : content.isPartial
                  ? "Some lists could not be read, so not everything was searched."
                  : ""}
            </p>
          </Command>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** The choices that are there for all words: to search for them, and to ask. */
const ALWAYS_OFFERED = 2;

/** Said when nothing else is offered. */
function NothingCalled() {
  const offered = useCommandState(({ filtered }) => filtered.count);
  return offered > ALWAYS_OFFERED ? null : (
    <p className="text-quiet px-4 pb-4">Nothing is called that. An id that is pasted leads to its thing.</p>
  );
}

type ItemProps = {
  value: string;
  keywords?: string[];
  icon: ReactNode;
  keys?: string;
  onSelect: () => void;
  forceMount?: boolean;
  children: ReactNode;
};

function Item({ value, keywords, icon, keys, onSelect, forceMount, children }: ItemProps) {
  return (
    <Command.Item value={value} keywords={keywords} onSelect={onSelect} forceMount={forceMount} className={ITEM}>
      <span aria-hidden className="text-quiet">
        {icon}
      </span>
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {keys && (
        <span className="text-quiet">
          <Keys keys={keys} />
        </span>
      )}
    </Command.Item>
  );
}

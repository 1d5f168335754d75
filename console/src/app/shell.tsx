// The frame around every page of somebody who is signed in: where one can go, what one looks at, and who one is.

import type { UseQueryResult } from "@tanstack/react-query";
import { Outlet, useLocation, useNavigate, useParams } from "@tanstack/react-router";
import { Suspense, useEffect, useState } from "react";

import { Skeleton } from "../components/ui/page";
import { Tips } from "../components/ui/tip";
import { loadToasts, Toasts } from "../components/ui/toast";
import { Newest } from "../features/bell/bell";
import { isSignedOut, useSession, useWorkspace } from "../lib/api";
import { type Hotkey, useHotkeys } from "../lib/hotkeys";
import { lazily } from "../lib/lazily";
import { useLive } from "../lib/live";
import { paths } from "../lib/paths";
import { whenIdle } from "../lib/window";
import { AREAS, SETTINGS } from "./areas";
import { SideBar, WorkspaceMenu } from "./side-bar";
import { PersonMenu, TopBar } from "./top-bar";

const Drawer = lazily(() => import("./drawer"), "Drawer");
const Palette = lazily(() => import("./palette"), "Palette");
const KeyList = lazily(() => import("./key-list"), "KeyList");

/** Parts that the frame shows on demand are loaded once the page stands and nothing else is to be done: they are there in an outage as well. */
function useFrameWithoutServer(ready: boolean) {
  useEffect(() => {
    if (!ready) return;
    const load = () => {
      for (const part of [Drawer, Palette, KeyList, PersonMenu, WorkspaceMenu, Newest]) void part.preload?.();
      loadToasts().catch(() => {});
    };
    return whenIdle(load);
  }, [ready]);
}

export function Shell() {
  const session = useSession();
  const navigate = useNavigate();
  const here = useLocation();
  const signedOut = isSignedOut(session.error);
  useEffect(() => {
    // On the way there the frame still stands for a moment: it does not send anybody there again.
    if (signedOut && here.pathname !== "/sign-in")
      void navigate({ to: "/sign-in", search: { next: here.href } as never });
  }, [signedOut, navigate, here.pathname, here.href]);
  const known = signedOut ? undefined : session.data;
  const trouble = useTrouble(session);
  const workspace = useWorkspace();
  const { connected, ready } = useLive(known !== undefined, workspace?.id);

  if (!known) {
    // The page of before an outage stays; a person who comes during one is let in when it is over.
    return trouble && !signedOut ? (
      <main className="grid min-h-dvh place-items-center p-8">
        <p role="alert" className="text-bad max-w-prose">
          The server does not answer: {trouble.message}. This page goes on as soon as it does.
        </p>
      </main>
    ) : null;
  }
  return (
    <Tips>
      <Frame connected={connected} ready={ready} member={known.member} />
      <Toasts />
    </Tips>
  );
}

/** Why something could not be read yet, from the first failure until it is: a query that is tried again forgets its error meanwhile. */
function useTrouble({
  error,
  failureReason,
  isSuccess,
}: Pick<UseQueryResult, "error" | "failureReason" | "isSuccess">) {
  const [before, setBefore] = useState<Error | null>(null);
  const trouble = isSuccess ? null : (error ?? failureReason ?? before);
  useEffect(() => setBefore(trouble), [trouble]);
  return trouble;
}

type FrameProps = { connected: boolean; ready: boolean; member: { id: string; email: string; name: string } };

function Frame({ connected, ready, member }: FrameProps) {
  const [drawer, setDrawer] = useState(false);
  const [over, setOver] = useState<"palette" | "keys">();
  const workspace = useWorkspace();
  const { workspace: asked } = useParams({ strict: false }) as { workspace?: string };
  const navigate = useNavigate();
  const path = useLocation({ select: ({ pathname }) => pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever has gone somewhere needs the drawer no more
  useEffect(() => setDrawer(false), [path]);
  const areas: Hotkey[] = [...AREAS.flatMap((group) => group.areas), ...SETTINGS].flatMap(({ key, title, to }) =>
    key
      ? [{ keys: `g ${key}`, title: `Go to ${title}`, run: () => void navigate({ to: `/w/${workspace?.id}${to}` }) }]
      : [],
  );
  useHotkeys([
    {
      keys: "/",
      title: "Search",
      run: () => search(() => void navigate({ to: `/w/${workspace?.id}${paths.search}` })),
    },
    { keys: "Ctrl+K", title: "Search and do", run: () => setOver("palette") },
    { keys: "?", title: "All keys", run: () => setOver("keys") },
    ...areas,
  ]);
  useFrameWithoutServer(ready);
  const isKnown = !asked || workspace?.id === asked;
  return (
    <div className="flex h-dvh overflow-hidden">
      <a href="#main" className="bg-bronze text-on-bronze absolute -top-20 left-4 z-50 rounded p-2 focus:top-2">
        Skip to the content
      </a>
      <SideBar onSearch={() => setOver("palette")} />
      <div className="flex min-w-0 flex-1 flex-col">
        <TopBar
          member={member}
          connected={connected}
          ready={ready}
          onMenu={() => setDrawer(true)}
          onSearch={() => setOver("palette")}
          onKeys={() => setOver("keys")}
        />
        <main id="main" tabIndex={-1} className="min-h-0 flex-1 overflow-y-auto outline-none">
          {!isKnown && <UnknownWorkspace />}
          {isKnown &&
            (ready ? (
              <Suspense fallback={<Skeleton lines={6} />}>
                <Outlet key={workspace?.id} />
              </Suspense>
            ) : (
              <Skeleton lines={6} />
            ))}
        </main>
      </div>
      <Suspense>
        {drawer && <Drawer onClose={() => setDrawer(false)} onSearch={() => setOver("palette")} />}
        {over === "palette" && <Palette onClose={() => setOver(undefined)} onKeys={() => setOver("keys")} />}
        {over === "keys" && <KeyList onClose={() => setOver(undefined)} />}
      </Suspense>
    </div>
  );
}

/** A page's own field, or else the page of searches. */
function search(otherwise: () => void) {
  const field = document.querySelector<HTMLElement>("main input[type=search]");
  if (field) field.focus();
  else otherwise();
}

function UnknownWorkspace() {
  return (
    <div className="mx-auto max-w-md p-8">
      <h1 className="text-lg font-semibold">This workspace is not yours</h1>
      <p className="text-quiet mt-2">
        It may belong to another organisation, or be gone. Choose one of yours at the upper left.
      </p>
    </div>
  );
}

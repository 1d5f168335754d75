// The frame around every page of somebody who is signed in.

import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { LogOut, Moon, SlidersHorizontal, Sun } from "lucide-react";
import { useEffect, useState } from "react";

import { Button, Skeleton } from "../components/ui";
import { Bell } from "../features/bell/bell";
import { api, isSignedOut, useSession, useWorkspace } from "../lib/api";
import { useLive } from "../lib/live";

export function Shell() {
  const session = useSession();
  const navigate = useNavigate();
  const signedOut = isSignedOut(session.error);
  useEffect(() => {
    if (signedOut) void navigate({ to: "/sign-in", search: { token: undefined } });
  }, [signedOut, navigate]);
  const known = signedOut ? undefined : session.data;
  const { connected, ready } = useLive(known !== undefined, useWorkspace()?.id);

  if (!known) {
    // What was seen before an outage stays; who comes during one is let in when it is over.
    return session.isError && !signedOut ? (
      <p role="alert" className="text-bad p-8">The server does not answer: {session.error.message}. This page goes on as soon as it does.</p>
    ) : null;
  }
  const { member, workspaces } = known;
  // On a phone the choice of a workspace takes the room of words.
  const wordLook = workspaces.length > 1 ? "max-sm:sr-only" : "";
  return (
    <div className="min-h-screen">
      <a href="#main" className="bg-bronze text-on-bronze absolute -top-20 left-4 z-20 rounded p-2 focus:top-2">
        Skip to the content
      </a>
      <header className="border-line bg-raised sticky top-0 z-10 flex h-14 items-center gap-2 border-b px-4 sm:gap-3 sm:px-6">
        <Link to="/" className="flex items-center gap-2 font-semibold">
          <img src="/bell.svg" alt="" className="size-6" />
          <span className={wordLook}>Campanile</span>
        </Link>
        <Workspaces />
        <Connection connected={connected} className={wordLook} />
        <span className="flex-1" />
        <Link to="/notifications" aria-label="Notification settings" className="text-quiet hover:bg-ground hover:text-ink inline-flex size-9 items-center justify-center rounded-md">
          <SlidersHorizontal className="size-4" />
        </Link>
        <Bell member={member.id} ready={ready} />
        <ThemeSwitch />
        <SignOut email={member.email} />
      </header>
      <main id="main" className="mx-auto max-w-7xl p-4 sm:p-6">
        {ready ? <Outlet /> : <Skeleton />}
      </main>
    </div>
  );
}

/** Which workspace is looked at; where there are more, another one can be. */
function Workspaces() {
  const session = useSession();
  const workspace = useWorkspace();
  const navigate = useNavigate();
  const all = session.data?.workspaces ?? [];
  if (all.length < 2) return <span className="text-quiet hidden truncate sm:inline">{workspace?.name}</span>;
  return (
    <select
      aria-label="Workspace"
      className="border-line bg-raised text-quiet h-9 max-w-28 min-w-0 truncate rounded-md border px-2 sm:max-w-60"
      value={workspace?.id}
      onChange={(event) => void navigate({ to: "/", search: { workspace: event.target.value } })}
    >
      {all.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
    </select>
  );
}

function Connection({ connected, className }: { connected: boolean; className: string }) {
  return (
    <span role="status" className="text-quiet flex items-center gap-1.5 text-xs">
      <span aria-hidden className={`size-2 rounded-full ${connected ? "bg-good" : "bg-bad"}`} />
      <span className={className}>{connected ? "Live" : "Reconnecting"}</span>
    </span>
  );
}

function ThemeSwitch() {
  const [dark, setDark] = useState(() => document.documentElement.classList.contains("dark"));
  const turn = () => {
    document.documentElement.classList.toggle("dark", !dark);
    localStorage.setItem("theme", dark ? "light" : "dark");
    setDark(!dark);
  };
  return (
    <Button kind="icon" onClick={turn} aria-label={dark ? "Use the light theme" : "Use the dark theme"}>
      {dark ? <Sun className="size-4" /> : <Moon className="size-4" />}
    </Button>
  );
}

function SignOut({ email }: { email: string }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const leave = async () => {
    await api.DELETE("/api/session");
    queries.clear();
    await navigate({ to: "/sign-in", search: { token: undefined } });
  };
  return (
    <Button kind="icon" onClick={() => void leave()} aria-label={`Sign out ${email}`} title={email}>
      <LogOut className="size-4" />
    </Button>
  );
}

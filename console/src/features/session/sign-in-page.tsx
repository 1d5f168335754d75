// Signing in: by a one-time link where the address has one, else by password. It also says how to get in without either.

import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";

import { Button } from "../../components/ui/button";
import { Field } from "../../components/ui/field";
import { Failure } from "../../components/ui/page";
import { type Answer, api, data } from "../../lib/api";
import { landing } from "./landing";

type Search = { token?: string; next?: string; organisation?: string };

export function SignInPage() {
  const { token, next, organisation } = useSearch({ strict: false }) as Search;
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [problem, setProblem] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const [isUsed, setUsed] = useState(false);
  const [wantsPassword, setWantsPassword] = useState(false);
  const byLink = token !== undefined && !isUsed;

  const enter = async (answer: Promise<Answer<unknown>>, isLink: boolean) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await data(answer);
      await queries.resetQueries();
      await navigate({ to: isLink ? await landing(next) : safe(next) });
    } catch (error) {
      setProblem(error as Error);
      if (isLink) setUsed(true);
    } finally {
      setBusy(false);
    }
  };
  const byPassword = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = { email: String(form.get("email")), password: String(form.get("password")), organisation };
    void enter(api.POST("/api/session", { body }), false);
  };

  return (
    <main className="mx-auto grid min-h-dvh max-w-sm content-center gap-6 p-6">
      <title>Sign in · Campanile</title>
      <div className="flex items-center gap-3">
        <img src="/bell.svg" alt="" className="size-9" />
        <h1 className="text-xl font-semibold">Sign in to Campanile</h1>
      </div>
      {problem && (
        <div className="-mx-4 -my-4">
          <Failure error={problem} />
        </div>
      )}
      {isUsed && (
        <p>
          Links work once, within a day. Sign in with your password, or ask an owner of your organisation for another
          link.
        </p>
      )}
      {byLink && (
        <div className="grid gap-3">
          <p>This link signs you in once.</p>
          {/* A click, so that a program that only looks at links does not use it up. */}
          <Button
            kind="primary"
            busy={busy}
            onClick={() => void enter(api.POST("/api/session/link", { body: { token } }), true)}
          >
            Sign in with this link
          </Button>
          {!wantsPassword && (
            <Button kind="link" className="justify-self-start" onClick={() => setWantsPassword(true)}>
              Use a password instead
            </Button>
          )}
        </div>
      )}
      {(!byLink || wantsPassword) && (
        <form onSubmit={byPassword} className="grid gap-4">
          {organisation && <p className="text-quiet">To the organisation that you have joined.</p>}
          <Field label="Mail address" name="email" type="email" autoComplete="username" required autoFocus={!token} />
          <Field label="Password" name="password" type="password" autoComplete="current-password" required />
          <Button type="submit" kind={byLink ? "secondary" : "primary"} busy={busy}>
            Sign in
          </Button>
        </form>
      )}
      <NoPassword />
    </main>
  );
}

function NoPassword() {
  return (
    <details className="text-quiet">
      <summary className="hover:text-ink w-fit cursor-pointer">No password, or forgotten?</summary>
      <div className="mt-2 grid gap-2">
        <p>
          An owner of your organisation can send you a sign-in link: Settings, Members, your name. In the first hour
          after such a link you choose a new password without the old one.
        </p>
        <p>If nobody can get in, whoever runs the server makes a link there:</p>
        <code className="bg-sunken rounded px-2 py-1 font-mono text-xs break-all">
          campanile admin sign-in-link you@example.com
        </code>
      </div>
    </details>
  );
}

/** Only a path of ours: anything else would lead out of the console. */
const safe = (next?: string) => (next && /^\/(?![/\\])/.test(next) ? next : "/");

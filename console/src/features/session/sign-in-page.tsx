// Signing in: by a one-time link where the address has one, else by password.

import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { useState } from "react";

import { Button, Field } from "../../components/ui";
import { api, data } from "../../lib/api";

export function SignInPage() {
  const { token } = useSearch({ from: "/sign-in" });
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  const enter = async (answer: Promise<{ error?: unknown; response: Response }>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await data(answer);
      await queries.resetQueries();
      await navigate({ to: "/" });
    } catch (error) {
      setProblem((error as Error).message);
    } finally {
      setBusy(false);
    }
  };
  const byPassword = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = { email: String(form.get("email")), password: String(form.get("password")) };
    void enter(api.POST("/api/session", { body }));
  };

  return (
    <main className="mx-auto grid min-h-screen max-w-sm content-center gap-6 p-6">
      <div className="flex items-center gap-3">
        <img src="/bell.svg" alt="" className="size-9" />
        <h1 className="text-xl font-semibold">Sign in to Campanile</h1>
      </div>
      {problem && <p role="alert" className="border-bad text-bad rounded-md border px-3 py-2">{problem}</p>}
      {token && (
        // A click, so that a program that only looks at links does not use it up.
        <Button disabled={busy} onClick={() => void enter(api.POST("/api/session/link", { body: { token } }))} className="justify-center">
          Sign in with this link
        </Button>
      )}
      <form onSubmit={byPassword} className="grid gap-4">
        {token && <p className="text-quiet">Or with your password:</p>}
        <Field label="Mail address" name="email" type="email" autoComplete="username" required />
        <Field label="Password" name="password" type="password" autoComplete="current-password" required />
        <Button type="submit" disabled={busy} className="justify-center">Sign in</Button>
      </form>
    </main>
  );
}

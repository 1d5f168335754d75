// The first minutes: a password, whether the server is reached and can send mail, and a first delivery. Each can be left for later.

import { CircleCheck } from "lucide-react";
import { type ReactNode, useState } from "react";

import { Button, buttonLook } from "../../components/ui/button";
import { cx } from "../../components/ui/cx";
import { Go } from "../../components/ui/go";
import { Page, Skeleton } from "../../components/ui/page";
import { useSession, useWorkspace } from "../../lib/api";
import { useHasPassword } from "../../lib/password";
import { paths } from "../../lib/paths";
import { useCan } from "../../lib/role";
import { AddressCheck } from "./address-check";
import { ChoosePassword } from "./choose-password";
import { FirstSource } from "./first-source";
import { MailCheck } from "./mail-check";
import { NameWorkspace } from "./name-workspace";

export function FirstRunPage() {
  const session = useSession();
  const workspace = useWorkspace();
  const can = useCan();
  const known = useHasPassword();
  const [chosen, setChosen] = useState(false);
  const [named, setNamed] = useState(false);
  const [mailed, setMailed] = useState(false);
  const [received, setReceived] = useState(false);
  if (!session.data || known === undefined) return <Skeleton lines={6} />;
  return (
    <Page
      title="Welcome to Campanile"
      lead={
        can.configure
          ? "Five steps until the first notification. All of them can be done later as well."
          : `You belong to the organisation now, as ${session.data.member.role}.`
      }
    >
      <ol className="grid max-w-2xl gap-4">
        <Step number={1} title="Choose a password" done={known || chosen}>
          <ChoosePassword onDone={() => setChosen(true)} />
        </Step>
        {can.configure && (
          <>
            {workspace && (
              <Step number={2} title="Name of the workspace" done={named || workspace.name !== "default"}>
                <NameWorkspace workspace={workspace} onDone={() => setNamed(true)} />
              </Step>
            )}
            <Step number={3} title="Public address">
              <AddressCheck />
            </Step>
            <Step number={4} title="Mail server" done={mailed}>
              <MailCheck email={session.data.member.email} onDone={() => setMailed(true)} />
            </Step>
            <Step
              number={5}
              title={`First delivery to ${workspace?.name ?? "the workspace"}`}
              done={received}
              keepsOpen
            >
              <FirstSource onDone={() => setReceived(true)} />
            </Step>
          </>
        )}
      </ol>
      <p className="mt-6 flex flex-wrap gap-2">
        <Go to={paths.home} className={buttonLook(known || chosen ? "primary" : "secondary")}>
          {known || chosen ? "Go to Home" : "Later: go to Home"}
        </Go>
      </p>
    </Page>
  );
}

type StepProps = { number: number; title: string; done?: boolean; keepsOpen?: boolean; children: ReactNode };

/** A step that is done folds to its title, unless what it shows is still needed. */
function Step({ number, title, done = false, keepsOpen = false, children }: StepProps) {
  const [reopened, setReopened] = useState(false);
  const isOpen = !done || keepsOpen || reopened;
  return (
    <li className="border-line bg-raised rounded-lg border">
      <div className="flex min-h-12 items-center gap-3 px-4">
        {done ? (
          <CircleCheck aria-label="Done" className="text-good size-6 shrink-0" />
        ) : (
          <span
            aria-hidden
            className="bg-bronze-tint text-bronze grid size-6 shrink-0 place-items-center rounded-full text-xs font-semibold"
          >
            {number}
          </span>
        )}
        <h2 className={cx("flex-1 font-semibold", done && !isOpen && "text-quiet")}>{title}</h2>
        {done && !isOpen && number > 1 && (
          <Button kind="link" size="sm" onClick={() => setReopened(true)}>
            Show again
          </Button>
        )}
      </div>
      {isOpen && <div className="px-4 pb-4">{children}</div>}
    </li>
  );
}

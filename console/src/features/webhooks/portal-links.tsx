// Links to the portal, where the application's owner works on their endpoints without an account; and how another page embeds it.

import { ExternalLink, Link2 } from "lucide-react";
import { type FormEvent, useState } from "react";

import { Button, buttonLook } from "../../components/ui/button";
import { CopyButton } from "../../components/ui/copy-button";
import { Confirm } from "../../components/ui/dialog";
import { SelectField } from "../../components/ui/field";
import { Failure, Panel } from "../../components/ui/page";
import { Snippet } from "../../components/ui/snippet";
import { done } from "../../components/ui/toast";
import type { Schemas } from "../../lib/api";
import { useDo, useWebhooks } from "./context";

const LIFETIMES = [
  { value: "3600", title: "an hour" },
  { value: "86400", title: "a day" },
  { value: "604800", title: "a week" },
];
const RIGHTS = [
  { value: "all", title: "look and change" },
  { value: "look", title: "only look" },
];

export function PortalLinks() {
  const { can } = useWebhooks();
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      {can("ManageEndpoint") ? (
        <Links />
      ) : (
        <p className="text-quiet">Your role does not let you make links to the portal.</p>
      )}
      <Embedding />
    </div>
  );
}

function Links() {
  const [lifetime, setLifetime] = useState("86400");
  const [rights, setRights] = useState("all");
  const make = useDo(({ svix, app }) => {
    const body: Schemas["SvixPortalAccessIn"] = { expiry: Number(lifetime), readOnly: rights === "look" };
    return svix.POST("/api/v1/auth/app-portal-access/{app}", { params: { path: { app } }, body });
  });
  const end = useDo(
    ({ svix, app }) => svix.POST("/api/v1/auth/app/{app}/expire-all", { params: { path: { app } }, body: {} }),
    () => {
      make.reset();
      done("All links of this application have ended");
    },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Panel
      title="Portal link"
      actions={
        <Confirm
          trigger={
            <Button size="sm" kind="danger">
              End all links
            </Button>
          }
          title="End all links of this application?"
          action="End all links"
          onConfirm={() => end.mutateAsync()}
        >
          <p>
            Whoever has the portal open through a link is shut out at once, also where it is embedded in your product
            until it asks for a new one.
          </p>
        </Confirm>
      }
    >
      <form onSubmit={submit} className="grid gap-3 p-4">
        <p className="text-quiet">
          Whoever has the link sees this application's endpoints and messages, and nothing else.
        </p>
        <div className="grid gap-3 sm:grid-cols-2">
          <SelectField
            label="It lets them"
            options={RIGHTS}
            value={rights}
            onChange={(event) => setRights(event.target.value)}
          />
          <SelectField
            label="It works for"
            options={LIFETIMES}
            value={lifetime}
            onChange={(event) => setLifetime(event.target.value)}
          />
        </div>
        <p>
          <Button type="submit" kind="primary" busy={make.isPending}>
            <Link2 aria-hidden className="size-4" />
            Make a link
          </Button>
        </p>
        <Failure error={make.error} />
        {make.data && (
          <div role="status" className="border-line bg-sunken grid gap-2 rounded-md border p-3">
            <code className="font-mono text-xs break-all">{make.data.url}</code>
            <p className="flex flex-wrap items-center gap-2">
              <CopyButton text={make.data.url} label="Copy link" />
              <a href={make.data.url} target="_blank" rel="noreferrer" className={buttonLook("ghost", "sm")}>
                <ExternalLink aria-hidden className="size-3.5" />
                Open
              </a>
              <span className="text-quiet text-xs">It is not shown again.</span>
            </p>
          </div>
        )}
      </form>
    </Panel>
  );
}

function Embedding() {
  const { app } = useWebhooks();
  const server = location.origin;
  const curl = `curl -X POST ${server}/api/v1/auth/app-portal-access/${app} \\\n  -H "Authorization: Bearer $CAMPANILE_KEY" -H "Content-Type: application/json" -d '{}'`;
  const javascript = `import { Svix } from "svix";\n\nconst svix = new Svix(process.env.CAMPANILE_KEY, { serverUrl: "${server}" });\nconst { url } = await svix.authentication.appPortalAccess("${app}", {});`;
  const python = `from svix.api import AppPortalAccessIn, Svix, SvixOptions\nimport os\n\nsvix = Svix(os.environ["CAMPANILE_KEY"], SvixOptions(server_url="${server}"))\nurl = svix.authentication.app_portal_access("${app}", AppPortalAccessIn()).url`;
  const react = `import { AppPortal } from "svix-react";\nimport "svix-react/style.css";\n\n<AppPortal url={url} fullSize darkMode primaryColor="28a745" />`;
  const html = `<iframe src="URL" style="width: 100%; height: 600px; border: 0" allow="clipboard-write"></iframe>\n\n<!-- Before the # of the URL: ?darkMode=auto&primaryColor=28a745&fontFamily=Inter&noGutters=true -->`;
  return (
    <Panel title="Embed the portal">
      <div className="grid gap-4 p-4">
        <p className="text-quiet">
          Your server asks for a link when one of your customers opens the page, and your page shows it. The setting{" "}
          <code className="font-mono text-xs">portal_frame_ancestors</code> names the sites that may embed it.
        </p>
        <h3 className="font-medium">1. On your server</h3>
        <Snippet
          label="Ask for a link"
          tabs={[
            { name: "curl", code: curl },
            { name: "JavaScript", code: javascript },
            { name: "Python", code: python },
          ]}
        />
        <h3 className="font-medium">2. On your page</h3>
        <Snippet
          label="Show the portal"
          tabs={[
            { name: "React", code: react },
            { name: "HTML", code: html },
          ]}
        />
      </div>
    </Panel>
  );
}

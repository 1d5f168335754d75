// The small parts: buttons, fields, words of state, boxes, windows and menus.

import { MoreHorizontal, Telescope } from "lucide-react";
import { useState } from "react";

import { Badge, Code, Score, Status } from "../ui/badge";
import { Button, IconButton } from "../ui/button";
import { Confirm, Dialog, DialogActions } from "../ui/dialog";
import { CheckField, Field, SelectField, Switch, TextField } from "../ui/field";
import { Menu, MenuCheck, MenuHeading, MenuItem, MenuLine } from "../ui/menu";
import { EmptyState, Facts, Failure, Panel, Skeleton } from "../ui/page";
import { Segments } from "../ui/tabs";
import { Time } from "../ui/time";
import { Tips } from "../ui/tip";
import { TONE_TEXT, type Tone } from "../ui/tones";

const KINDS = ["primary", "secondary", "ghost", "danger", "link"] as const;
const STATES = ["delivered", "failed", "running", "queued", "skipped", "cancelled", "invited", "paused"];

export function Basics() {
  return (
    <Tips>
      <div className="grid gap-6 lg:grid-cols-2">
        <Buttons />
        <Words />
        <Fields />
        <Boxes />
      </div>
    </Tips>
  );
}

function Buttons() {
  const [open, setOpen] = useState(false);
  const [checked, setChecked] = useState(true);
  return (
    <Panel title="Buttons, menus, windows">
      <div className="grid gap-3 p-4">
        {(["md", "sm"] as const).map((size) => (
          <div key={size} className="flex flex-wrap items-center gap-2">
            {KINDS.map((kind) => (
              <Button key={kind} kind={kind} size={size}>
                {kind}
              </Button>
            ))}
            <Button size={size} busy>
              busy
            </Button>
          </div>
        ))}
        <div className="flex flex-wrap items-center gap-2">
          <Button onClick={() => setOpen(true)}>Open a window</Button>
          <Confirm
            trigger={<Button kind="danger">Delete</Button>}
            title="Delete the endpoint?"
            action="Delete"
            onConfirm={() => Promise.reject(new Error("the endpoint is in use"))}
          >
            Its attempts and its secret are gone with it.
          </Confirm>
          <Menu
            trigger={
              <IconButton label="More">
                <MoreHorizontal className="size-4" />
              </IconButton>
            }
          >
            <MenuHeading>Columns</MenuHeading>
            <MenuCheck checked={checked} onChange={setChecked}>
              Category
            </MenuCheck>
            <MenuLine />
            <MenuItem keys="e" onSelect={() => undefined}>
              Edit
            </MenuItem>
            <MenuItem danger onSelect={() => undefined}>
              Delete
            </MenuItem>
          </Menu>
        </div>
      </div>
      <Dialog
        title="New workspace"
        lead="A workspace is a memory of its own."
        open={open}
        onClose={() => setOpen(false)}
      >
        <Field label="Name" />
        <DialogActions>
          <Button onClick={() => setOpen(false)}>Cancel</Button>
          <Button kind="primary">Create</Button>
        </DialogActions>
      </Dialog>
    </Panel>
  );
}

function Words() {
  return (
    <Panel title="States and kinds" note="colour is never all that tells">
      <div className="grid gap-3 p-4">
        <p className="flex flex-wrap gap-1.5">
          {STATES.map((word) => (
            <Status key={word} word={word} />
          ))}
        </p>
        <p className="flex flex-wrap gap-1.5">
          {Object.keys(TONE_TEXT).map((tone) => (
            <Badge key={tone} tone={tone as Tone}>
              {tone}
            </Badge>
          ))}
          <Score value={83} />
          <Score value={35} />
          <Code>obs_3MgVd7</Code>
          <Time at="2026-01-05T10:00:00Z" />
        </p>
      </div>
    </Panel>
  );
}

function Fields() {
  const [on, setOn] = useState(true);
  const [view, setView] = useState("list");
  return (
    <Panel title="Fields">
      <div className="grid gap-4 p-4">
        <Field label="Address" placeholder="https://example.com/hook" hint="Where messages are sent." />
        <Field label="Name" defaultValue="ring" problem="must have between 3 and 40 characters" />
        <SelectField label="Provider" options={[{ value: "smtp", title: "SMTP" }]} />
        <TextField label="Description" rows={2} />
        <CheckField label="Track links" hint="Links lead through this server." checked={on} onChange={setOn} />
        <div className="flex items-center gap-4">
          <Switch label="Active" checked={on} onChange={setOn} />
          <Segments
            label="View"
            value={view}
            onChange={setView}
            options={[
              ["list", "List"],
              ["timeline", "Timeline"],
            ]}
          />
        </div>
      </div>
    </Panel>
  );
}

function Boxes() {
  return (
    <div className="grid content-start gap-6">
      <Panel title="Facts" note="of a source">
        <Facts
          of={[
            ["Provider", "GitHub"],
            ["Address", <Code key="address">https://campanile.example.com/api/ingest/github/main</Code>],
          ]}
        />
      </Panel>
      <Panel title="Nothing, not yet, and not at all">
        <EmptyState
          icon={<Telescope />}
          title="Nothing has been observed yet"
          actions={<Button kind="primary">Add a source</Button>}
        >
          Connect a tool, and what happens there is seen here.
        </EmptyState>
        <Skeleton lines={2} />
        <Failure error={new Error("The server does not answer.")} onRetry={() => undefined} />
      </Panel>
    </div>
  );
}

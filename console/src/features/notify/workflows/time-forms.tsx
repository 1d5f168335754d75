// The forms of steps about time: delay, batch, throttle.

import { asText } from "../../../lib/json";
import { DurationField, UntilField } from "../parts/duration-field";
import { textAt, valueAt } from "./document";
import { useStep } from "./editor-context";
import { Choice, Count, type FormProps, Line } from "./setting-fields";

export function DelayForm({ step }: FormProps) {
  const { set, problem } = useStep(step);
  return (
    <>
      <DurationField
        label="For"
        value={valueAt(step, "settings.delay_for")}
        onChange={(value) => set("settings.delay_for", value)}
        problem={problem("settings.delay_for")}
        hint="Added to the time below, where there is one; it may be negative then."
      />
      <UntilField
        label="Until"
        value={valueAt(step, "settings.delay_until")}
        path={asText(valueAt(step, "settings.delay_until_field_path"))}
        onValue={(value) => set("settings.delay_until", value)}
        onPath={(path) => set("settings.delay_until_field_path", path)}
      />
    </>
  );
}

export function BatchForm({ step }: FormProps) {
  const { set, problem } = useStep(step);
  const isSliding = textAt(step, "settings.batch_window_type") === "sliding";
  return (
    <>
      <div className="grid gap-4 sm:grid-cols-2">
        <DurationField
          label="Window"
          value={valueAt(step, "settings.batch_window")}
          onChange={(value) => set("settings.batch_window", value)}
          problem={problem("settings.batch_window")}
        />
        <Choice
          step={step}
          name="batch_window_type"
          label="Window ends"
          otherwise="fixed"
          options={[
            ["fixed", "After that time"],
            ["sliding", "When nothing came for that time"],
          ]}
        />
      </div>
      {isSliding && (
        <DurationField
          label="At the latest after"
          value={valueAt(step, "settings.batch_window_extension_limit")}
          onChange={(value) => set("settings.batch_window_extension_limit", value)}
        />
      )}
      <UntilField
        label="Until (a digest)"
        value={valueAt(step, "settings.batch_until")}
        path={asText(valueAt(step, "settings.batch_until_field_path"))}
        onValue={(value) => set("settings.batch_until", value)}
        onPath={(path) => set("settings.batch_until_field_path", path)}
      />
      <Line
        step={step}
        name="batch_key"
        label="Batch key"
        placeholder="data.page"
        hint="What belongs together, beside the recipient: a path, or a template."
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <Choice
          step={step}
          name="batch_execution_mode"
          label="The first activity"
          otherwise="accumulate"
          options={[
            ["accumulate", "Is gathered with the others"],
            ["flush_leading", "Goes ahead at once"],
          ]}
        />
        <Choice
          step={step}
          name="batch_order"
          label="Templates see"
          otherwise="asc"
          options={[
            ["asc", "The first activities"],
            ["desc", "The last activities"],
          ]}
        />
        <Count
          step={step}
          name="batch_items_render_limit"
          label="Activities in templates"
          min={2}
          max={100}
          hint="10 by default."
        />
        <Count
          step={step}
          name="batch_items_max_limit"
          label="Ends early at"
          min={2}
          max={1000}
          hint="The number of activities at which it ends at once."
        />
      </div>
      <Choice
        step={step}
        name="workflow_version_mode"
        label="Goes on with"
        otherwise="latest"
        options={[
          ["latest", "The latest version of the workflow"],
          ["pinned", "The version that opened the batch"],
        ]}
      />
    </>
  );
}

export function ThrottleForm({ step }: FormProps) {
  const { set, problem } = useStep(step);
  return (
    <>
      <div className="grid gap-4 sm:grid-cols-2">
        <Count step={step} name="throttle_limit" label="Runs that pass" min={1} hint="1 by default." />
        <DurationField
          label="Within"
          value={valueAt(step, "settings.throttle_window")}
          onChange={(value) => set("settings.throttle_window", value)}
          problem={problem("settings.throttle_window")}
        />
      </div>
      <Line
        step={step}
        name="throttle_window_field_path"
        label="Window from the data"
        placeholder="data.until"
        hint="The path of a time, a duration or a rule. It wins over the window."
      />
      <Line
        step={step}
        name="throttle_key"
        label="Throttle key"
        placeholder="data.page"
        hint="What is counted together, beside the recipient: a path, or a template."
      />
    </>
  );
}

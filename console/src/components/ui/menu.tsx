// A menu below a button.

import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";

import { cx } from "./cx";
import { Keys } from "./tip";

const ITEM =
  "flex min-h-8 w-full cursor-pointer items-center gap-2 rounded px-2 text-left outline-none select-none data-[highlighted]:bg-sunken data-[disabled]:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0";

export function Menu({
  trigger,
  children,
  align = "end",
  defaultOpen,
}: {
  trigger: ReactNode;
  children: ReactNode;
  align?: "start" | "end";
  /** Opens as soon as it is there, where it is loaded when it is wanted. */
  defaultOpen?: boolean;
}) {
  return (
    <DropdownMenu.Root defaultOpen={defaultOpen}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className="border-line bg-raised text-ink shadow-over appears z-50 max-h-[70vh] max-w-80 min-w-48 overflow-y-auto rounded-lg border p-1"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

type ItemProps = {
  icon?: ReactNode;
  keys?: string;
  danger?: boolean;
  disabled?: boolean;
  onSelect: () => void;
  children: ReactNode;
};

export function MenuItem({ icon, keys, danger, disabled, onSelect, children }: ItemProps) {
  return (
    <DropdownMenu.Item disabled={disabled} onSelect={onSelect} className={cx(ITEM, danger && "text-bad")}>
      {icon}
      <span className="min-w-0 flex-1">{children}</span>
      {keys && (
        <span className="text-quiet">
          <Keys keys={keys} />
        </span>
      )}
    </DropdownMenu.Item>
  );
}

/** One of several, of which one is chosen. */
export function MenuChoice({
  value,
  onChange,
  options,
}: {
  value: string;
  onChange: (value: string) => void;
  options: [value: string, title: string][];
}) {
  return (
    <DropdownMenu.RadioGroup value={value} onValueChange={onChange}>
      {options.map(([value, title]) => (
        <DropdownMenu.RadioItem
          key={value}
          value={value}
          className={cx(ITEM, "pl-7 relative")}
          onSelect={(event) => event.preventDefault()}
        >
          <DropdownMenu.ItemIndicator className="bg-bronze absolute left-3 size-1.5 rounded-full" />
          {title}
        </DropdownMenu.RadioItem>
      ))}
    </DropdownMenu.RadioGroup>
  );
}

/** Something that is on or off. */
export function MenuCheck({
  checked,
  onChange,
  children,
}: {
  checked: boolean;
  onChange: (checked: boolean) => void;
  children: ReactNode;
}) {
  return (
    <DropdownMenu.CheckboxItem
      checked={checked}
      onCheckedChange={onChange}
      className={cx(ITEM, "pl-7 relative")}
      onSelect={(event) => event.preventDefault()}
    >
      <DropdownMenu.ItemIndicator className="absolute left-2">✓</DropdownMenu.ItemIndicator>
      {children}
    </DropdownMenu.CheckboxItem>
  );
}

export function MenuHeading({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className="text-quiet px-2 py-1 text-xs">{children}</DropdownMenu.Label>;
}

export function MenuLine() {
  return <DropdownMenu.Separator className="bg-line -mx-1 my-1 h-px" />;
}

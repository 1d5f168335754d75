// A card that leads to a page where something is set up, with how far that is.

import type { ReactNode } from "react";

import { Go } from "../../components/ui/go";

type CardProps = {
  to: string;
  icon: ReactNode;
  title: string;
  /** Beside the title: the state. */
  badge?: ReactNode;
  children: ReactNode;
};

export function IntegrationCard({ to, icon, title, badge, children }: CardProps) {
  return (
    <li>
      <Go
        to={to}
        className="border-line bg-raised hover:bg-sunken flex h-full flex-col gap-2 rounded-lg border p-4 [&_svg]:size-4"
      >
        <span className="flex items-center gap-2.5">
          <span aria-hidden className="bg-sunken border-line grid size-9 shrink-0 place-items-center rounded-lg border">
            {icon}
          </span>
          <h3 className="min-w-0 flex-1 truncate font-semibold">{title}</h3>
          {badge}
        </span>
        <span className="text-quiet">{children}</span>
      </Go>
    </li>
  );
}

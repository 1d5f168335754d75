// Links within the workspace that is looked at: `/observations` leads to `/w/ws_…/observations`.

import { Link, useNavigate } from "@tanstack/react-router";
import { type ComponentProps, createContext, type ReactNode, use } from "react";

import { useWorkspaceId } from "../../lib/url";

export type Search = Record<string, string | undefined>;

type GoProps = Omit<ComponentProps<"a">, "href"> & {
  /** A path within the workspace, as `lib/paths` writes them. */
  to: string;
  search?: Search;
  /** The classes of a link that leads to where one is. */
  here?: string;
  /** Also where one is further inside. */
  within?: boolean;
  children: ReactNode;
};

/** The beginning of paths: the workspace's address, unless the host of the pages has none, as the portal. */
export const LinkBase = createContext<string | undefined>(undefined);

function useBase(): string {
  const workspace = useWorkspaceId();
  return use(LinkBase) ?? `/w/${workspace}`;
}

export function Go({ to, search, here, within = true, children, ...rest }: GoProps) {
  const base = useBase();
  return (
    <Link
      to={`${base}${to}`}
      search={search as never}
      activeOptions={{ exact: !within, includeSearch: false }}
      activeProps={here ? { className: here } : undefined}
      {...rest}
    >
      {children}
    </Link>
  );
}

/** Goes to a path within the workspace. */
export function useGo() {
  const base = useBase();
  const navigate = useNavigate();
  return (to: string, options: { search?: Search; replace?: boolean } = {}) =>
    navigate({ to: `${base}${to}`, search: (options.search ?? {}) as never, replace: options.replace });
}

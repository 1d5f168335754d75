// The rights of the signed-in member, so that a page does not offer what the server refuses.

import { useSession } from "./api";

export type Role = "owner" | "manager" | "staff";

export const ROLES: { value: Role; title: string; about: string }[] = [
  { value: "owner", title: "Owner", about: "Everything, people and keys included" },
  { value: "manager", title: "Manager", about: "Sets up sources, endpoints, workflows and workspaces" },
  { value: "staff", title: "Staff", about: "Reads, and uses what others set up" },
];

export function useCan(): { configure: boolean; administer: boolean } {
  const role = useSession().data?.member.role;
  return { configure: role === "owner" || role === "manager", administer: role === "owner" };
}

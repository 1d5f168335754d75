// The knowledge of the signed-in member having a password.

import { useSession } from "./api";

export const useHasPassword = (): boolean | undefined => useSession().data?.has_password;

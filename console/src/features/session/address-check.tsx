// A check that providers can reach the server at the address at which one looks at it, and that the server is set to the same one.

import { useQuery } from "@tanstack/react-query";
import { CircleCheck, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

import { Skeleton } from "../../components/ui/page";
import { api, data } from "../../lib/api";
import { useCan } from "../../lib/role";
import { problemOf } from "./private-address";

const WORDS = {
  private: "Providers in the internet cannot reach it. For trying things out that is fine: samples and the shell work.",
  plain: "Passwords and secrets travel unencrypted: put a proxy with TLS before the server.",
};

export function AddressCheck() {
  const can = useCan();
  // Owners are told what the server is set to.
  const system = useQuery({
    queryKey: ["system"],
    enabled: can.administer,
    queryFn: () => data(api.GET("/api/system")),
  });
  const problem = problemOf(location);
  const configured = system.data && new URL(system.data.base_url).origin;
  const isOther = configured !== undefined && configured !== location.origin;
  if (can.administer && system.isPending) return <Skeleton lines={2} />;
  return (
    <div className="grid gap-2">
      <Line isGood={!problem}>
        You look at <code className="font-mono text-xs break-all">{location.origin}</code>.{" "}
        {problem ? WORDS[problem] : "Providers can send to it."}
      </Line>
      {configured && (
        <Line isGood={!isOther}>
          The server is set to <code className="font-mono text-xs break-all">{configured}</code>
          {isOther
            ? ": links in mails and the addresses of sources lead there. If that is wrong, change it."
            : ", too."}
        </Line>
      )}
      <p className="text-quiet text-xs">
        The setting is <code className="font-mono">CAMPANILE_BASE_URL</code>; a change of it needs a restart.
      </p>
    </div>
  );
}

function Line({ isGood, children }: { isGood: boolean; children: ReactNode }) {
  return (
    <p className="flex items-start gap-2">
      {isGood ? (
        <CircleCheck aria-label="Good" className="text-good mt-0.5 size-4 shrink-0" />
      ) : (
        <TriangleAlert aria-label="Attention" className="text-warn mt-0.5 size-4 shrink-0" />
      )}
      <span className="min-w-0 break-words">{children}</span>
    </p>
  );
}

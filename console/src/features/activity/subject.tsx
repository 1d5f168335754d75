// The subject of a record, with the way there.

import { Go } from "../../components/ui/go";
import { type Activity, type Names, subjectOf } from "./words";

export function Subject({ record, names }: { record: Activity; names: Names }) {
  const { title, to } = subjectOf(record, names);
  if (!to) return <span title={record.subject_id}>{title}</span>;
  const [path = "", query] = to.split("?");
  return (
    <Go
      to={path}
      search={query ? Object.fromEntries(new URLSearchParams(query)) : undefined}
      title={record.subject_id}
      className="text-bronze hover:underline"
    >
      {title}
    </Go>
  );
}

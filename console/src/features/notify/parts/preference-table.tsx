// Preferences as a table of boxes. On a phone the channels of a row stand below its name, so that none is cut off.

import { Checkbox } from "../../../components/ui/field";
import { CHANNEL_NAMES } from "../../../lib/knock";
import { type PreferenceSet, type Row, settingIn } from "./preferences";

type PreferenceTableProps = {
  rows: Row[];
  set: PreferenceSet;
  onTurn: (row: Row, type: string, wanted: boolean) => void;
};

export function PreferenceTable({ rows, set, onTurn }: PreferenceTableProps) {
  const types = Object.keys(CHANNEL_NAMES).filter((type) => rows.some((row) => row.types.includes(type)));
  const box = (row: Row, type: string) => {
    const wanted = settingIn(set, row, type);
    const name = `${row.title}: ${CHANNEL_NAMES[type]}`;
    if (wanted === undefined)
      return (
        <span title="Conditions decide this" className="text-quiet text-xs">
          by conditions
        </span>
      );
    return <Checkbox name={name} checked={wanted} onChange={(next) => onTurn(row, type, next)} />;
  };
  return (
    <>
      <table className="w-full text-left max-md:hidden">
        <thead>
          <tr className="border-line text-quiet border-b text-xs">
            <th scope="col" className="px-4 py-2 font-medium">
              Told of
            </th>
            {types.map((type) => (
              <th key={type} scope="col" className="px-2 py-2 text-center font-medium whitespace-nowrap">
                {CHANNEL_NAMES[type]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-line divide-y">
          {rows.map((row) => (
            <tr key={`${row.part} ${row.key}`} className={row.part === "all" ? "bg-sunken/50" : undefined}>
              <th scope="row" className="px-4 py-2.5 font-normal">
                <RowName row={row} />
              </th>
              {types.map((type) => (
                <td key={type} className="px-2 py-2.5 text-center">
                  {row.types.includes(type) && box(row, type)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <ul className="divide-line divide-y md:hidden">
        {rows.map((row) => (
          <li key={`${row.part} ${row.key}`} className="grid gap-2 px-4 py-3">
            <RowName row={row} />
            <div className="flex flex-wrap gap-x-4 gap-y-2">
              {types
                .filter((type) => row.types.includes(type))
                .map((type) => (
                  <span key={type} className="flex items-center gap-2">
                    {box(row, type)}
                    <span aria-hidden className="text-quiet text-xs">
                      {CHANNEL_NAMES[type]}
                    </span>
                  </span>
                ))}
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

function RowName({ row }: { row: Row }) {
  return (
    <span className="block min-w-0">
      <span className="block font-medium break-words">{row.title}</span>
      {row.about && <span className="text-quiet block text-xs">{row.about}</span>}
    </span>
  );
}

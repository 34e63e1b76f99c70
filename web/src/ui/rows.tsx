// Values as a table: of a sample, of a preview.
import { shortType } from "../format/types";
import "./rows.css";

export interface RowsColumn {
  name: string;
  type: string;
  masked?: boolean;
}

const NUMERIC = /^(smallint|int|integer|bigint|numeric|decimal|real|double|float)/;

export function Rows({
  label,
  columns,
  rows,
}: {
  label: string;
  columns: readonly RowsColumn[];
  rows: readonly (readonly (string | null)[])[];
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <section className="rows" tabIndex={0} aria-label={label}>
      <table>
        <thead>
          <tr>
            {columns.map((column, index) => (
              <th key={index} scope="col" className={NUMERIC.test(column.type) ? "num" : ""}>
                {column.name}
                <span className="rows-type">
                  {shortType(column.type)}
                  {column.masked && ", masked"}
                </span>
              </th>
            ))}
            <td className="rows-rest" aria-hidden="true" />
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, index) => (
                <td key={index} className={NUMERIC.test(columns[index]?.type ?? "") ? "num" : ""}>
                  {cell === null ? (
                    <span className="rows-null">null</span>
                  ) : columns[index]?.masked ? (
                    <span className="rows-masked" title="Classified: its values are not shown">
                      •••
                    </span>
                  ) : (
                    <span className="rows-value" title={cell.length > 40 ? cell : undefined}>
                      {cell}
                    </span>
                  )}
                </td>
              ))}
              <td className="rows-rest" aria-hidden="true" />
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

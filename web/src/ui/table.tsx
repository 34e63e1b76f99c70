// A table whose rows are lines of a grid: columns align over all rows, a row can be one link, and on a narrow screen the
// columns that matter less leave. Semantics are those of a table.
import type { CSSProperties, KeyboardEvent, ReactNode } from "react";
import { Link } from "wouter";
import "./table.css";

export interface TableColumn<Row> {
  id: string;
  head: ReactNode;
  /** A track of the grid: "minmax(0, 2fr)", "88px". */
  width: string;
  cell: (row: Row) => ReactNode;
  right?: boolean;
  /** Left out below this width of the table: "s" 480, "m" 700, "l" 1060 pixels. */
  from?: "s" | "m" | "l";
}

const RANK = { s: 1, m: 2, l: 3 } as const;

function tracks<Row>(columns: readonly TableColumn<Row>[], rank: number): string {
  return columns
    .filter((column) => !column.from || RANK[column.from] <= rank)
    .map((column) => column.width)
    .join(" ");
}

/** The style that a table (or a virtual list of rows) needs on its container. */
export function tableTracks<Row>(columns: readonly TableColumn<Row>[]): CSSProperties {
  return {
    "--tracks-0": tracks(columns, 0),
    "--tracks-1": tracks(columns, 1),
    "--tracks-2": tracks(columns, 2),
    "--tracks-3": tracks(columns, 3),
  } as CSSProperties;
}

function cellClass<Row>(column: TableColumn<Row>): string {
  return `cell${column.right ? " num" : ""}${column.from ? ` from-${column.from}` : ""}`;
}

export function TableHead<Row>({ columns }: { columns: readonly TableColumn<Row>[] }) {
  return (
    <div className="table-head" role="row">
      {columns.map((column) => (
        <div key={column.id} role="columnheader" className={cellClass(column)}>
          {column.head}
        </div>
      ))}
    </div>
  );
}

export function TableRow<Row>({
  row,
  columns,
  href,
  index,
  style,
  dim,
}: {
  row: Row;
  columns: readonly TableColumn<Row>[];
  href?: string | undefined;
  index?: number;
  style?: CSSProperties;
  dim?: boolean;
}) {
  return (
    <div
      role="row"
      className={`table-row${href ? " table-row-link" : ""}${dim ? " table-row-dim" : ""}`}
      style={style}
      aria-rowindex={index}
    >
      {columns.map((column, at) => (
        <div key={column.id} role="cell" className={cellClass(column)}>
          {at === 0 && href ? (
            <Link href={href} className="row-link">
              {column.cell(row)}
            </Link>
          ) : (
            column.cell(row)
          )}
        </div>
      ))}
    </div>
  );
}

/** Arrow keys go from row to row among the links of a table. */
export function walkRows(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
  const focused = document.activeElement;
  if (!step || !(focused instanceof HTMLElement) || !focused.classList.contains("row-link")) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>(".row-link")];
  const next = links[links.indexOf(focused) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

export function Table<Row>({
  label,
  columns,
  rows,
  keyOf,
  hrefOf,
  dimOf,
}: {
  label: string;
  columns: readonly TableColumn<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  hrefOf?: (row: Row) => string | undefined;
  dimOf?: (row: Row) => boolean;
}) {
  return (
    <div role="table" aria-label={label} className="table" style={tableTracks(columns)} onKeyDown={walkRows}>
      <TableHead columns={columns} />
      {rows.map((row) => (
        <TableRow
          key={keyOf(row)}
          row={row}
          columns={columns}
          href={hrefOf?.(row)}
          dim={dimOf?.(row) ?? false}
        />
      ))}
    </div>
  );
}

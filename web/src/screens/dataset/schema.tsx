import { useMemo, useState } from "react";
import type { CatalogDataset, Column } from "../../api/catalog";
import { plural } from "../../format/numbers";
import { shortType } from "../../format/types";
import { relevance, words } from "../../model/search";
import { Chip } from "../../ui/display";
import { Empty, SkeletonRows } from "../../ui/feedback";
import { SearchField } from "../../ui/field";
import { Icon } from "../../ui/icons";
import { Table } from "../../ui/table";

interface Row {
  column: Column;
  depth: number;
  open: boolean;
}

const meaningOf = (column: Column) => column.description ?? column.doc ?? column.refused;

const textOf = (column: Column): string =>
  `${column.path} ${column.type} ${column.description ?? ""} ${column.doc ?? ""} ${column.classification ?? ""}`;

/** The rows of the tree that are shown: those that fit the words, with what they are part of. */
export function schemaRows(columns: readonly Column[], closed: ReadonlySet<string>, query: string): Row[] {
  const wanted = words(query);
  const rows: Row[] = [];
  const fits = (column: Column): boolean =>
    wanted.length === 0 || relevance(wanted, textOf(column)) > 0 || (column.children ?? []).some(fits);
  const walk = (column: Column, depth: number) => {
    if (!fits(column)) return;
    const open = wanted.length > 0 || !closed.has(column.path);
    rows.push({ column, depth, open });
    if (open) for (const child of column.children ?? []) walk(child, depth + 1);
  };
  for (const column of columns) walk(column, 0);
  return rows;
}

export function Schema({ dataset }: { dataset: CatalogDataset }) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [query, setQuery] = useState("");
  const columns = dataset.schema ?? [];
  const rows = useMemo(() => schemaRows(columns, closed, query), [columns, closed, query]);
  if (columns.length === 0) {
    return (
      <div className="section">
        {dataset.pending?.includes("schema") ? (
          <SkeletonRows rows={6} height={36} />
        ) : (
          <Empty icon="columns" title="Its schema is not known">
            The registry has no version of {dataset.subject ?? "its subject"} yet.
          </Empty>
        )}
      </div>
    );
  }
  const nested = columns.some((column) => column.children?.length);
  const toggle = (path: string) => {
    const next = new Set(closed);
    if (!next.delete(path)) next.add(path);
    setClosed(next);
  };
  return (
    <>
      <div className="filters">
        <div className="filters-search">
          <SearchField
            label="Search columns"
            placeholder="Search columns"
            value={query}
            onChange={setQuery}
          />
        </div>
        <span className="filters-count">{plural(columns.length, "column")}</span>
      </div>
      <div className="section">
        {rows.length === 0 ? (
          <Empty icon="search" title="No column has it" />
        ) : (
          <Table
            label="Columns"
            rows={rows}
            keyOf={(row) => row.column.path}
            columns={[
              {
                id: "name",
                head: "Column",
                width: "minmax(0, 1.3fr)",
                cell: ({ column, depth, open }) => (
                  <span className="column-name" style={{ paddingLeft: depth * 20 }}>
                    {column.children?.length ? (
                      <button
                        type="button"
                        className="column-toggle"
                        aria-expanded={open}
                        aria-label={`Fields of ${column.path}`}
                        onClick={() => toggle(column.path)}
                      >
                        <Icon name={open ? "down" : "right"} size={12} />
                      </button>
                    ) : (
                      nested && <span className="column-toggle" />
                    )}
                    <code className="truncate">{column.name}</code>
                    {column.key && <Chip icon="key">key</Chip>}
                    {column.classification && <Chip tone="violet">{column.classification}</Chip>}
                    {meaningOf(column) && (
                      <span className={`until-s column-meaning${nested ? " column-indented" : ""}`}>
                        {meaningOf(column)}
                      </span>
                    )}
                  </span>
                ),
              },
              {
                id: "type",
                head: "Type",
                width: "minmax(0, 0.7fr)",
                cell: ({ column }) =>
                  column.refused ? (
                    <span className="column-refused truncate" title={column.refused}>
                      cannot be queried
                    </span>
                  ) : (
                    <span className="column-type truncate" title={column.type}>
                      {shortType(column.type)}
                      {column.nullable && <span className="dim"> or null</span>}
                    </span>
                  ),
              },
              {
                id: "description",
                head: "What it means",
                width: "minmax(0, 2.3fr)",
                from: "s",
                cell: ({ column }) => (
                  <span className="column-description">
                    {meaningOf(column) ?? <span className="dim">–</span>}
                  </span>
                ),
              },
            ]}
          />
        )}
      </div>
    </>
  );
}

// The builder's calls: SQL analysed into a form, and edits of the form carried out in the text.
import { call } from "./client";

export type Range = [number, number];

export interface ColumnRef {
  dataset: string;
  column: string;
}

/** A column of a dataset, or a field of a record: that one's name is its path, "address.city". */
export interface FormColumnOf {
  name: string;
  type: string;
  nullable: boolean;
  key: boolean;
  classified: boolean;
  used: boolean;
  selected?: number;
  fields?: FormColumnOf[];
}

export interface FormDataset {
  alias: string;
  namespace: string;
  name: string;
  range: Range;
  state: "Ready" | "Missing" | "Denied" | "Unavailable";
  message?: string;
  type?: "Event" | "Entity";
  key?: string[];
  columns?: FormColumnOf[];
}

export interface JoinPair {
  left: ColumnRef;
  column: string;
}

export interface FormJoin {
  dataset: string;
  type: "Inner" | "Left";
  using: boolean;
  pairs: JoinPair[];
  range: Range;
}

export interface FormColumn {
  kind: "Column" | "Star" | "Aggregate" | "Expression";
  text: string;
  name?: string;
  named?: boolean;
  source?: { dataset: string; column?: string };
  aggregate?: { function: string; source?: ColumnRef; text?: string };
  range: Range;
}

export type Operator =
  | "="
  | "<>"
  | "<"
  | "<="
  | ">"
  | ">="
  | "In"
  | "NotIn"
  | "Between"
  | "NotBetween"
  | "Like"
  | "NotLike"
  | "IsNull"
  | "IsNotNull";

export interface FormFilter {
  kind: "Simple" | "Expression";
  text: string;
  range: Range;
  source?: ColumnRef;
  type?: string;
  operator?: Operator;
  values?: string[];
}

export interface FormGroup {
  text: string;
  source?: ColumnRef;
  column?: number;
  range: Range;
}

export interface Form {
  datasets: FormDataset[];
  joins: FormJoin[];
  columns: FormColumn[];
  filters: FormFilter[];
  groupBy: FormGroup[];
}

export interface Diagnostic {
  severity: "Error" | "Warning" | "Waiting";
  code: string;
  message: string;
  hint?: string;
  range?: Range;
  line?: number;
  column?: number;
  field?: string;
}

export interface Proposal {
  namespace: string;
  name: string;
  owner?: string;
  description?: string;
  basis: "Declared" | "Name";
  reason: string;
  pairs: JoinPair[];
  types?: { left: string; right: string }[];
  joinable: boolean;
  problem?: string;
  readable: boolean;
}

export interface Analysis {
  hash: string;
  sql: string;
  form?: Form;
  undrawable?: { reason: string; range?: Range; line?: number; column?: number };
  diagnostics: Diagnostic[];
  output?: {
    name: string;
    type: string;
    nullable: boolean;
    targetType?: string;
    classification?: string;
    masked?: boolean;
  }[];
  key?: { kind: "Proved" | "Watched" | "Position" | "Bag"; columns: string[]; text: string };
  reads?: {
    alias?: string;
    namespace: string;
    name: string;
    columns: string[];
    columnsTotal: number;
    windowed: boolean;
    reason: string;
    bytes?: {
      read: number;
      whole: number;
      savedPercent: number;
      basis: "Sample" | "Schema";
      records?: number;
    };
  }[];
  proposals?: Proposal[];
}

export interface Asked {
  sql: string;
  target?: { className: string };
  key?: string[];
  history?: string;
  proposals?: boolean;
}

type FilterEdit = { source: ColumnRef; operator: Operator; values: string[] } | { expression: string };

export type Edit =
  | {
      kind: "addDataset";
      name: string;
      namespace?: string;
      alias?: string;
      join?: { type: "Inner" | "Left"; pairs: JoinPair[] };
    }
  | { kind: "removeDataset"; dataset: string }
  | { kind: "setJoin"; dataset: string; type?: "Inner" | "Left"; pairs?: JoinPair[] }
  | { kind: "addColumn"; dataset: string; column: string; name?: string; position?: number }
  | { kind: "addColumn"; dataset: string; columns: string[]; position?: number }
  | { kind: "addColumn"; expression: string; name?: string; position?: number }
  | { kind: "setColumn"; index: number; expression: string }
  | { kind: "removeColumn"; index: number }
  | { kind: "removeColumn"; dataset: string; column: string }
  | { kind: "renameColumn"; index: number; name: string }
  | { kind: "reorderColumns"; order: number[] }
  | { kind: "expandStar"; index: number }
  | ({ kind: "addFilter" } & FilterEdit)
  | ({ kind: "setFilter"; index: number } & FilterEdit)
  | { kind: "removeFilter"; index: number }
  | { kind: "setGroupBy"; items: ({ source: ColumnRef } | { expression: string })[] }
  | {
      kind: "addAggregate";
      function: "count" | "sum" | "min" | "max" | "avg";
      source?: ColumnRef;
      name?: string;
      group?: boolean;
    };

/** An edit, or one that is made of the analysis that the one before it gave. */
export type EditStep = Edit | ((analysis: Analysis) => Edit | undefined);

const path = (ns: string, verb: string) =>
  `/apis/view.offtake.dev/v1alpha1/namespaces/${encodeURIComponent(ns)}/sql/${verb}`;

export async function analyse(ns: string, asked: Asked, signal?: AbortSignal): Promise<Analysis> {
  return (await call<Analysis>(path(ns, "analyse"), { method: "POST", body: asked, signal })).value;
}

export async function editSql(
  ns: string,
  asked: Asked & { hash?: string },
  edit: Edit,
): Promise<Analysis & { changed?: Range }> {
  return (
    await call<Analysis & { changed?: Range }>(path(ns, "edit"), { method: "POST", body: { ...asked, edit } })
  ).value;
}

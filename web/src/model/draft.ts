// What is being asked for, as a YAML text; the form and the SQL are views of it.
import type { Analysis, Edit } from "../api/builder";
import { readManifest, valueAt, withValue } from "./manifest";

export interface DraftFields {
  name: string;
  namespace: string;
  owner: string;
  description: string;
  sql: string;
  historyFrom: string;
  className: string;
  targetName: string;
  key: string[] | undefined;
}

export type FieldName = keyof DraftFields;

const PATHS: Record<FieldName, readonly string[]> = {
  name: ["metadata", "name"],
  namespace: ["metadata", "namespace"],
  owner: ["spec", "owner"],
  description: ["spec", "description"],
  sql: ["spec", "sql"],
  historyFrom: ["spec", "history", "from"],
  className: ["spec", "target", "className"],
  targetName: ["spec", "target", "name"],
  key: ["spec", "target", "key"],
};

export const EMPTY_DRAFT = `apiVersion: offtake.dev/v1alpha1
kind: DataProduct
metadata:
  name: ""
  namespace: default
spec:
  sql: ""
`;

/** The fields that the form shows; undefined while the text is no YAML mapping. */
export function fieldsOf(text: string): DraftFields | undefined {
  const { value } = readManifest(text);
  if (value === undefined) return undefined;
  const at = (field: FieldName) => {
    const found = valueAt(value, PATHS[field]);
    return typeof found === "string" ? found : "";
  };
  const key = valueAt(value, PATHS.key);
  return {
    name: at("name"),
    namespace: at("namespace") || "default",
    owner: at("owner"),
    description: at("description"),
    sql: at("sql").replace(/\n+$/, ""),
    historyFrom: at("historyFrom"),
    className: at("className"),
    targetName: at("targetName"),
    key: Array.isArray(key) ? key.map(String) : undefined,
  };
}

// What has to be there even when it is empty.
const KEPT: ReadonlySet<FieldName> = new Set(["name", "namespace", "sql"]);

/** The text with one field set; an empty one goes where it may be absent. Text that is no YAML stays as it is. */
export function withField<Name extends FieldName>(
  text: string,
  field: Name,
  value: DraftFields[Name],
): string {
  const absent =
    value === undefined || (value === "" && !KEPT.has(field)) || (Array.isArray(value) && value.length === 0);
  try {
    return withValue(text, PATHS[field], absent ? undefined : value);
  } catch {
    return text;
  }
}

/** A DNS label made of any words: "Captured payments!" -> "captured-payments". */
export function nameOf(words: string): string {
  return words
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .replace(/-+$/, "")
    .slice(0, 50)
    .replace(/-+$/, "");
}

/** What is missing before it can be made; the server says the rest. */
export function missingOf(fields: DraftFields | undefined): string | undefined {
  if (!fields) return "The YAML is not well-formed.";
  if (fields.sql.trim() === "") return "Choose a dataset first.";
  if (fields.name === "") return "It needs a name.";
  if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(fields.name)) {
    return "Its name has to begin with a letter and hold only small letters, digits and hyphens.";
  }
  return undefined;
}

/** Names that the SQL lists under FROM and JOIN, for a first guess of the product's name. */
export function guessedName(
  datasets: readonly { name: string }[],
  filters: readonly { values?: string[] }[],
): string {
  const [driving] = datasets;
  if (!driving) return "";
  const word = filters.find(
    (filter) => filter.values?.length === 1 && /^[A-Za-z]{3,16}$/.test(filter.values[0] ?? ""),
  );
  return nameOf([word?.values?.[0], driving.name].filter(Boolean).join(" "));
}

/** What a first dataset begins with: its key, or all of it where it has none. */
export function firstColumns(analysis: Analysis): Edit | undefined {
  const [dataset] = analysis.form?.datasets ?? [];
  const all = dataset?.columns ?? [];
  if (!dataset || analysis.form?.columns.length !== 0 || all.length === 0) return undefined;
  const keys = all.filter((column) => column.key);
  return {
    kind: "addColumn",
    dataset: dataset.alias,
    columns: (keys.length > 0 ? keys : all).map((column) => column.name),
  };
}

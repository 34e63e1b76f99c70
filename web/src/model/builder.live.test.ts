// The builder's laws, against a running server that has the retail demo: OFFTAKE_URL and OFFTAKE_TOKEN name it. Random
// edits make a hundred queries; of each, the text and the form have to say the same, and YAML has to carry the text.
import { describe, expect, it } from "vitest";
import type { Analysis, Edit, Form } from "../api/builder";
import { flattened } from "./column-tree";
import { EMPTY_DRAFT, fieldsOf, withField } from "./draft";

const server = process.env.OFFTAKE_URL ?? "";
const token = process.env.OFFTAKE_TOKEN ?? "";

async function post<T>(verb: "analyse" | "edit", body: unknown): Promise<T> {
  const response = await fetch(`${server}/apis/view.offtake.dev/v1alpha1/namespaces/retail/sql/${verb}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${verb} ${JSON.stringify(body)}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}

// Numbers from a seed, so that what fails can be run again.
function numbers(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return Math.abs(state ^ (state >>> 13)) % below;
  };
}

function pick<T>(random: (below: number) => number, items: readonly T[]): T {
  return items[random(items.length)] as T;
}

/** The form without places, which move with the text. */
function meaning(form: Form | undefined): unknown {
  return JSON.parse(JSON.stringify(form ?? null, (key, value) => (key === "range" ? undefined : value)));
}

/** As SQL has it: p.status, (c.address).city. */
function written(alias: string, path: string): string {
  const [column, ...fields] = path.split(".");
  return fields.length === 0 ? `${alias}.${column}` : `(${alias}.${column}).${fields.join(".")}`;
}

const CHAIN: { name: string; left: string; column: string }[] = [
  { name: "orders", left: "payments", column: "order_id" },
  { name: "customers", left: "orders", column: "customer_id" },
];

function nextEdit(random: (below: number) => number, form: Form): Edit | undefined {
  const [last] = form.datasets.slice(-1);
  const dataset = pick(random, form.datasets);
  // Fields of records among them: customers have an address.
  const column = pick(random, flattened(dataset.columns ?? []));
  const source = { dataset: dataset.alias, column: column.name };
  switch (random(8)) {
    case 0: {
      const joined = CHAIN[form.datasets.length - 1];
      const left = form.datasets.find((each) => each.name === joined?.left);
      if (!joined || !left || !last) return undefined;
      return {
        kind: "addDataset",
        name: joined.name,
        join: {
          type: pick(random, ["Inner", "Left"] as const),
          pairs: [{ left: { dataset: left.alias, column: joined.column }, column: joined.column }],
        },
      };
    }
    case 1:
    case 2:
      if (column.selected !== undefined && random(2) === 0)
        return { kind: "removeColumn", dataset: dataset.alias, column: column.name };
      if (column.selected !== undefined) return { kind: "removeColumn", index: column.selected };
      return { kind: "addColumn", dataset: dataset.alias, column: column.name };
    case 3:
      return column.type === "text"
        ? {
            kind: "addFilter",
            source,
            operator: "In",
            values: ["it's", "b, c", "ünï"].slice(0, 1 + random(3)),
          }
        : { kind: "addFilter", source, operator: "IsNotNull", values: [] };
    case 4:
      return form.filters.length > 0
        ? { kind: "removeFilter", index: random(form.filters.length) }
        : undefined;
    case 5:
      return form.columns.length > 0
        ? { kind: "renameColumn", index: random(form.columns.length), name: `n${random(1000)}` }
        : undefined;
    case 6: {
      const order = form.columns.map((_, index) => index).sort(() => random(3) - 1);
      return form.columns.length > 1 ? { kind: "reorderColumns", order } : undefined;
    }
    default:
      return {
        kind: "addColumn",
        expression: `${written(dataset.alias, column.name)} IS NULL`,
        name: `e${random(1000)}`,
      };
  }
}

async function grown(random: (below: number) => number): Promise<Analysis> {
  let at = await post<Analysis>("edit", { sql: "", edit: { kind: "addDataset", name: "payments" } });
  for (let step = 0; step < 4 + random(8); step += 1) {
    if (!at.form) break;
    const edit = nextEdit(random, at.form);
    if (edit) at = await apply(at, edit);
  }
  const [some] = at.form?.datasets ?? [];
  if (some && random(4) === 0) {
    const number = pick(
      random,
      (some.columns ?? []).filter((each) => each.type === "bigint" || each.type === "integer"),
    );
    at = await apply(at, {
      kind: "addAggregate",
      function: pick(random, ["sum", "min", "max", "avg"] as const),
      source: { dataset: some.alias, column: number.name },
      name: "figure",
      group: true,
    });
  }
  return at;
}

function apply(at: Analysis, edit: Edit): Promise<Analysis> {
  return post<Analysis>("edit", { sql: at.sql, hash: at.hash, edit, proposals: false });
}

function wordOf(text: string, name: string | undefined): string | undefined {
  // An expression's text ends with the name that it was given.
  return name === undefined ? undefined : text.replace(/\s+AS\s+\S+$/i, "");
}

/** What the form says, said again from nothing: only its own words, no text of the query as a whole. */
async function rebuilt(form: Form): Promise<Analysis> {
  let at = await post<Analysis>("analyse", { sql: "", proposals: false });
  for (const dataset of form.datasets) {
    const join = form.joins.find((each) => each.dataset === dataset.alias);
    at = await apply(at, {
      kind: "addDataset",
      namespace: dataset.namespace,
      name: dataset.name,
      alias: dataset.alias,
      ...(join ? { join: { type: join.type, pairs: join.pairs } } : {}),
    });
  }
  // The first dataset brings its key along; what the form has comes behind it.
  const brought = at.form?.columns.length ?? 0;
  for (const column of form.columns) {
    const name = column.named ? column.name : undefined;
    at = await apply(
      at,
      column.kind === "Column" && column.source?.column
        ? {
            kind: "addColumn",
            dataset: column.source.dataset,
            column: column.source.column,
            ...(name ? { name } : {}),
          }
        : {
            kind: "addColumn",
            expression: wordOf(column.text, name) ?? column.text,
            ...(name ? { name } : {}),
          },
    );
  }
  for (let index = 0; index < brought; index += 1) at = await apply(at, { kind: "removeColumn", index: 0 });
  for (const filter of form.filters) {
    at = await apply(
      at,
      filter.kind === "Simple" && filter.source && filter.operator
        ? { kind: "addFilter", source: filter.source, operator: filter.operator, values: filter.values ?? [] }
        : { kind: "addFilter", expression: filter.text },
    );
  }
  if (form.groupBy.length > 0) {
    at = await apply(at, {
      kind: "setGroupBy",
      items: form.groupBy.map((each) => (each.source ? { source: each.source } : { expression: each.text })),
    });
  }
  return at;
}

/** The same query as somebody else would have laid it out: other blanks, and remarks between the words. */
function laidOut(random: (below: number) => number, sql: string): string {
  return sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\s+/g, (part) =>
    /^\s/.test(part) ? pick(random, [" ", "\n", "\n    ", "\t", " /* it's ü */ ", " -- why\n"]) : part,
  );
}

/** Of a form, with the blanks and remarks within its texts left out. */
function plain(form: Form | undefined): unknown {
  const said = JSON.stringify(meaning(form), (_, value) =>
    typeof value === "string" ? value.replace(/\/\*.*?\*\/|--.*?\n/g, " ").replace(/\s+/g, " ") : value,
  );
  return JSON.parse(said);
}

describe.skipIf(server === "" || token === "")("builder against a server", () => {
  it.each(Array.from({ length: 100 }, (_, index) => index + 1))(
    "query %d: text, form and YAML say the same",
    async (seed) => {
      const random = numbers(seed);
      const made = await grown(random);
      const again = await post<Analysis>("analyse", { sql: made.sql, proposals: false });
      expect(meaning(again.form)).toEqual(meaning(made.form));
      expect(again.hash).toBe(made.hash);
      if (made.form === undefined) throw new Error(`not drawn: ${made.sql}`);

      const other = await post<Analysis>("analyse", { sql: laidOut(random, made.sql), proposals: false });
      expect(plain(other.form)).toEqual(plain(made.form));
      const said = await rebuilt(made.form);
      expect(plain(said.form)).toEqual(plain(made.form));

      const commented = `# why\n${EMPTY_DRAFT}# the end\n`;
      const yaml = withField(commented, "sql", made.sql);
      expect(fieldsOf(yaml)?.sql).toBe(made.sql);
      expect(yaml).toMatch(/^# why\n/);
      expect(yaml).toMatch(/# the end\n$/);
      expect(withField(yaml, "sql", fieldsOf(yaml)?.sql ?? "")).toBe(yaml);
    },
    30_000,
  );

  it("fields of records come and go by their paths", async () => {
    const sql = "SELECT c.customer_id -- who\nFROM customers c";
    const before = await post<Analysis>("analyse", { sql });
    const added = await post<Analysis>("edit", {
      sql,
      edit: { kind: "addColumn", dataset: "c", columns: ["address.city", "address.postcode"] },
    });
    const fields = flattened(added.form?.datasets[0]?.columns ?? []);
    expect(fields.find((each) => each.name === "address.postcode")?.selected).toBe(2);
    expect(added.sql).toContain("(c.address).city");
    expect(added.reads?.[0]?.columns).toEqual(["customer_id", "address.postcode", "address.city"]);
    let at = added;
    for (const column of ["address.city", "address.postcode"]) {
      at = await post<Analysis>("edit", {
        sql: at.sql,
        edit: { kind: "removeColumn", dataset: "c", column },
      });
    }
    expect(at.sql).toBe(sql);
    expect(meaning(at.form)).toEqual(meaning(before.form));
  });

  it("an edit and its opposite leave the text, comments included", async () => {
    const sql = "SELECT p.payment_id, -- the key\n       p.status\nFROM payments p /* all of them */";
    const before = await post<Analysis>("analyse", { sql });
    const added = await post<Analysis>("edit", {
      sql,
      hash: before.hash,
      edit: {
        kind: "addFilter",
        source: { dataset: "p", column: "status" },
        operator: "=",
        values: ["CAPTURED"],
      },
    });
    expect(added.sql).toContain("-- the key");
    expect(added.sql).toContain("/* all of them */");
    const back = await post<Analysis>("edit", {
      sql: added.sql,
      hash: added.hash,
      edit: { kind: "removeFilter", index: 0 },
    });
    expect(meaning(back.form)).toEqual(meaning(before.form));
    expect(back.sql).toContain("-- the key");
  });
});

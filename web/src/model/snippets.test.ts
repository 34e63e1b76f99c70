import { describe, expect, it } from "vitest";
import type { DataProduct } from "../api/resources";
import { commandsOf, shellWord, snippetsOf } from "./snippets";

const product = (endpoint: { type: string; address: string; object: string }) =>
  ({
    kind: "DataProduct",
    metadata: { name: "x", namespace: "n" },
    spec: { sql: "" },
    status: { endpoint },
  }) as DataProduct;

describe("snippets", () => {
  it("quotes what a shell would read otherwise", () => {
    expect(shellWord("a/b_c-1.db")).toBe("a/b_c-1.db");
    expect(shellWord("it's $HOME")).toBe("'it'\\''s $HOME'");
    expect(shellWord("")).toBe("''");
  });
  it("reads SQLite", () => {
    const [shell] = snippetsOf(
      product({ type: "sqlite", address: "/data/my file.db", object: "orders" }),
      undefined,
    );
    expect(shell?.text).toBe(
      "sqlite3 -readonly -header -column '/data/my file.db' 'SELECT * FROM orders LIMIT 10'",
    );
  });
  it("reads PostgreSQL, with the password only where it was shown", () => {
    const of = product({ type: "postgres", address: "db:5432", object: "retail.Orders" });
    const bare = snippetsOf(of, undefined);
    expect(bare.every((snippet) => !snippet.secret && !snippet.text.includes("s3cret"))).toBe(true);
    const shown = snippetsOf(of, {
      host: "db",
      port: "5432",
      database: "data",
      username: "reader",
      password: "s3cret",
      uri: "postgresql://reader:s3cret@db:5432/data",
    });
    expect(shown[0]?.text).toBe(
      `psql postgresql://reader:s3cret@db:5432/data -c 'SELECT * FROM retail."Orders" LIMIT 10'`,
    );
    expect(shown[0]?.secret).toBe(true);
  });
  it("reads search engines", () => {
    const [curl] = snippetsOf(
      product({ type: "opensearch", address: "http://s:9200", object: "retail-x" }),
      undefined,
    );
    expect(curl?.text).toBe("curl -s 'http://s:9200/retail-x/_search?size=10&pretty'");
  });
  it("names commands", () => {
    expect(commandsOf("retail", "x").pause.offtake).toBe("offtake pause x -n retail");
  });
});

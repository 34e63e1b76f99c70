// How to read a product's result, for each kind of endpoint: ready to paste.
import type { DataProduct } from "../api/resources";

export interface Snippet {
  id: string;
  name: string;
  text: string;
  /** It has a password in it. */
  secret?: boolean;
}

export interface Binding {
  [key: string]: string;
}

/** For a POSIX shell, as one word. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

const identifier = (name: string) =>
  /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
const python = (text: string) => JSON.stringify(text);

function sqlite(address: string, object: string): Snippet[] {
  const query = `SELECT * FROM ${identifier(object)} LIMIT 10`;
  return [
    {
      id: "sqlite3",
      name: "sqlite3",
      text: `sqlite3 -readonly -header -column ${shellWord(address)} ${shellWord(query)}`,
    },
    {
      id: "python",
      name: "Python",
      text: [
        "import sqlite3",
        "",
        `rows = sqlite3.connect(${python(`file:${encodeURI(address)}?mode=ro`)}, uri=True)`,
        `for row in rows.execute(${python(query)}):`,
        "    print(row)",
      ].join("\n"),
    },
    { id: "jdbc", name: "JDBC", text: `jdbc:sqlite:${address}` },
  ];
}

function postgres(
  object: string,
  binding: Binding | undefined,
  fallback: { host: string; port: string },
): Snippet[] {
  const host = binding?.host ?? fallback.host;
  const port = binding?.port ?? fallback.port;
  const database = binding?.database ?? "DATABASE";
  const user = binding?.username ?? "USER";
  const query = `SELECT * FROM ${object.split(".").map(identifier).join(".")} LIMIT 10`;
  const uri = binding?.uri ?? `postgresql://${user}@${host}:${port}/${database}`;
  const secret = binding?.password !== undefined;
  return [
    { id: "psql", name: "psql", text: `psql ${shellWord(uri)} -c ${shellWord(query)}`, secret },
    {
      id: "python",
      name: "Python",
      text: [
        "import psycopg",
        "",
        `with psycopg.connect(${python(uri)}) as connection:`,
        `    for row in connection.execute(${python(query)}):`,
        "        print(row)",
      ].join("\n"),
      secret,
    },
    {
      id: "jdbc",
      name: "JDBC",
      text: `jdbc:postgresql://${host}:${port}/${database}?user=${encodeURIComponent(user)}${
        binding?.password ? `&password=${encodeURIComponent(binding.password)}` : ""
      }`,
      secret,
    },
  ];
}

function search(address: string, object: string): Snippet[] {
  const base = address.includes("://") ? address : `http://${address}`;
  const url = `${base.replace(/\/$/, "")}/${object}/_search`;
  return [
    { id: "curl", name: "curl", text: `curl -s ${shellWord(`${url}?size=10&pretty`)}` },
    {
      id: "python",
      name: "Python",
      text: [
        "import requests",
        "",
        `found = requests.get(${python(url)}, params={"size": 10}, timeout=30).json()`,
        'for hit in found["hits"]["hits"]:',
        '    print(hit["_source"])',
      ].join("\n"),
    },
  ];
}

/** `binding`: the credentials of readers, where they were asked for and shown. */
export function snippetsOf(product: DataProduct, binding: Binding | undefined): Snippet[] {
  const endpoint = product.status?.endpoint;
  if (!endpoint) return [];
  const { type, address, object } = endpoint;
  switch (type) {
    case "sqlite":
      return sqlite(address, object);
    case "postgres": {
      const cut = address.lastIndexOf(":");
      return postgres(object, binding, { host: address.slice(0, cut), port: address.slice(cut + 1) });
    }
    case "opensearch":
    case "elasticsearch":
      return search(address, object);
    default:
      return [];
  }
}

/** The same, by the command line. */
export function commandsOf(ns: string, name: string) {
  const at = `${shellWord(name)} -n ${shellWord(ns)}`;
  return {
    describe: { offtake: `offtake describe product ${at}`, kubectl: `kubectl describe dataproduct ${at}` },
    pause: {
      offtake: `offtake pause ${at}`,
      kubectl: `kubectl patch dataproduct ${at} --type merge -p '{"spec":{"paused":true}}'`,
    },
    resume: {
      offtake: `offtake resume ${at}`,
      kubectl: `kubectl patch dataproduct ${at} --type merge -p '{"spec":{"paused":null}}'`,
    },
    remove: { offtake: `offtake delete product ${at}`, kubectl: `kubectl delete dataproduct ${at}` },
    logs: { offtake: `offtake logs ${at} -f`, kubectl: "" },
    errors: { offtake: `offtake errors list ${at}`, kubectl: "" },
  };
}

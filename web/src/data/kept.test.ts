import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DataProduct, List } from "../api/resources";
import { askAgain, asked, lacksManagers, later, tell } from "./kept";
import { withProduct } from "./products";

const KEY = ["products"];

function product(name: string, resourceVersion: string, paused = false, more: object = {}): DataProduct {
  return {
    apiVersion: "offtake.dev/v1alpha1",
    kind: "DataProduct",
    metadata: { name, namespace: "retail", uid: `uid of ${name}`, resourceVersion, generation: 1, ...more },
    spec: { sql: "SELECT 1", paused },
  };
}

const listOf = (...items: DataProduct[]): List<DataProduct> => ({ items, metadata: {} });

// A server whose answers are given when the test says so.
class Answers<T> {
  asked: { answer: (value: T) => void; fail: (error: Error) => void }[] = [];
  ask = () =>
    new Promise<T>((answer, fail) => {
      this.asked.push({ answer, fail });
    });
  async answer(number: number, value: T) {
    this.asked[number]?.answer(value);
    await settled();
  }
}

const settled = () => new Promise((done) => setTimeout(done));

let client: QueryClient;
let leave: () => void;
let answers: Answers<List<DataProduct>>;

const put = (name: string, told: DataProduct | undefined) =>
  tell<List<DataProduct>>(client, KEY, (list) => list && withProduct(list, `retail/${name}`, told));
const shown = () =>
  client
    .getQueryData<List<DataProduct>>(KEY)
    ?.items.map((each) => `${each.metadata.name} ${each.metadata.resourceVersion}`);

beforeEach(() => {
  client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  answers = new Answers();
  leave = new QueryObserver(client, {
    queryKey: KEY,
    queryFn: () => asked(client, KEY, answers.ask),
  }).subscribe(() => {});
});

afterEach(() => {
  leave();
  client.clear();
});

describe("what is told while an answer is under way", () => {
  it("is not undone by the older answer", async () => {
    await answers.answer(0, listOf(product("kz", "5"), product("lost", "6")));
    client.refetchQueries({ queryKey: KEY });
    put("kz", product("kz", "8", true));
    put("lost", undefined);
    put("made", product("made", "9"));
    expect(shown()).toEqual(["kz 8", "made 9"]);
    await answers.answer(1, listOf(product("kz", "5"), product("lost", "6")));
    expect(shown()).toEqual(["kz 8", "made 9"]);
  });

  it("does not undo a newer answer", async () => {
    await answers.answer(0, listOf(product("kz", "5")));
    client.refetchQueries({ queryKey: KEY });
    put("kz", product("kz", "8"));
    await answers.answer(1, listOf(product("kz", "10")));
    expect(shown()).toEqual(["kz 10"]);
  });

  it("goes on top of the first answer too", async () => {
    put("kz", product("kz", "8"));
    expect(shown()).toBeUndefined();
    await answers.answer(0, listOf(product("kz", "5")));
    expect(shown()).toEqual(["kz 8"]);
  });

  it("is not kept for later questions", async () => {
    await answers.answer(0, listOf(product("kz", "5")));
    put("kz", product("kz", "8"));
    client.refetchQueries({ queryKey: KEY });
    // The server was set back to an earlier state.
    await answers.answer(1, listOf(product("kz", "3")));
    expect(shown()).toEqual(["kz 3"]);
  });

  it("goes with a question that fails", async () => {
    put("kz", product("kz", "8"));
    answers.asked[0]?.fail(new Error("away"));
    await settled();
    client.refetchQueries({ queryKey: KEY });
    await answers.answer(1, listOf(product("kz", "3")));
    expect(shown()).toEqual(["kz 3"]);
  });
});

describe("asking again", () => {
  it("breaks off an answer of before", async () => {
    await answers.answer(0, listOf(product("kz", "5")));
    client.refetchQueries({ queryKey: KEY });
    askAgain(client, KEY);
    await answers.answer(2, listOf(product("kz", "8")));
    await answers.answer(1, listOf(product("kz", "5")));
    expect(shown()).toEqual(["kz 8"]);
  });

  it("waits for a first answer, and asks once more", async () => {
    askAgain(client, KEY);
    await answers.answer(0, listOf(product("kz", "5")));
    expect(shown()).toEqual(["kz 5"]);
    await answers.answer(1, listOf(product("kz", "8")));
    expect(shown()).toEqual(["kz 8"]);
    expect(answers.asked).toHaveLength(2);
  });
});

describe("one object", () => {
  const managed = { managedFields: [{ manager: "argo", operation: "Apply" }] };

  it("is the later one", () => {
    expect(later(product("a", "10"), product("a", "9")).metadata.resourceVersion).toBe("10");
    expect(later(product("a", "9"), product("a", "10")).metadata.resourceVersion).toBe("10");
    expect(later(undefined, product("a", "1")).metadata.resourceVersion).toBe("1");
  });

  it("is the told one where nothing says which is later", () => {
    expect(later(product("a", "10"), product("a", "1", false, { uid: "of another" })).metadata.uid).toBe(
      "of another",
    );
    expect(later(product("a", "10"), product("a", "x9")).metadata.resourceVersion).toBe("x9");
  });

  it("keeps what the stream leaves out", () => {
    expect(later(product("a", "1", false, managed), product("a", "2")).metadata).toMatchObject({
      resourceVersion: "2",
      ...managed,
    });
    const told = { managedFields: [{ manager: "console", operation: "Apply" }] };
    expect(later(product("a", "1", false, managed), product("a", "2", false, told)).metadata).toMatchObject(
      told,
    );
    const again = later(product("a", "1", false, managed), product("a", "2", false, { uid: "of another" }));
    expect(again.metadata.managedFields).toBeUndefined();
  });

  it("is asked for where its managers may be others", () => {
    const present = product("a", "1", false, managed);
    expect(lacksManagers(present, product("a", "2"))).toBe(false);
    expect(lacksManagers(present, product("a", "2", false, { generation: 2 }))).toBe(true);
    expect(lacksManagers(present, product("a", "2", false, { generation: 2, ...managed }))).toBe(false);
    expect(lacksManagers(undefined, product("a", "2"))).toBe(true);
  });
});

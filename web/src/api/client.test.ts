import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiError, call, onSignedOut, setCsrfToken } from "./client";
import { currentSession } from "./session";

type Asked = { method: string; path: string; csrf: string | undefined; body: unknown };

let asked: Asked[];
let server: (asked: Asked) => Response;
const before = globalThis.fetch;

const answer = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
const refusal = (status: number, reason: string, ...causes: string[]) =>
  answer(status, {
    kind: "Status",
    reason,
    message: "no",
    details: { causes: causes.map((cause) => ({ reason: cause })) },
  });

beforeEach(() => {
  asked = [];
  setCsrfToken("old");
  globalThis.fetch = async (path, options) => {
    const headers = options?.headers as Record<string, string>;
    const one = {
      method: options?.method ?? "GET",
      path: String(path),
      csrf: headers["X-Offtake-CSRF"],
      body: options?.body,
    };
    asked.push(one);
    return server(one);
  };
});

afterEach(() => {
  globalThis.fetch = before;
});

// Of a browser that has signed in again elsewhere: its session has another word by now.
const renewed = (one: Asked) => {
  if (one.path === "/offtake/v1/session") return answer(200, { csrf: "new" });
  return one.csrf === "new" ? answer(200, { done: one.body }) : refusal(403, "Forbidden", "CsrfStale");
};

const path = "/apis/view.offtake.dev/v1alpha1/x";
const write = () => call<{ done: string }>(path, { method: "POST", body: { a: 1 } });

describe("a word of an earlier session", () => {
  it("is renewed once, and the call made again", async () => {
    server = renewed;
    expect((await write()).value.done).toBe('{"a":1}');
    expect(asked.map((one) => `${one.method} ${one.csrf}`)).toEqual([
      "POST old",
      "GET undefined",
      "POST new",
    ]);
    await write();
    expect(asked).toHaveLength(4);
  });

  it("is asked for once by all that were refused", async () => {
    server = renewed;
    await Promise.all([write(), write(), write()]);
    expect(asked.filter((one) => one.method === "GET")).toHaveLength(1);
  });

  it("is not renewed for ever", async () => {
    server = (one) =>
      one.method === "GET" ? answer(200, { csrf: "new" }) : refusal(403, "Forbidden", "CsrfStale");
    await expect(write()).rejects.toMatchObject({ code: 403 });
    expect(asked).toHaveLength(3);
  });

  it("is not what other refusals are about", async () => {
    server = () => refusal(403, "Forbidden", "NotReadable");
    await expect(write()).rejects.toMatchObject({ code: 403 });
    expect(asked).toHaveLength(1);
  });

  it("says that the session is over where it is", async () => {
    let over = 0;
    const off = onSignedOut(() => {
      over += 1;
    });
    server = (one) =>
      one.method === "GET" ? refusal(401, "Unauthorized") : refusal(403, "Forbidden", "CsrfStale");
    await expect(write()).rejects.toMatchObject({ code: 401 });
    expect(over).toBe(1);
    off();
  });
});

describe("who is signed in", () => {
  it("is nobody only where the server says so", async () => {
    server = () => refusal(401, "Unauthorized");
    expect(await currentSession()).toBeUndefined();
  });

  it.each([403, 404, 500, 502, 503])("is not known after a %i", async (status) => {
    server = () => refusal(status, "Other");
    await expect(currentSession()).rejects.toBeInstanceOf(ApiError);
  });

  it("is not known where there is no answer", async () => {
    server = () => {
      throw new TypeError("Failed to fetch");
    };
    await expect(currentSession()).rejects.toMatchObject({ unreachable: true });
  });
});

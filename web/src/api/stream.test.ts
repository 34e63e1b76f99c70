import { beforeEach, describe, expect, it } from "vitest";
import { type Environment, LiveStream, type Source } from "./stream";

class Played implements Source {
  readyState = 0;
  onerror: ((event: unknown) => void) | null = null;
  closed = false;
  readonly url: string;
  private readonly handlers = new Map<string, (event: MessageEvent) => void>();
  constructor(url: string) {
    this.url = url;
  }
  addEventListener(type: string, listener: (event: MessageEvent) => void) {
    this.handlers.set(type, listener);
  }
  close() {
    this.closed = true;
  }
  send(type: string, data: unknown, lastEventId = "") {
    this.handlers.get(type)?.({ data: JSON.stringify(data), lastEventId } as MessageEvent);
  }
}

let opened: Played[];
let timers: { at: number; action: () => void; off: boolean }[];
let now: number;
let visible: boolean;
let onVisibility: () => void;
let ended: number;
let stream: LiveStream;

function pass(milliseconds: number) {
  const until = now + milliseconds;
  for (;;) {
    const due = timers.filter((timer) => !timer.off && timer.at <= until).sort((a, b) => a.at - b.at)[0];
    if (!due) break;
    now = due.at;
    due.off = true;
    due.action();
  }
  now = until;
}

const last = () => {
  const source = opened.at(-1);
  if (!source) throw new Error("nothing was opened");
  return source;
};

beforeEach(() => {
  opened = [];
  timers = [];
  now = 0;
  visible = true;
  ended = 0;
  const environment: Environment = {
    open: (url) => {
      const source = new Played(url);
      opened.push(source);
      return source;
    },
    visible: () => visible,
    onVisibility: (listener) => {
      onVisibility = listener;
    },
    later: (milliseconds, action) => {
      const timer = { at: now + milliseconds, action, off: false };
      timers.push(timer);
      return () => {
        timer.off = true;
      };
    },
  };
  stream = new LiveStream(environment, () => {
    ended += 1;
  });
});

describe("LiveStream", () => {
  it("multiplexes all topics over one connection and tells each listener its own", () => {
    const seen: string[] = [];
    stream.listen(["datasets"], { changed: (event) => seen.push(`a ${event.id}`) });
    stream.listen(["dataproduct/retail/x", "datasets"], { changed: (event) => seen.push(`b ${event.id}`) });
    pass(100);
    expect(opened).toHaveLength(1);
    expect(last().url).toBe("/offtake/v1/stream?topics=dataproduct%2Fretail%2Fx,datasets");
    last().send("changed", { topic: "datasets", id: "retail/orders", object: {} }, "7");
    last().send("changed", { topic: "dataproduct/retail/x", id: "retail/x", object: {} }, "8");
    expect(seen).toEqual(["a retail/orders", "b retail/orders", "b retail/x"]);
  });

  it("goes on from the last id when topics change, in one reconnection", () => {
    const off = stream.listen(["datasets"], {});
    pass(100);
    last().send("ready", { resumed: false }, "3");
    off();
    stream.listen(["dataproducts"], {});
    pass(100);
    expect(opened).toHaveLength(2);
    expect(opened[0]?.closed).toBe(true);
    expect(last().url).toBe("/offtake/v1/stream?topics=dataproducts&after=3");
  });

  it("asks for everything again only when something may have been missed", () => {
    let refetched = 0;
    stream.listen(["datasets", "dataproducts"], {
      refetch: () => {
        refetched += 1;
      },
    });
    pass(100);
    last().send("ready", { resumed: false }, "3");
    expect(refetched).toBe(1);
    last().onerror?.({});
    pass(500);
    last().send("ready", { resumed: true }, "3");
    expect(refetched).toBe(1);
    last().send("reset", {}, "9");
    expect(refetched).toBe(2);
  });

  it("asks for what was not told while other topics moved the id on", () => {
    const asked: string[] = [];
    const listen = (topic: string) => stream.listen([topic], { refetch: () => asked.push(topic) });
    const list = listen("dataproducts");
    pass(100);
    last().send("ready", { resumed: false }, "e-10");
    list();
    const page = listen("dataproduct/retail/x");
    pass(100);
    last().send("ready", { resumed: true }, "e-10");
    last().send("changed", { topic: "dataproduct/retail/x", id: "retail/x", object: {} }, "e-15");
    asked.length = 0;
    page();
    listen("dataproducts");
    pass(100);
    expect(last().url).toContain("after=e-15");
    last().send("ready", { resumed: true }, "e-15");
    expect(asked).toEqual(["dataproducts"]);
  });

  it("does not ask for what was told all the time when a topic comes beside it", () => {
    const asked: string[] = [];
    stream.listen(["datasets"], { refetch: () => asked.push("datasets") });
    pass(100);
    last().send("ready", { resumed: false }, "3");
    asked.length = 0;
    const both = { refetch: () => asked.push("both") };
    stream.listen(["datasets", "events/retail/x"], both);
    pass(100);
    // A connection that never began has told nothing.
    last().onerror?.({});
    pass(500);
    last().send("ready", { resumed: true }, "3");
    expect(asked).toEqual(["both"]);
  });

  it("is closed while the tab is hidden", () => {
    stream.listen(["datasets"], {});
    pass(100);
    visible = false;
    onVisibility();
    expect(last().closed).toBe(true);
    expect(stream.state).toBe("idle");
    visible = true;
    onVisibility();
    expect(opened).toHaveLength(2);
  });

  it("says that the server is away, and heals by itself with growing pauses", () => {
    stream.listen(["datasets"], {});
    pass(100);
    last().send("ready", { resumed: false });
    last().onerror?.({});
    expect(stream.state).toBe("away");
    pass(499);
    expect(opened).toHaveLength(1);
    pass(1);
    expect(opened).toHaveLength(2);
    last().onerror?.({});
    pass(999);
    expect(opened).toHaveLength(2);
    pass(1);
    expect(opened).toHaveLength(3);
    expect(stream.state).toBe("away");
    last().send("ready", { resumed: true });
    expect(stream.state).toBe("live");
  });

  it("tries at once when somebody saw the server answer", () => {
    stream.listen(["datasets"], {});
    pass(100);
    last().onerror?.({});
    stream.retryNow();
    expect(opened).toHaveLength(2);
  });

  it("takes thirty seconds of silence for a lost connection", () => {
    stream.listen(["datasets"], {});
    pass(100);
    last().send("ready", { resumed: false });
    pass(20_000);
    last().send("heartbeat", {});
    pass(29_000);
    expect(stream.state).toBe("live");
    pass(1_001);
    expect(stream.state).toBe("away");
  });

  it("ends with the session", () => {
    stream.listen(["datasets"], {});
    pass(100);
    last().send("end", { reason: "SignedOut" });
    expect(ended).toBe(1);
    expect(last().closed).toBe(true);
    pass(60_000);
    expect(opened).toHaveLength(1);
  });

  it("begins again, whatever page is shown by then, when there is a session again", () => {
    const off = stream.listen(["datasets"], {});
    pass(100);
    last().send("ready", { resumed: false }, "e-7");
    last().send("end", { reason: "SignedOut" });
    off();
    stream.listen(["dataproducts"], {});
    pass(100);
    expect(opened).toHaveLength(1);
    stream.resume();
    expect(opened).toHaveLength(2);
    expect(last().url).toBe("/offtake/v1/stream?topics=dataproducts&after=e-7");
  });
});

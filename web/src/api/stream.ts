// The one event stream of this tab. Whoever shows something names its topics; they are multiplexed over one
// connection, which is open only while the tab is visible and somebody listens, and which is opened again by itself.
//
// A subject that is told (`changed`, `removed`) goes to the listeners of its topic. When it is not known what was
// missed, `refetch` is called: what is shown has to be asked for again. That is every listener where the server does not
// know either; where it does, those whose topics were not told before, because the id from which the server goes on is
// one for all topics and has moved on by the others.

export interface Changed {
  topic: string;
  id: string;
  object: unknown;
  progress?: unknown;
}

export interface Listener {
  changed?(event: Changed): void;
  removed?(event: { topic: string; id: string }): void;
  refetch?(): void;
}

export type Connection = "idle" | "connecting" | "live" | "away";

/** What is needed of EventSource, so that a test can play the server. */
export interface Source {
  readyState: number;
  onerror: ((event: unknown) => void) | null;
  addEventListener(type: string, listener: (event: MessageEvent) => void): void;
  close(): void;
}

export interface Environment {
  open(url: string): Source;
  visible(): boolean;
  onVisibility(listener: () => void): void;
  later(milliseconds: number, action: () => void): () => void;
}

const SILENCE_MS = 30_000;
const GATHER_MS = 30;
const PAUSES_MS = [500, 1000, 2000, 3000, 5000];
const MOST_TOPICS = 64;

export const browser: Environment = {
  open: (url) => new EventSource(url) as unknown as Source,
  visible: () => document.visibilityState === "visible",
  onVisibility: (listener) => document.addEventListener("visibilitychange", listener),
  later: (milliseconds, action) => {
    const timer = setTimeout(action, milliseconds);
    return () => clearTimeout(timer);
  },
};

export class LiveStream {
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly watchers = new Set<() => void>();
  private source: Source | undefined;
  private topics = "";
  private lastId = "";
  // Of these everything up to `lastId` was told.
  private told = new Set<string>();
  private fails = 0;
  private ended = false;
  private connection: Connection = "idle";
  private cancelGather: (() => void) | undefined;
  private cancelRetry: (() => void) | undefined;
  private cancelSilence: (() => void) | undefined;
  private readonly environment: Environment;
  private readonly onEnd: () => void;

  constructor(environment: Environment, onEnd: () => void) {
    this.environment = environment;
    this.onEnd = onEnd;
    environment.onVisibility(() => this.settle());
  }

  get state(): Connection {
    return this.connection;
  }

  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  listen(topics: readonly string[], listener: Listener): () => void {
    for (const topic of topics) {
      const known = this.listeners.get(topic) ?? new Set();
      known.add(listener);
      this.listeners.set(topic, known);
    }
    this.gather();
    return () => {
      for (const topic of topics) {
        const known = this.listeners.get(topic);
        known?.delete(listener);
        if (known?.size === 0) this.listeners.delete(topic);
      }
      this.gather();
    };
  }

  /** After the end of a session: there is one again. */
  resume(): void {
    this.ended = false;
    this.settle();
  }

  /** Somebody saw the server answer, or wants to know now. */
  retryNow(): void {
    if (this.source || !this.cancelRetry) return;
    this.cancelRetry();
    this.cancelRetry = undefined;
    this.settle();
  }

  // A page that changes closes some topics and opens others: one reconnection, not several.
  private gather(): void {
    this.cancelGather?.();
    this.cancelGather = this.environment.later(GATHER_MS, () => this.settle());
  }

  private wanted(): string {
    return [...this.listeners.keys()].sort().slice(0, MOST_TOPICS).map(encodeURIComponent).join(",");
  }

  private settle(): void {
    const wanted = this.environment.visible() && !this.ended ? this.wanted() : "";
    if (wanted === "") {
      this.close();
      this.tell("idle");
      return;
    }
    if (this.source && wanted === this.topics) return;
    if (!this.source && this.cancelRetry) return;
    this.close();
    this.open(wanted);
  }

  private open(topics: string): void {
    this.topics = topics;
    const after = this.lastId ? `&after=${encodeURIComponent(this.lastId)}` : "";
    const source = this.environment.open(`/offtake/v1/stream?topics=${topics}${after}`);
    this.source = source;
    if (this.connection !== "away") this.tell("connecting");
    this.heard();
    const on = (type: string, action: (data: never) => void) => {
      source.addEventListener(type, (event) => {
        if (this.source !== source) return;
        this.heard();
        if (event.lastEventId) this.lastId = event.lastEventId;
        action(JSON.parse(event.data || "{}") as never);
      });
    };
    on("ready", ({ resumed }: { resumed: boolean }) => {
      this.begun(resumed ? this.told : new Set());
    });
    on("reset", () => this.begun(new Set()));
    on("changed", (event: Changed) => {
      for (const listener of this.listeners.get(event.topic) ?? []) listener.changed?.(event);
    });
    on("removed", (event: { topic: string; id: string }) => {
      for (const listener of this.listeners.get(event.topic) ?? []) listener.removed?.(event);
    });
    on("heartbeat", () => {});
    on("end", () => {
      this.close();
      this.ended = true;
      this.tell("idle");
      this.onEnd();
    });
    source.onerror = () => {
      if (this.source === source) this.lost();
    };
  }

  private heard(): void {
    this.cancelSilence?.();
    this.cancelSilence = this.environment.later(SILENCE_MS, () => this.lost());
  }

  private lost(): void {
    this.close();
    this.tell("away");
    const pause = PAUSES_MS[Math.min(this.fails, PAUSES_MS.length - 1)] ?? 5000;
    this.fails += 1;
    this.cancelRetry = this.environment.later(pause, () => {
      this.cancelRetry = undefined;
      this.settle();
    });
  }

  private close(): void {
    this.cancelSilence?.();
    this.cancelSilence = undefined;
    this.source?.close();
    this.source = undefined;
    this.topics = "";
  }

  // `whole`: the topics of which nothing was missed.
  private begun(whole: ReadonlySet<string>): void {
    this.fails = 0;
    this.tell("live");
    this.told = new Set(this.topics.split(",").map(decodeURIComponent));
    const missed = new Set<Listener>();
    for (const [topic, listeners] of this.listeners) {
      if (!whole.has(topic)) for (const listener of listeners) missed.add(listener);
    }
    for (const listener of missed) listener.refetch?.();
  }

  private tell(connection: Connection): void {
    if (connection === this.connection) return;
    this.connection = connection;
    for (const watcher of this.watchers) watcher();
  }
}

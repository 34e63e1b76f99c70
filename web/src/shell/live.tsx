// What is live in this tab: the stream, and whether the server answers.
import { useQueryClient } from "@tanstack/react-query";
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { onReachability, request } from "../api/client";
import type { Session } from "../api/session";
import { browser, type Connection, type Listener, LiveStream } from "../api/stream";

const StreamContext = createContext<LiveStream | undefined>(undefined);

/** `session`: another one after `onEnd` means that the stream may be opened again. */
export function LiveProvider({
  session,
  onEnd,
  children,
}: {
  session: Session;
  onEnd: () => void;
  children: ReactNode;
}) {
  const end = useRef(onEnd);
  end.current = onEnd;
  const stream = useMemo(() => new LiveStream(browser, () => end.current()), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each session that was found is another start
  useEffect(() => stream.resume(), [stream, session]);
  return <StreamContext.Provider value={stream}>{children}</StreamContext.Provider>;
}

function useStream(): LiveStream {
  const stream = useContext(StreamContext);
  if (!stream) throw new Error("no LiveProvider above");
  return stream;
}

/** Listens to topics while the component is shown. The listener may change with each render. */
export function useTopics(topics: readonly string[], listener: Listener): void {
  const stream = useStream();
  const latest = useRef(listener);
  latest.current = listener;
  const key = topics.join("\n");
  useEffect(() => {
    if (key === "") return;
    return stream.listen(key.split("\n"), {
      changed: (event) => latest.current.changed?.(event),
      removed: (event) => latest.current.removed?.(event),
      refetch: () => latest.current.refetch?.(),
    });
  }, [stream, key]);
}

export function useConnection(): Connection {
  const stream = useStream();
  return useSyncExternalStore(
    (watcher) => stream.watch(watcher),
    () => stream.state,
  );
}

/** How often to ask where nothing is told: never while the stream is open. */
export function usePolling(milliseconds: number): number | false {
  const connection = useConnection();
  return connection === "live" ? false : milliseconds;
}

/** Since when the server has not answered; undefined while it does. Asks until it does again. */
export function useAway(): Date | undefined {
  const stream = useStream();
  const client = useQueryClient();
  const connection = useConnection();
  const [since, setSince] = useState<Date>();
  useEffect(
    () =>
      onReachability((reachable) => {
        setSince((before) => (reachable ? undefined : (before ?? new Date())));
        if (reachable) stream.retryNow();
      }),
    [stream],
  );
  // A stream that is lost is only a suspicion: the server is asked.
  const suspected = connection === "away" || since !== undefined;
  useEffect(() => {
    if (!suspected) return;
    let stopped = false;
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      try {
        await request("/readyz");
        if (!stopped) client.invalidateQueries();
      } catch {
        // Told by onReachability where there was no answer at all.
      }
      if (!stopped) timer = setTimeout(ask, 1500);
    };
    ask();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [suspected, client]);
  return since;
}

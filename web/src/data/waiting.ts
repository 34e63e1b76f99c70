// An analysis that waits for what is not there yet: a dataset that nobody has made, a store that is away. It is made
// anew when a dataset is told, and from time to time, for not all that it waits for is told.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Analysis } from "../api/builder";
import { useTopics } from "../shell/live";
import { askAgain } from "./kept";

const EVERY_MS = 5000;
const NONE: readonly string[] = [];
const DATASETS: readonly string[] = ["datasets"];

/** Whether it is neither wrong nor known to be right. */
export function isWaiting(analysis: Analysis | undefined): boolean {
  return (
    (analysis?.diagnostics ?? []).some((each) => each.severity === "Waiting") ||
    (analysis?.form?.datasets ?? []).some((each) => each.state === "Missing" || each.state === "Unavailable")
  );
}

/** `forget`: called when it was asked again, for whoever holds an answer of their own from before. */
export function useWhileWaiting(analysis: Analysis | undefined, forget: () => void): void {
  const client = useQueryClient();
  const waiting = isWaiting(analysis);
  const again = () => askAgain(client, ["analysis"]).then(forget);
  const latest = useRef(again);
  latest.current = again;
  useTopics(waiting ? DATASETS : NONE, { changed: again, removed: again, refetch: again });
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") latest.current();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [waiting]);
}

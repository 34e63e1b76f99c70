import { useQuery as useData, useQueryClient } from "@tanstack/react-query";
import { get } from "../api/client";
import { subjects, versionOf, versionsOf } from "../api/registry";
import { type EventStore, type List, paths } from "../api/resources";
import { usePolling, useTopics } from "../shell/live";
import { askAgain, KEPT } from "./kept";

export function useStores() {
  const client = useQueryClient();
  const polling = usePolling(10_000);
  const again = () => askAgain(client, ["stores"]);
  useTopics(["eventstores"], { changed: again, removed: again, refetch: again });
  return useData({
    ...KEPT,
    queryKey: ["stores"],
    queryFn: ({ signal }) => get<List<EventStore>>(paths.stores, undefined, signal),
    refetchInterval: polling,
  });
}

export function useSubjects() {
  return useData({
    queryKey: ["subjects"],
    queryFn: ({ signal }) => subjects(signal),
    refetchInterval: 30_000,
  });
}

export function useVersions(subject: string) {
  return useData({
    queryKey: ["subject", subject],
    queryFn: ({ signal }) => versionsOf(subject, signal),
    enabled: subject !== "",
    retry: false,
  });
}

export function useVersion(subject: string, version: number | undefined) {
  return useData({
    queryKey: ["subject", subject, version],
    queryFn: ({ signal }) => versionOf(subject, version ?? 0, signal),
    enabled: subject !== "" && version !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

import { useQuery as useData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { type CatalogQuery, catalogDataset, sampleOf, searchCatalog } from "../api/catalog";
import { usePolling, useTopics } from "../shell/live";
import { askAgain, KEPT } from "./kept";

// Changes come in bursts; the list is asked for again once they pause.
function useGathered(action: () => void, milliseconds: number): () => void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(action, milliseconds);
  };
}

export function useCatalogue(query: CatalogQuery) {
  const client = useQueryClient();
  const polling = usePolling(10_000);
  const again = useGathered(() => askAgain(client, ["catalog"]), 300);
  useTopics(["datasets", "dataproducts"], {
    changed: ({ topic }) => topic === "datasets" && again(),
    removed: () => again(),
    refetch: again,
  });
  return useInfiniteQuery({
    ...KEPT,
    queryKey: ["catalog", "pages", query],
    queryFn: ({ signal, pageParam }) =>
      searchCatalog({ ...query, limit: 60, ...(pageParam ? { continue: pageParam } : {}) }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.continue,
    placeholderData: (before) => before,
    // Figures are known a moment after they were first asked for, and move.
    refetchInterval: polling === false ? 30_000 : polling,
  });
}

export function useDataset(ns: string, name: string) {
  const client = useQueryClient();
  const again = useGathered(() => askAgain(client, ["dataset", ns, name]), 300);
  useTopics(["datasets"], {
    changed: ({ id }) => id === `${ns}/${name}` && again(),
    removed: ({ id }) => id === `${ns}/${name}` && again(),
    refetch: again,
  });
  return useData({
    ...KEPT,
    queryKey: ["dataset", ns, name],
    queryFn: ({ signal }) => catalogDataset(ns, name, signal),
    refetchInterval: (query) => (query.state.data?.pending?.length ? 1000 : 15_000),
  });
}

export function useSample(ns: string, name: string, enabled: boolean) {
  return useData({
    queryKey: ["sample", ns, name],
    queryFn: ({ signal }) => sampleOf(ns, name, 50, signal),
    enabled,
    retry: false,
  });
}

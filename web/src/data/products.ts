// Products as the screens see them: asked for once, then kept by the stream.
import { type QueryClient, useQuery as useData, useQueryClient } from "@tanstack/react-query";
import { get } from "../api/client";
import {
  type DataProduct,
  eventsOf,
  getProduct,
  type KubernetesEvent,
  type List,
  listProducts,
  paths,
  type TargetClass,
} from "../api/resources";
import { type Progress, progressOf } from "../api/view";
import { usePolling, useTopics } from "../shell/live";

export const keys = {
  products: ["products"] as const,
  product: (ns: string, name: string) => ["product", ns, name] as const,
  progress: (ns: string, name: string) => ["progress", ns, name] as const,
  events: (ns: string, name: string) => ["events", ns, name] as const,
  parked: (ns: string, name: string) => ["parked", ns, name] as const,
  classes: ["classes"] as const,
};

const idOf = (product: DataProduct) => `${product.metadata.namespace}/${product.metadata.name}`;

/** The list with one product put in, taken out or changed; the same list where nothing changes. */
export function withProduct(
  list: List<DataProduct>,
  id: string,
  product: DataProduct | undefined,
): List<DataProduct> {
  const at = list.items.findIndex((each) => idOf(each) === id);
  const items = [...list.items];
  if (product === undefined) {
    if (at < 0) return list;
    items.splice(at, 1);
  } else if (at < 0) {
    items.push(product);
    items.sort((a, b) => idOf(a).localeCompare(idOf(b)));
  } else {
    items[at] = product;
  }
  return { ...list, items };
}

export function useProducts() {
  const client = useQueryClient();
  const polling = usePolling(4000);
  useTopics(["dataproducts"], {
    changed: ({ id, object }) =>
      client.setQueryData<List<DataProduct>>(
        keys.products,
        (list) => list && withProduct(list, id, object as DataProduct),
      ),
    removed: ({ id }) =>
      client.setQueryData<List<DataProduct>>(
        keys.products,
        (list) => list && withProduct(list, id, undefined),
      ),
    refetch: () => client.invalidateQueries({ queryKey: keys.products }),
  });
  return useData({
    queryKey: keys.products,
    queryFn: ({ signal }) => listProducts(signal),
    refetchInterval: polling,
  });
}

/** `fresh`: asked for once more by whoever opens it, however young what is known of it may be. */
export function useProduct(ns: string, name: string, fresh = false) {
  const client = useQueryClient();
  const polling = usePolling(2000);
  useTopics([`dataproduct/${ns}/${name}`], {
    changed: ({ object, progress }) => {
      client.setQueryData(keys.product(ns, name), object);
      if (progress) client.setQueryData(keys.progress(ns, name), progress);
    },
    removed: () => client.invalidateQueries({ queryKey: keys.product(ns, name) }),
    refetch: () => {
      client.invalidateQueries({ queryKey: keys.product(ns, name) });
      client.invalidateQueries({ queryKey: keys.progress(ns, name) });
    },
  });
  const product = useData<DataProduct>({
    queryKey: keys.product(ns, name),
    queryFn: ({ signal }) => getProduct(ns, name, signal),
    refetchInterval: polling,
    refetchOnMount: fresh ? "always" : true,
    placeholderData: () => fromList(client, ns, name),
  });
  const progress = useData<Progress>({
    queryKey: keys.progress(ns, name),
    queryFn: ({ signal }) => progressOf(ns, name, signal),
    refetchInterval: polling,
  });
  return { product, progress: progress.data };
}

/** How a product of a list stands, asked for now and then while its row is seen: a stream would have a topic a row. */
export function useStanding(ns: string, name: string, seen: boolean) {
  return useData<Progress>({
    queryKey: keys.progress(ns, name),
    queryFn: ({ signal }) => progressOf(ns, name, signal),
    enabled: seen,
    refetchInterval: 5000,
    retry: false,
  });
}

function fromList(client: QueryClient, ns: string, name: string): DataProduct | undefined {
  return client
    .getQueryData<List<DataProduct>>(keys.products)
    ?.items.find((each) => idOf(each) === `${ns}/${name}`);
}

export function useEvents(ns: string, name: string) {
  const client = useQueryClient();
  const polling = usePolling(5000);
  useTopics([`events/${ns}/${name}`], {
    changed: ({ object }) => {
      const event = object as KubernetesEvent;
      client.setQueryData<KubernetesEvent[]>(keys.events(ns, name), (known) => [
        ...(known ?? []).filter((each) => each.metadata.name !== event.metadata.name),
        event,
      ]);
    },
    refetch: () => client.invalidateQueries({ queryKey: keys.events(ns, name) }),
  });
  return useData({
    queryKey: keys.events(ns, name),
    queryFn: ({ signal }) => eventsOf(ns, name, signal),
    refetchInterval: polling,
  });
}

export function useClasses() {
  const client = useQueryClient();
  const polling = usePolling(10_000);
  const again = () => client.invalidateQueries({ queryKey: keys.classes });
  useTopics(["targetclasses"], { changed: again, removed: again, refetch: again });
  return useData({
    queryKey: keys.classes,
    queryFn: ({ signal }) => get<List<TargetClass>>(paths.classes, undefined, signal),
    refetchInterval: polling,
  });
}

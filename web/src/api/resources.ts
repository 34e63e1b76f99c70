// The kinds of the resource API, as far as the console reads them, and the verbs on them.
import { type Answer, call, get } from "./client";

export interface Metadata {
  name: string;
  namespace?: string;
  uid?: string;
  generation?: number;
  resourceVersion?: string;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  finalizers?: string[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  managedFields?: { manager: string; operation: string; subresource?: string; fieldsV1?: unknown }[];
}

export interface Condition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason: string;
  message?: string;
  observedGeneration?: number;
  lastTransitionTime?: string;
}

export interface DataProduct {
  apiVersion: string;
  kind: "DataProduct";
  metadata: Metadata;
  spec: {
    owner?: string;
    description?: string;
    sql: string;
    history?: { from?: string };
    target?: {
      className?: string;
      name?: string;
      key?: string[];
      indexes?: { name: string; columns: string[] }[];
      http?: { url?: string };
      function?: { command?: string[]; image?: string };
    };
    delivery?: { errorPolicy?: "Park" | "Stop"; changes?: string };
    runner?: { type?: string; threads?: number; memory?: string };
    freshness?: string;
    paused?: boolean;
    deletionPolicy?: "Delete" | "Retain";
  };
  status?: {
    observedGeneration?: number;
    conditions?: Condition[];
    revision?: { current?: number; previous?: number; filling?: number; specHash?: string };
    startTime?: string;
    className?: string;
    sources?: { namespace: string; name: string; schemaVersion?: number; columns?: number }[];
    backfill?: {
      percent?: number;
      rowsRead?: number;
      rowsTotal?: number;
      startTime?: string;
      completionTime?: string;
    };
    parkedRecords?: number;
    guarantee?: string;
    verification?: { rows?: number; checksum?: string; checkTime?: string };
    endpoint?: { type: string; address: string; object: string };
    binding?: { name: string };
  };
}

export interface TargetClass {
  kind: "TargetClass";
  metadata: Metadata;
  spec: {
    engine: string;
    description?: string;
    provisioner: {
      external?: { url?: string; eventStoreName?: string };
      local?: object;
      kubernetes?: object;
    };
    parameters?: Record<string, string>;
    limits?: { products?: number; perProduct?: { rows?: string | number; storage?: string | number } };
    namespaces?: { from?: string };
  };
  status?: { conditions?: Condition[]; products?: number; address?: string };
}

export interface EventStore {
  kind: "EventStore";
  metadata: Metadata;
  spec: {
    kafka?: { bootstrapServers: string[] };
    embedded?: object;
    region?: string;
    registry?: { confluent?: { urls: string[] }; embedded?: object };
  };
  status?: { conditions?: Condition[] };
}

export interface KubernetesEvent {
  metadata: Metadata;
  reason?: string;
  message?: string;
  type?: string;
  count?: number;
  firstTimestamp?: string;
  lastTimestamp?: string;
  involvedObject: { kind?: string; name?: string; namespace?: string; uid?: string };
}

export interface Secret {
  metadata: Metadata;
  data?: Record<string, string>;
}

export interface List<T> {
  items: T[];
  metadata: { resourceVersion?: string; continue?: string };
}

const OFFTAKE = "/apis/offtake.dev/v1alpha1";

/** Who writes from the console; what it applies is owned by this name. */
export const FIELD_MANAGER = "offtake-console";

export const paths = {
  products: `${OFFTAKE}/dataproducts`,
  product: (ns: string, name: string) =>
    `${OFFTAKE}/namespaces/${encodeURIComponent(ns)}/dataproducts/${encodeURIComponent(name)}`,
  dataset: (ns: string, name: string) =>
    `${OFFTAKE}/namespaces/${encodeURIComponent(ns)}/datasets/${encodeURIComponent(name)}`,
  classes: `${OFFTAKE}/targetclasses`,
  stores: `${OFFTAKE}/eventstores`,
  namespaces: "/api/v1/namespaces",
  events: (ns: string) => `/api/v1/namespaces/${encodeURIComponent(ns)}/events`,
  secret: (ns: string, name: string) =>
    `/api/v1/namespaces/${encodeURIComponent(ns)}/secrets/${encodeURIComponent(name)}`,
};

export function listProducts(signal?: AbortSignal): Promise<List<DataProduct>> {
  return get(paths.products, undefined, signal);
}

export function getProduct(ns: string, name: string, signal?: AbortSignal): Promise<DataProduct> {
  return get(paths.product(ns, name), undefined, signal);
}

export async function eventsOf(ns: string, name: string, signal?: AbortSignal): Promise<KubernetesEvent[]> {
  const list = await get<List<KubernetesEvent>>(
    paths.events(ns),
    { fieldSelector: `involvedObject.kind=DataProduct,involvedObject.name=${name}` },
    signal,
  );
  return list.items;
}

/** Server-side apply of a YAML or JSON document; with `dryRun` nothing is kept. Never forced. */
export function applyProduct(
  ns: string,
  name: string,
  document: string,
  dryRun = false,
): Promise<Answer<DataProduct>> {
  return call(paths.product(ns, name), {
    method: "PATCH",
    contentType: "application/apply-patch+yaml",
    body: document,
    query: { fieldManager: FIELD_MANAGER, dryRun: dryRun ? "All" : undefined },
  });
}

/** A JSON merge patch, which takes fields over from whoever wrote them before. */
export function mergeProduct(ns: string, name: string, patch: unknown): Promise<Answer<DataProduct>> {
  return call(paths.product(ns, name), {
    method: "PATCH",
    contentType: "application/merge-patch+json",
    body: patch,
    query: { fieldManager: FIELD_MANAGER },
  });
}

export function deleteProduct(ns: string, name: string, uid: string | undefined): Promise<Answer<unknown>> {
  return call(paths.product(ns, name), {
    method: "DELETE",
    body: { kind: "DeleteOptions", apiVersion: "v1", ...(uid ? { preconditions: { uid } } : {}) },
  });
}

export function condition(
  object: { status?: { conditions?: Condition[] } },
  type: string,
): Condition | undefined {
  return object.status?.conditions?.find((one) => one.type === type);
}

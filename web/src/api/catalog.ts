// The catalogue of the view API.
import { get } from "./client";
import { viewPath } from "./view";

export interface Named {
  namespace: string;
  name: string;
}

export interface Match {
  field: "name" | "tag" | "owner" | "description" | "column";
  text: string;
  path?: string;
  ranges: [number, number][];
}

export interface Rate {
  perSecond: number;
  spark: number[];
  spanSeconds: number;
}

export interface CatalogItem extends Named {
  type: "Event" | "Entity";
  description?: string;
  owner?: string;
  tags?: string[];
  columns?: number;
  key?: string[];
  eventTime?: string;
  store: string;
  topic: string;
  classifications?: string[];
  status: { ready: boolean; reason?: string; message?: string };
  records?: number;
  bytes?: number;
  rate?: Rate;
  oldest?: string;
  newest?: string;
  products: number;
  readable: boolean;
  denied?: { message: string; hint?: string };
  matches?: Match[];
}

export interface FacetValue {
  value: string;
  count: number;
}

export const FACETS = ["namespace", "owner", "type", "tag", "classification", "store"] as const;
export type Facet = (typeof FACETS)[number];

export interface Catalog {
  items: CatalogItem[];
  total: number;
  continue?: string;
  facets: Record<Facet, FacetValue[]>;
}

export interface Column {
  path: string;
  name: string;
  type: string;
  nullable: boolean;
  key?: boolean;
  doc?: string;
  description?: string;
  classification?: string;
  refused?: string;
  children?: Column[];
}

export interface SchemaVersion {
  version: number;
  id: number;
  registeredAt?: string;
  compatible?: "Full" | "Backward" | "Forward" | "None";
  problems?: string[];
  changes: { kind: string; path: string; from?: string; to?: string; nullable?: boolean }[];
}

export interface Relationship {
  declared: boolean;
  direction: "Out" | "In";
  name?: string;
  dataset: Named & { owner?: string; readable?: boolean };
  columns: { from: string; to: string; fromType?: string; toType?: string }[];
  reason: string;
  problem?: string;
}

export interface CatalogDataset extends CatalogItem {
  createdAt?: string;
  partitions?: { partition: number; earliest: number; latest: number }[];
  retention?: string;
  cleanup?: string;
  subject?: string;
  schemaVersion?: number;
  keyFrom?: string;
  access?: { from: string };
  sla?: { property: string; value: string; unit?: string }[];
  schema?: Column[];
  versions?: SchemaVersion[];
  versionsTotal?: number;
  relationships?: Relationship[];
  usedBy?: (Named & {
    owner?: string;
    ready?: boolean;
    reason?: string;
    className?: string;
    columns?: string[];
  })[];
  feeds?: Named[];
  producer?: Named | null;
  pending?: string[];
  unavailable?: string[];
}

export interface Sample {
  errors: { message: string; hint?: string }[];
  waiting: { message: string; hint?: string }[];
  columns: { name: string; type: string; masked?: boolean }[];
  rows: (string | null)[][];
  moreRows: boolean;
  recordsRead: number;
  backTo?: string;
  whole: boolean;
  badRecords?: string[];
  badRecordsCount?: number;
}

export interface LineageNode extends Named {
  id: string;
  kind: "Dataset" | "DataProduct" | "Target";
  owner?: string;
  type?: string;
  ready?: boolean;
  reason?: string;
  readable?: boolean;
  className?: string;
  engine?: string;
  depth: number;
  more?: number;
  missing?: boolean;
}

export interface Lineage {
  root: string;
  nodes: LineageNode[];
  edges: { from: string; to: string; columns?: string[] }[];
  truncated: boolean;
}

export interface CatalogQuery {
  q?: string;
  facets: Partial<Record<Facet, string[]>>;
  limit?: number;
  continue?: string;
  reader?: string;
}

export function searchCatalog(query: CatalogQuery, signal?: AbortSignal): Promise<Catalog> {
  return get(
    "/apis/view.offtake.dev/v1alpha1/catalog",
    { q: query.q, ...query.facets, limit: query.limit, continue: query.continue, reader: query.reader },
    signal,
  );
}

export function catalogDataset(ns: string, name: string, signal?: AbortSignal): Promise<CatalogDataset> {
  return get(viewPath(ns, "datasets", name), undefined, signal);
}

export function sampleOf(ns: string, name: string, limit: number, signal?: AbortSignal): Promise<Sample> {
  return get(viewPath(ns, "datasets", name, "sample"), { limit }, signal);
}

export function lineageOf(
  kind: "datasets" | "dataproducts",
  ns: string,
  name: string,
  signal?: AbortSignal,
): Promise<Lineage> {
  return get(viewPath(ns, kind, name, "lineage"), undefined, signal);
}

// The view API: what is computed when asked.
import { call, get, request } from "./client";

const VIEW = "/apis/view.offtake.dev/v1alpha1";

export function viewPath(ns: string, kind: "dataproducts" | "datasets", name: string, what = ""): string {
  const base = `${VIEW}/namespaces/${encodeURIComponent(ns)}/${kind}/${encodeURIComponent(name)}`;
  return what ? `${base}/${what}` : base;
}

export interface Problem {
  code: string;
  message: string;
  hint?: string;
  file?: string;
  field?: string;
  line?: number;
  column?: number;
  condition?: string;
}

export interface PlanSource {
  dataset: string;
  type: "Entity" | "Event";
  topic: string;
  schemaVersion: number;
  read: "windowed" | "whole";
  reason: string;
  columns: string[];
  columnsTotal: number;
  records: number;
  bytes: number;
  notes: string[];
}

export interface Plan {
  action: string;
  reasons: string[];
  errors: Problem[];
  waiting: Problem[];
  warnings: string[];
  target?: {
    className: string;
    engine: string;
    name: string;
    identity: string;
    columns: { name: string; type: string; targetType: string }[];
  };
  sources: PlanSource[];
  records: number;
  bytes: number;
  dependants?: string[];
  makes?: string[];
  estimate?: { seconds: number; minutes: number; recordsPerSecond: number; basis: string };
  delivery?: { changes: string; reason: string };
  startTime?: string;
  guarantee: string;
  explain: string;
}

export interface Preview {
  errors: Problem[];
  waiting: Problem[];
  warnings: string[];
  columns: { name: string; type: string; targetType: string; masked?: boolean }[];
  rows: (string | null)[][];
  rowsFound: number;
  moreRows: boolean;
  rowErrors: { message: string; operation: string; row: string; partition?: number; offset?: number }[];
  keyViolations: { dataset?: string; key: string; first: string; second: string }[];
  badRecords: string[];
  badRecordsCount: number;
  sources: {
    dataset: string;
    role: string;
    recordsRead: number;
    recordsKept: number;
    backTo?: string;
    whole: boolean;
    wantedKeys?: number;
    foundKeys?: number;
    complete: boolean;
    timeOver: boolean;
    notes: string[];
  }[];
  summary: string[];
}

export interface RevisionProgress {
  revision: number;
  running: boolean;
  state?: "Starting" | "Filling" | "Indexing" | "Verifying" | "CatchingUp" | "Live" | "Stalled" | "Ended";
  reason?: string;
  message?: string;
  recordsRead?: number;
  recordsTotal?: number;
  bytesRead?: number;
  rowsLoaded?: number;
  fillStarted?: string;
  fillCompleted?: string;
  epoch?: number;
  epochsCommitted?: number;
  recordsLive?: number;
  completeThrough?: string;
  lastCommit?: string;
  lagMilliseconds?: number;
  lagRecords?: number;
  rows?: number;
  checksum?: string;
  published?: boolean;
  stateBytes?: number;
  checkpoint?: { at: string; epoch: number; bytes: number };
  skippedNulls?: number;
  parked?: number;
  parkedWaiting?: number;
  retrying?: number;
  discarded?: number;
  errorRows?: number;
  warnings?: string[];
  restarts?: number;
  exitReason?: string;
  exitMessage?: string;
}

export interface Progress {
  revisions: RevisionProgress[];
}

export interface ParkedEntry {
  id: string;
  kind: string;
  status: string;
  dataset?: string;
  partition?: number;
  offset?: number;
  key?: string;
  reason?: string;
  error?: string;
  message?: string;
  at?: string;
  attempts?: number;
  [other: string]: unknown;
}

export interface ParkedRecord {
  entry: ParkedEntry;
  record?: {
    found: boolean;
    timestamp?: string;
    key?: string;
    tombstone?: boolean;
    value?: string;
    valueBytes?: number;
  };
}

export interface ParkedOutcome {
  outcome: Record<string, unknown>;
}

export type Object_ = Record<string, unknown>;

export async function planOf(
  ns: string,
  name: string,
  object?: unknown,
  signal?: AbortSignal,
): Promise<Plan> {
  const path = viewPath(ns, "dataproducts", name, "plan");
  if (object === undefined) return get(path, undefined, signal);
  return (await call<Plan>(path, { method: "POST", body: { object }, signal })).value;
}

export async function previewOf(
  ns: string,
  name: string,
  object: unknown,
  limit: number,
  signal?: AbortSignal,
): Promise<Preview> {
  const path = viewPath(ns, "dataproducts", name, "preview");
  if (object === undefined) return get(path, { limit }, signal);
  return (await call<Preview>(path, { method: "POST", body: { object, limit }, signal })).value;
}

export function progressOf(ns: string, name: string, signal?: AbortSignal): Promise<Progress> {
  return get(viewPath(ns, "dataproducts", name, "progress"), undefined, signal);
}

export function parkedOf(
  ns: string,
  name: string,
  signal?: AbortSignal,
): Promise<{ revision: number; entries: ParkedEntry[] }> {
  return get(viewPath(ns, "dataproducts", name, "parked"), undefined, signal);
}

export function parkedRecord(
  ns: string,
  name: string,
  id: string,
  signal?: AbortSignal,
): Promise<ParkedRecord> {
  return get(viewPath(ns, "dataproducts", name, `parked/${encodeURIComponent(id)}`), undefined, signal);
}

export async function settleParked(
  ns: string,
  name: string,
  verb: "replay" | "discard",
  which: { ids: string[] } | { all: true },
): Promise<ParkedOutcome> {
  const path = viewPath(ns, "dataproducts", name, `parked/${verb}`);
  return (await call<ParkedOutcome>(path, { method: "POST", body: which })).value;
}

export type LogOf = "worker" | "function";

/** A reading of the log that goes on until the signal stops it or the server ends it: pieces of text. */
export async function openLog(
  ns: string,
  name: string,
  of: LogOf,
  signal: AbortSignal,
): Promise<AsyncIterable<string>> {
  const response = await request(viewPath(ns, "dataproducts", name, "logs"), {
    query: { follow: true, of: of === "function" ? "function" : undefined },
    signal,
  });
  return piecesOf(response);
}

async function* piecesOf(response: Response): AsyncGenerator<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) return;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

// What was asked for and is kept by the stream. An answer that is under way may be older than what is told meanwhile,
// and would put the earlier state back: so what is told goes on top of it too, or it is asked for once more.
//
// Queries that are kept are stale at once (`KEPT`): nobody tells them anything while no screen shows them.
import type { QueryClient, QueryKey } from "@tanstack/react-query";
import { hashKey } from "@tanstack/react-query";
import type { Metadata } from "../api/resources";

export const KEPT = { staleTime: 0 } as const;

type Change = (value: unknown) => unknown;

const underWay = new WeakMap<QueryClient, Map<string, Set<Change[]>>>();

function questionsOf(client: QueryClient, queryKey: QueryKey): Set<Change[]> {
  const hash = hashKey(queryKey);
  const all = underWay.get(client) ?? new Map<string, Set<Change[]>>();
  underWay.set(client, all);
  const known = all.get(hash) ?? new Set();
  all.set(hash, known);
  return known;
}

/** A question, whose answer is given with all that was told (`tell`) since it was asked. */
export async function asked<T>(client: QueryClient, queryKey: QueryKey, ask: () => Promise<T>): Promise<T> {
  const questions = questionsOf(client, queryKey);
  const changes: Change[] = [];
  questions.add(changes);
  try {
    const answer: unknown = await ask();
    return changes.reduce((value, change) => change(value), answer) as T;
  } finally {
    questions.delete(changes);
    if (questions.size === 0) underWay.get(client)?.delete(hashKey(queryKey));
  }
}

/** Changes what is kept, and whatever answer is under way. Undefined: there is nothing to keep. */
export function tell<T>(
  client: QueryClient,
  queryKey: QueryKey,
  change: (value: T | undefined) => T | undefined,
): void {
  client.setQueryData<T>(queryKey, change);
  for (const changes of underWay.get(client)?.get(hashKey(queryKey)) ?? []) changes.push(change as Change);
}

/** Asks again for what was told to be otherwise. */
export async function askAgain(client: QueryClient, queryKey: QueryKey): Promise<void> {
  // A first answer is waited for rather than broken off, and is of before.
  const first = client
    .getQueryCache()
    .findAll({ queryKey })
    .some((query) => query.state.data === undefined && query.state.fetchStatus === "fetching");
  await client.invalidateQueries({ queryKey });
  if (first) await client.invalidateQueries({ queryKey });
}

function version(object: { metadata: Metadata }): bigint | undefined {
  const text = object.metadata.resourceVersion ?? "";
  return /^\d+$/.test(text) ? BigInt(text) : undefined;
}

/** Of what is there and what is told of the same object the later one, with what the stream leaves out. */
export function later<T extends { metadata: Metadata }>(present: T | undefined, told: T): T {
  if (!present || present.metadata.uid !== told.metadata.uid) return told;
  const [before, now] = [version(present), version(told)];
  if (before !== undefined && now !== undefined && now < before) return present;
  const { managedFields } = present.metadata;
  if (told.metadata.managedFields || !managedFields) return told;
  return { ...told, metadata: { ...told.metadata, managedFields } };
}

/** Whether the stream left out who manages the fields of a spec that was changed. */
export function lacksManagers(
  present: { metadata: Metadata } | undefined,
  told: { metadata: Metadata },
): boolean {
  if (told.metadata.managedFields) return false;
  return (
    present?.metadata.uid !== told.metadata.uid || present?.metadata.generation !== told.metadata.generation
  );
}

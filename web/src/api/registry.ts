// The schema registry of this installation.
import { get } from "./client";

export interface SubjectVersion {
  subject: string;
  version: number;
  id: number;
  schema: string;
  schemaType?: string;
}

const REGISTRY = "/registry";

export function subjects(signal?: AbortSignal): Promise<string[]> {
  return get(`${REGISTRY}/subjects`, undefined, signal);
}

export function versionsOf(subject: string, signal?: AbortSignal): Promise<number[]> {
  return get(`${REGISTRY}/subjects/${encodeURIComponent(subject)}/versions`, undefined, signal);
}

export function versionOf(subject: string, version: number, signal?: AbortSignal): Promise<SubjectVersion> {
  return get(`${REGISTRY}/subjects/${encodeURIComponent(subject)}/versions/${version}`, undefined, signal);
}

/** A schema with one member a line, so that two of them can be compared. */
export function pretty(schema: string): string {
  try {
    return JSON.stringify(JSON.parse(schema), null, 2);
  } catch {
    return schema;
  }
}

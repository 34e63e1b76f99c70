// What a preview looked at, step by step, in few words; the server's sentence stands behind each.
import type { Preview } from "../api/view";
import { exactCount } from "../format/numbers";

type Source = Preview["sources"][number];

export interface PreviewStep {
  dataset: string;
  text: string;
  /** When the oldest of the newest records that were read is of, where not all were read. */
  backTo?: string;
  /** Something that was wanted was not found. */
  short: boolean;
  sentence: string;
}

function textOf(source: Source): string {
  const kept = exactCount(source.recordsKept);
  switch (source.role) {
    case "driving":
      if (source.recordsKept === 0) return source.timeOver ? "not read in time" : "no records";
      if (source.whole) return `all ${kept}`;
      return source.backTo ? kept : `newest ${kept}`;
    case "looked up":
      return `${exactCount(source.foundKeys ?? 0)} of ${exactCount(source.wantedKeys ?? 0)}`;
    case "scanned":
      return `${kept} read`;
    default:
      return "not needed";
  }
}

/** The steps, and the sentences that belong to none of them. */
export function previewSteps(preview: Preview): { steps: PreviewStep[]; notes: string[] } {
  const sentences = [...preview.summary];
  const notes: string[] = [];
  const steps = preview.sources.map((source): PreviewStep => {
    const sentence = sentences.shift() ?? "";
    notes.push(...sentences.splice(0, source.notes.length));
    const looked = source.role === "looked up";
    return {
      dataset: source.dataset,
      text: textOf(source),
      ...(source.role === "driving" && !source.whole && source.backTo ? { backTo: source.backTo } : {}),
      short: looked && (source.foundKeys ?? 0) < (source.wantedKeys ?? 0),
      sentence,
    };
  });
  return { steps, notes: [...notes, ...sentences] };
}

/** It shows less than the product would have. */
export const isPartial = (preview: Preview): boolean =>
  preview.moreRows || preview.sources.some((source) => !source.complete);

// What the stages of a product have come to, once they are done.
import type { DataProduct } from "../api/resources";
import type { RevisionProgress } from "../api/view";
import { count, plural } from "../format/numbers";
import { duration, parseInstant } from "../format/time";

/** Of a stage by the condition that tells it; undefined where there is nothing to say but when. */
export function stageFact(
  id: string,
  product: DataProduct,
  served: RevisionProgress | undefined,
): string | undefined {
  const sources = product.status?.sources ?? [];
  switch (id) {
    case "SchemasResolved":
      return sources.length > 0 ? plural(sources.length, "dataset") : undefined;
    case "Planned": {
      const columns = sources.reduce((sum, source) => sum + (source.columns ?? 0), 0);
      return columns > 0 ? `${plural(columns, "column")} read` : undefined;
    }
    case "Provisioned":
      return product.status?.endpoint?.type;
    case "Backfilled":
      return filled(product, served);
    default:
      return undefined;
  }
}

function filled(product: DataProduct, served: RevisionProgress | undefined): string | undefined {
  const records = served?.recordsTotal ?? product.status?.backfill?.rowsTotal;
  if (records === undefined) return undefined;
  if (records === 0) return "nothing to fill";
  const from = parseInstant(served?.fillStarted);
  const to = parseInstant(served?.fillCompleted);
  const took = from && to ? ` in ${duration(to.getTime() - from.getTime())}` : "";
  return `${count(records)} records${took}`;
}

import { type RefObject, useEffect, useRef, useState } from "react";
import { condition, type DataProduct } from "../../api/resources";
import type { RevisionProgress } from "../../api/view";
import { useStanding } from "../../data/products";
import { count, exactCount } from "../../format/numbers";
import { duration } from "../../format/time";
import { phaseOf, servedRevision } from "../../model/product-state";
import { Chip } from "../../ui/display";

function useSeen(): [RefObject<HTMLSpanElement | null>, boolean] {
  const place = useRef<HTMLSpanElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (!place.current) return;
    const watched = new IntersectionObserver(([entry]) => setSeen(entry?.isIntersecting ?? false));
    watched.observe(place.current);
    return () => watched.disconnect();
  }, []);
  return [place, seen];
}

/** A figure of what readers see now, once it is known. */
function Standing({
  product,
  children,
}: {
  product: DataProduct;
  children: (served: RevisionProgress) => React.ReactNode;
}) {
  const [place, seen] = useSeen();
  const standing = useStanding(product.metadata.namespace ?? "", product.metadata.name, seen);
  const served = servedRevision(standing.data);
  // A space holds the line while nothing is known yet.
  const none = standing.isPending ? "\u00a0" : <span className="dim">–</span>;
  return <span ref={place}>{(served && children(served)) ?? none}</span>;
}

export function RowsNow({ product }: { product: DataProduct }) {
  return (
    <Standing product={product}>
      {({ rows }) => (rows === undefined ? undefined : <span title={exactCount(rows)}>{count(rows)}</span>)}
    </Standing>
  );
}

export function Behind({ product }: { product: DataProduct }) {
  const stale = condition(product, "Fresh")?.status === "False";
  return (
    <Standing product={product}>
      {({ lagMilliseconds }) => {
        if (lagMilliseconds === undefined || phaseOf(product) === "Paused") return undefined;
        const text = duration(lagMilliseconds);
        return stale ? <Chip tone="warn">{text}</Chip> : text;
      }}
    </Standing>
  );
}

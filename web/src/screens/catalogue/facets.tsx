import { useState } from "react";
import { FACETS, type Facet, type FacetValue } from "../../api/catalog";
import { exactCount } from "../../format/numbers";
import { Button } from "../../ui/button";
import { Skeleton } from "../../ui/feedback";
import { Checkbox } from "../../ui/field";

const NAMES: Record<Facet, string> = {
  namespace: "Namespace",
  owner: "Owner",
  type: "Type",
  tag: "Tag",
  classification: "Classification",
  store: "Event store",
};
const FIRST = 6;

export function Facets({
  facets,
  found,
  chosen,
  onChange,
}: {
  facets: Record<Facet, FacetValue[]> | undefined;
  found: number;
  chosen: Partial<Record<Facet, string[]>>;
  onChange: (facet: Facet, values: string[]) => void;
}) {
  const [open, setOpen] = useState(false);
  const total = Object.values(chosen).reduce((sum, values) => sum + (values?.length ?? 0), 0);
  return (
    <div className={`facets${open ? " facets-open" : ""}`}>
      <div className="facets-toggle">
        <Button icon="filter" aria-expanded={open} onPress={() => setOpen(!open)}>
          {total > 0 ? `Filters (${total})` : "Filters"}
        </Button>
      </div>
      <div className="facets-body">
        {!facets && (
          <>
            <Skeleton width="60%" />
            <Skeleton width="80%" />
            <Skeleton width="70%" />
          </>
        )}
        {facets &&
          FACETS.map((facet) => (
            <FacetGroup
              key={facet}
              name={NAMES[facet]}
              total={found}
              values={facets[facet] ?? []}
              chosen={chosen[facet] ?? []}
              onChange={(values) => onChange(facet, values)}
            />
          ))}
      </div>
    </div>
  );
}

function FacetGroup({
  name,
  total,
  values,
  chosen,
  onChange,
}: {
  name: string;
  /** Of all that is found. */
  total: number;
  values: FacetValue[];
  chosen: string[];
  onChange: (values: string[]) => void;
}) {
  const [all, setAll] = useState(false);
  // What all have tells nothing apart.
  const narrows = values.length > 1 || (values[0] !== undefined && values[0].count < total);
  if (!narrows && chosen.length === 0) return null;
  const shown = all ? values : values.filter((each, index) => index < FIRST || chosen.includes(each.value));
  return (
    <fieldset className="facet">
      <legend>{name}</legend>
      {shown.map((each) => (
        <Checkbox
          key={each.value}
          checked={chosen.includes(each.value)}
          onChange={(on) =>
            onChange(on ? [...chosen, each.value] : chosen.filter((value) => value !== each.value))
          }
        >
          <span className="truncate grow">{each.value}</span>
          <span className="facet-count">{exactCount(each.count)}</span>
        </Checkbox>
      ))}
      {values.length > shown.length && (
        <button type="button" className="facet-more" onClick={() => setAll(true)}>
          {values.length - shown.length} more
        </button>
      )}
    </fieldset>
  );
}

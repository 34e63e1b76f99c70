import { useQuery as useData } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { searchCatalog } from "../../api/catalog";
import { shortPlural } from "../../format/numbers";
import { Picker } from "../../ui/picker";

export function DatasetPicker({
  reader,
  onPick,
  onClose,
}: {
  /** The namespace of the product, whose rights count; the default one takes the dataset's. */
  reader: string;
  onPick: (namespace: string, name: string) => void;
  onClose: () => void;
}) {
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text.trim());
  const found = useData({
    queryKey: ["catalog", "picker", wanted, reader],
    queryFn: ({ signal }) =>
      searchCatalog(
        { q: wanted, facets: {}, limit: 30, ...(reader === "default" ? {} : { reader }) },
        signal,
      ),
    placeholderData: (before) => before,
    retry: false,
  });
  return (
    <Picker
      label="Search datasets"
      placeholder="Search names, descriptions, columns"
      text={text}
      onText={setText}
      onClose={onClose}
      settled={wanted === text.trim() && (found.isError || !(found.isPending || found.isPlaceholderData))}
      none={
        found.isError
          ? `The catalogue could not be searched: ${found.error.message}`
          : found.isFetching
            ? "Searching…"
            : "No dataset has it."
      }
      entries={(found.data?.items ?? []).map((item) => ({
        id: `${item.namespace}/${item.name}`,
        title: item.name,
        detail: item.readable
          ? [
              item.namespace,
              item.description,
              item.records === undefined ? "" : shortPlural(item.records, "record"),
            ]
              .filter(Boolean)
              .join(" · ")
          : `may not be read from ${reader}: ask ${item.owner || "its owner"}`,
        icon: item.readable ? ("table" as const) : ("lock" as const),
        disabled: !item.readable,
        run: () => onPick(item.namespace, item.name),
      }))}
    />
  );
}

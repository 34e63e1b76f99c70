// Everything by its name: datasets, products, actions. Opened by Cmd or Ctrl K.
import { useQuery as useData } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useState } from "react";
import { useLocation } from "wouter";
import { searchCatalog } from "../api/catalog";
import { listProducts } from "../api/resources";
import { phaseOf, toneOf } from "../model/product-state";
import { ranked } from "../model/search";
import type { IconName } from "../ui/icons";
import { Picker, type PickerEntry } from "../ui/picker";
import { to } from "./location";
import { setTheme } from "./theme";
import type { TypedAhead } from "./typed-ahead";

export default function Palette({ ahead, onClose }: { ahead: TypedAhead; onClose: () => void }) {
  const [text, setText] = useState(ahead.text);
  useEffect(() => {
    setText(ahead.text());
    ahead.shown();
  }, [ahead.text, ahead.shown]);
  const wanted = useDeferredValue(text.trim());
  const [, navigate] = useLocation();
  const datasets = useData({
    queryKey: ["catalog", "palette", wanted],
    queryFn: ({ signal }) => searchCatalog({ q: wanted, facets: {}, limit: 8 }, signal),
    placeholderData: (before) => before,
    enabled: wanted !== "",
    retry: false,
  });
  const products = useData({ queryKey: ["products"], queryFn: ({ signal }) => listProducts(signal) });
  const go = (href: string) => () => navigate(href);
  const action = (id: string, title: string, words: string, icon: IconName, run: () => void) => ({
    id,
    group: "Actions",
    title,
    icon,
    words: `${title} ${words}`,
    run,
  });
  const actions = [
    action("request", "Request data", "new product create builder", "request", go(to.request)),
    action("catalogue", "Go to the catalogue", "datasets", "catalogue", go(to.catalogue)),
    action("products", "Go to products", "", "products", go(to.products)),
    action("platform", "Go to event stores", "platform kafka", "store", go(to.platform)),
    action("classes", "Go to target classes", "platform engines", "target", go("/platform/classes")),
    action(
      "registry",
      "Go to the schema registry",
      "platform subjects versions",
      "key",
      go("/platform/registry"),
    ),
    action("light", "Light theme", "", "sun", () => setTheme("light")),
    action("dark", "Dark theme", "", "moon", () => setTheme("dark")),
    action("system", "Theme of the system", "", "system", () => setTheme("system")),
  ];
  const found: PickerEntry[] = [
    ...(wanted === "" ? [] : (datasets.data?.items ?? [])).map((item) => ({
      id: `dataset ${item.namespace}/${item.name}`,
      group: "Datasets",
      title: item.name,
      detail: [item.namespace, item.owner].filter(Boolean).join(" · "),
      icon: "table" as const,
      run: go(to.dataset(item.namespace, item.name)),
    })),
    ...ranked(
      wanted,
      (products.data?.items ?? []).map((product) => ({
        id: `product ${product.metadata.namespace}/${product.metadata.name}`,
        group: "Products",
        title: product.metadata.name,
        detail: [product.metadata.namespace, product.spec.owner, phaseOf(product)]
          .filter(Boolean)
          .join(" · "),
        icon: "products" as const,
        tone: toneOf(phaseOf(product)),
        words: `${product.metadata.name} ${product.metadata.namespace} ${product.spec.owner ?? ""}`,
        run: go(to.product(product.metadata.namespace ?? "", product.metadata.name)),
      })),
      (entry) => entry.words,
    ).slice(0, 8),
    ...ranked(wanted, actions, (entry) => entry.words),
  ];
  return (
    <Picker
      label="Search datasets, products and actions"
      placeholder="Search datasets, products, actions"
      text={text}
      onText={setText}
      entries={found.map((entry) => ({
        ...entry,
        run: () => {
          onClose();
          entry.run();
        },
      }))}
      settled={
        wanted === text.trim() &&
        !products.isPending &&
        (wanted === "" || datasets.isError || !(datasets.isPending || datasets.isPlaceholderData))
      }
      none={datasets.isFetching ? "Searching…" : `Nothing is called or said to be “${wanted}”.`}
      onClose={onClose}
    />
  );
}

// Everything by its name: datasets, products, actions. Opened by Cmd or Ctrl K.
import { useQuery as useData } from "@tanstack/react-query";
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useRef, useState } from "react";
import { Dialog as AriaDialog } from "react-aria-components/Dialog";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { useLocation } from "wouter";
import { searchCatalog } from "../api/catalog";
import { listProducts } from "../api/resources";
import { phaseOf, toneOf } from "../model/product-state";
import { ranked } from "../model/search";
import { Icon, type IconName } from "../ui/icons";
import { to } from "./location";
import "./palette.css";
import { setTheme } from "./theme";

interface Entry {
  id: string;
  group: "Datasets" | "Products" | "Actions";
  title: string;
  detail?: string | undefined;
  icon: IconName;
  tone?: string;
  words: string;
  run: () => void;
}

export default function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text.trim());
  const [at, setAt] = useState(0);
  const [, navigate] = useLocation();
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const datasets = useData({
    queryKey: ["catalog", "palette", wanted],
    queryFn: ({ signal }) => searchCatalog({ q: wanted, facets: {}, limit: 8 }, signal),
    placeholderData: (before) => before,
  });
  const products = useData({ queryKey: ["products"], queryFn: ({ signal }) => listProducts(signal) });
  const go = (href: string) => () => navigate(href);
  const actions: Entry[] = (
    [
      ["request", "Request data", "New product from datasets", "request", go(to.request)],
      ["catalogue", "Go to the catalogue", "", "catalogue", go(to.catalogue)],
      ["products", "Go to products", "", "products", go(to.products)],
      ["platform", "Go to the platform", "Event stores, target classes", "platform", go(to.platform)],
      ["registry", "Go to the schema registry", "Subjects and versions", "key", go("/platform/registry")],
      ["light", "Light theme", "", "sun", () => setTheme("light")],
      ["dark", "Dark theme", "", "moon", () => setTheme("dark")],
      ["system", "Theme of the system", "", "system", () => setTheme("system")],
    ] as const
  ).map(([key, title, detail, icon, run]) => ({
    id: key,
    group: "Actions" as const,
    title,
    detail: detail || undefined,
    icon,
    words: `${title} ${detail}`,
    run,
  }));
  const entries: Entry[] = [
    ...(wanted === "" ? [] : (datasets.data?.items ?? [])).map((item) => ({
      id: `dataset ${item.namespace}/${item.name}`,
      group: "Datasets" as const,
      title: item.name,
      detail: [item.namespace, item.owner].filter(Boolean).join(" · "),
      icon: "table" as const,
      words: "",
      run: go(to.dataset(item.namespace, item.name)),
    })),
    ...ranked(
      wanted,
      (products.data?.items ?? []).map((product) => ({
        id: `product ${product.metadata.namespace}/${product.metadata.name}`,
        group: "Products" as const,
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
  const active = Math.min(at, entries.length - 1);
  useEffect(() => {
    list.current?.querySelector(`[data-index="${active}"]`)?.scrollIntoView({ block: "nearest" });
  }, [active]);
  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && entries.length > 0) {
      event.preventDefault();
      setAt((active + step + entries.length) % entries.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(entries[active]);
    }
  };
  return (
    <ModalOverlay className="scrim" isOpen onOpenChange={(open) => !open && onClose()} isDismissable>
      <Modal className="dialog palette">
        <AriaDialog aria-label="Search everything" className="palette-inner">
          <div className="palette-input">
            <Icon name="search" />
            <input
              // biome-ignore lint/a11y/noAutofocus: the dialog is this field
              autoFocus
              role="combobox"
              aria-expanded={entries.length > 0}
              aria-controls={`${id}-list`}
              aria-activedescendant={entries.length > 0 ? `${id}-${active}` : undefined}
              aria-label="Search datasets, products and actions"
              placeholder="Search datasets, products, actions"
              autoComplete="off"
              spellCheck={false}
              value={text}
              onChange={(event) => {
                setText(event.target.value);
                setAt(0);
              }}
              onKeyDown={onKeyDown}
            />
            <kbd>Esc</kbd>
          </div>
          {entries.length === 0 && (
            <p className="palette-none" role="status">
              {datasets.isFetching ? "Searching…" : `Nothing is called or said to be “${wanted}”.`}
            </p>
          )}
          <div ref={list} id={`${id}-list`} role="listbox" aria-label="Results" className="palette-list">
            {entries.map((entry, index) => (
              <div key={entry.id} role="presentation">
                {entries[index - 1]?.group !== entry.group && (
                  <div role="presentation" className="palette-group">
                    {entry.group}
                  </div>
                )}
                {/* biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the field, which has the focus */}
                <div
                  id={`${id}-${index}`}
                  data-index={index}
                  role="option"
                  tabIndex={-1}
                  aria-selected={index === active}
                  className="palette-entry"
                  onMouseMove={() => setAt(index)}
                  onClick={() => run(entry)}
                >
                  <Icon name={entry.icon} />
                  <span className="truncate">{entry.title}</span>
                  {entry.detail && <span className="dim truncate grow">{entry.detail}</span>}
                  {entry.tone && <span className={`dot tone-${entry.tone}`} aria-hidden="true" />}
                </div>
              </div>
            ))}
          </div>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

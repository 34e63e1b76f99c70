import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { type CatalogItem, FACETS, type Facet } from "../../api/catalog";
import { useCatalogue } from "../../data/catalogue";
import { bytes, count, exactCount, plural } from "../../format/numbers";
import { excerpt, type Marked } from "../../model/excerpt";
import { flowOf, historyOf, inSpan, spanOf } from "../../model/flow";
import { to, useQuery, useSetQuery } from "../../shell/location";
import { PageHead, useTitle } from "../../shell/shell";
import { Button, LinkButton } from "../../ui/button";
import { Code } from "../../ui/copy";
import { Chip, Marked as Marks, Sparkline, State } from "../../ui/display";
import { Empty, Failure, SkeletonRows } from "../../ui/feedback";
import { SearchField } from "../../ui/field";
import { Icon } from "../../ui/icons";
import { type TableColumn, TableHead, TableRow, tableTracks, walkRows } from "../../ui/table";
import { Time } from "../../ui/time";
import { Facets } from "./facets";
import "./catalogue.css";

function matchOf(item: CatalogItem, field: string) {
  return item.matches?.find((match) => match.field === field);
}

const SHOWN_MATCHES = 2;
const SHOWN_CLASSES = 2;

interface Found {
  id: string;
  kind: "tag" | "column";
  name: Marked;
  doc?: Marked;
}

/** What was found beside name, owner and description; a column whose name and meaning both fit is one of them. */
function foundIn(item: CatalogItem): Found[] {
  const found = new Map<string, Found>();
  for (const match of item.matches ?? []) {
    if (match.field !== "column" && match.field !== "tag") continue;
    const path = match.path ?? match.text;
    const id = `${match.field} ${path}`;
    const before = found.get(id) ?? { id, kind: match.field, name: { text: path, ranges: [] } };
    found.set(id, match.text === path ? { ...before, name: match } : { ...before, doc: match });
  }
  return [...found.values()];
}

function Name({ item }: { item: CatalogItem }) {
  const name = matchOf(item, "name");
  const description = matchOf(item, "description");
  const found = foundIn(item);
  const classes = item.classifications ?? [];
  return (
    <span className="dataset-name">
      <span className="row">
        <span className="truncate">{name ? <Marks {...name} /> : item.name}</span>
        {!item.readable && (
          <Chip icon="lock" tone="idle">
            ask {item.owner || "its owner"}
          </Chip>
        )}
        {!item.status.ready && <Chip tone="warn">not ready</Chip>}
        {classes.slice(0, SHOWN_CLASSES).map((each) => (
          <Chip key={each} tone="violet">
            {each}
          </Chip>
        ))}
        {classes.length > SHOWN_CLASSES && (
          <Chip tone="violet">
            +{classes.length - SHOWN_CLASSES}
            <span className="sr-only"> more classifications</span>
          </Chip>
        )}
      </span>
      <span className="dataset-description">
        {description ? (
          <Marks {...excerpt(description, 96)} />
        ) : (
          item.description || <span className="dim">no description</span>
        )}
      </span>
      {found.slice(0, SHOWN_MATCHES).map((each) => (
        <span key={each.id} className="dataset-match">
          {each.kind === "tag" ? "tag " : <Icon name="columns" size={12} />}
          <span>
            <code>
              <Marks {...excerpt(each.name, 60)} />
            </code>
            {each.doc && (
              <>
                {" "}
                <Marks {...excerpt(each.doc, 72)} />
              </>
            )}
          </span>
        </span>
      ))}
      {found.length > SHOWN_MATCHES && (
        <span className="dataset-match">and {found.length - SHOWN_MATCHES} more</span>
      )}
    </span>
  );
}

const NONE = <span className="dim">–</span>;

const COLUMNS: TableColumn<CatalogItem>[] = [
  { id: "name", head: "Dataset", width: "minmax(0, 2.9fr)", cell: (item) => <Name item={item} /> },
  {
    id: "where",
    head: "Owner",
    width: "minmax(0, 1fr)",
    from: "s",
    cell: (item) => {
      const owner = matchOf(item, "owner");
      return (
        <span className="two-lines">
          <span className="truncate">{owner ? <Marks {...owner} /> : item.owner || NONE}</span>
          <span className="second-line truncate">{item.namespace}</span>
        </span>
      );
    },
  },
  { id: "type", head: "Type", width: "48px", from: "l", cell: (item) => item.type },
  {
    id: "records",
    head: "Records",
    width: "76px",
    right: true,
    from: "m",
    cell: (item) =>
      item.records === undefined ? (
        NONE
      ) : (
        <span className="two-lines" title={exactCount(item.records)}>
          <span>{count(item.records)}</span>
          <span className="second-line">{item.bytes === undefined ? "" : bytes(item.bytes)}</span>
        </span>
      ),
  },
  {
    id: "history",
    head: "History",
    width: "84px",
    right: true,
    from: "l",
    cell: (item) => historyOf(item) ?? NONE,
  },
  {
    id: "fresh",
    head: "Newest",
    width: "84px",
    right: true,
    from: "m",
    cell: (item) => <Time at={item.newest} />,
  },
  {
    id: "rate",
    head: "Flow",
    width: "96px",
    right: true,
    from: "m",
    cell: (item) =>
      item.rate ? (
        <span className="dataset-rate">
          <span>{flowOf(item.rate)}</span>
          <Sparkline
            values={item.rate.spark}
            label={`${plural(inSpan(item.rate), "record")} over the last ${spanOf(item.rate)}`}
            width={96}
            height={16}
          />
        </span>
      ) : (
        NONE
      ),
  },
  {
    id: "products",
    head: "Used by",
    width: "52px",
    right: true,
    from: "l",
    cell: (item) => (item.products > 0 ? exactCount(item.products) : <span className="dim">0</span>),
  },
];

export default function Catalogue() {
  useTitle("Catalogue");
  const query = useQuery();
  const setQuery = useSetQuery();
  const inAddress = query.get("q") ?? "";
  const [text, setText] = useState(inAddress);
  // Going back in history brings the earlier words back.
  const written = useRef(inAddress);
  useEffect(() => {
    if (inAddress !== written.current) {
      written.current = inAddress;
      setText(inAddress);
    }
  }, [inAddress]);
  const type = (value: string) => {
    setText(value);
    written.current = value;
    setQuery({ q: value });
  };
  const chosen = useMemo(
    () =>
      Object.fromEntries(
        FACETS.map((facet) => [facet, query.getAll(facet)] as const).filter(
          ([, values]) => values.length > 0,
        ),
      ) as Partial<Record<Facet, string[]>>,
    [query],
  );
  const words = useDeferredValue(text.trim());
  const found = useCatalogue({ q: words, facets: chosen });
  const pages = found.data?.pages;
  const items = useMemo(() => pages?.flatMap((page) => page.items) ?? [], [pages]);
  const total = pages?.[0]?.total ?? 0;
  const facets = pages?.[0]?.facets;
  const failed = found.isError && !found.data;
  const filtered = words !== "" || Object.keys(chosen).length > 0;
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list's place depends on what is above it
  useEffect(() => {
    setTop(list.current?.offsetTop ?? 0);
  }, [found.isPending, total === 0]);
  const rows = useWindowVirtualizer({
    count: items.length,
    estimateSize: () => 60,
    overscan: 8,
    scrollMargin: top,
    getItemKey: (index) => `${items[index]?.namespace}/${items[index]?.name}`,
  });
  const virtual = rows.getVirtualItems();
  const last = virtual.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = found;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= items.length - 20) fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, last, items.length]);

  if (found.data && total === 0 && !filtered) return <FirstRun />;
  return (
    <>
      <PageHead
        title="Catalogue"
        actions={
          <LinkButton href={to.request} variant="primary" icon="request">
            Request data
          </LinkButton>
        }
      />
      <div className="catalogue">
        <div className="catalogue-search">
          <SearchField
            large
            label="Search datasets"
            placeholder="Search names, descriptions, columns, owners and tags"
            value={text}
            onChange={type}
            controls={items.length > 0 ? "datasets" : undefined}
            onKeyDown={(event) => {
              if (event.key !== "ArrowDown") return;
              event.preventDefault();
              list.current?.querySelector<HTMLElement>(".row-link")?.focus();
            }}
          />
        </div>
        {failed ? (
          <div />
        ) : (
          <Facets
            facets={facets}
            found={total}
            chosen={chosen}
            onChange={(facet, values) => setQuery({ [facet]: values }, { push: true })}
          />
        )}
        <div className="catalogue-results">
          <div className="catalogue-count" role="status">
            {found.isPending || failed ? " " : plural(total, "dataset")}
            {Object.keys(chosen).length > 0 && !found.isPending && (
              <Button
                small
                variant="ghost"
                onPress={() => {
                  type("");
                  setQuery(Object.fromEntries([["q", ""], ...FACETS.map((facet) => [facet, ""])]), {
                    push: true,
                  });
                }}
              >
                Clear all
              </Button>
            )}
          </div>
          {found.isPending ? (
            <div className="section">
              <SkeletonRows rows={8} height={60} />
            </div>
          ) : failed ? (
            <Failure
              what="The catalogue could not be searched."
              error={found.error}
              retry={() => found.refetch()}
            />
          ) : items.length === 0 ? (
            <div className="section">
              <Empty icon="search" title="Nothing fits">
                {words !== "" ? (
                  <>
                    No name, description, column, owner or tag has <strong>{words}</strong>
                    {Object.keys(chosen).length > 0 && " within the chosen filters"}.
                  </>
                ) : (
                  "No dataset has all of the chosen filters."
                )}
              </Empty>
            </div>
          ) : (
            <div
              className="section table catalogue-table"
              role="table"
              aria-label="Datasets"
              aria-rowcount={total + 1}
              id="datasets"
              style={tableTracks(COLUMNS)}
              onKeyDown={walkRows}
            >
              <TableHead columns={COLUMNS} />
              <div
                ref={list}
                role="rowgroup"
                className="catalogue-rows"
                style={{ height: rows.getTotalSize() }}
              >
                {virtual.map((row) => {
                  const item = items[row.index];
                  if (!item) return null;
                  return (
                    <div
                      key={row.key}
                      role="presentation"
                      data-index={row.index}
                      ref={rows.measureElement}
                      className="catalogue-row"
                      style={{ transform: `translateY(${row.start - top}px)` }}
                    >
                      <TableRow
                        row={item}
                        columns={COLUMNS}
                        href={to.dataset(item.namespace, item.name)}
                        index={row.index + 2}
                        dim={!item.readable}
                      />
                    </div>
                  );
                })}
              </div>
            </div>
          )}
          {isFetchingNextPage && (
            <State tone="busy" moving>
              More…
            </State>
          )}
        </div>
      </div>
    </>
  );
}

function FirstRun() {
  return (
    <>
      <PageHead title="Catalogue" />
      <Empty icon="store" title="Connect an event store">
        The catalogue lists what your company's event stores hold. Two commands make the first dataset, of a
        Kafka cluster and of a topic with its meaning:
        <Code label="first command" text="offtake apply -f event-store.yaml" oneLine />
        <Code label="second command" text="offtake apply -f dataset.yaml" oneLine />
        <p className="first-run-or">
          Or look around first, with a year of a retail company's orders and payments in the log that is built
          in:
        </p>
        <Code label="demo command" text="offtake demo generate --company retail" oneLine />
        <p className="first-run-or">What is made appears here by itself.</p>
      </Empty>
    </>
  );
}

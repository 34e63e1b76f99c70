import { useMemo } from "react";
import type { DataProduct } from "../../api/resources";
import { useProducts } from "../../data/products";
import { exactCount, plural } from "../../format/numbers";
import { shortHistory } from "../../model/history";
import { headlineOf, isMoving, PHASES, phaseOf, toneOf } from "../../model/product-state";
import { ranked } from "../../model/search";
import { to, useQuery, useSetQuery } from "../../shell/location";
import { PageHead, useTitle } from "../../shell/shell";
import { Button, LinkButton } from "../../ui/button";
import { Code } from "../../ui/copy";
import { Chip, Meter, State } from "../../ui/display";
import { Empty, Failure, SkeletonRows } from "../../ui/feedback";
import { SearchField, Select } from "../../ui/field";
import { Table, type TableColumn } from "../../ui/table";
import { Time, useNow } from "../../ui/time";
import "./products.css";
import { Behind, RowsNow } from "./standing";

const classOf = (product: DataProduct) => product.status?.className ?? product.spec.target?.className ?? "";

const COLUMNS: TableColumn<DataProduct>[] = [
  {
    id: "name",
    head: "Product",
    width: "minmax(0, 2.2fr)",
    cell: (product) => (
      <span className="two-lines">
        <span className="truncate">{product.metadata.name}</span>
        <span className="second-line truncate">
          {product.metadata.namespace}
          {product.spec.owner && ` · ${product.spec.owner}`}
        </span>
      </span>
    ),
  },
  {
    id: "state",
    head: "State",
    width: "minmax(0, 1.8fr)",
    cell: (product) => <ProductState product={product} />,
  },
  {
    id: "target",
    head: "Target",
    width: "minmax(0, 1.8fr)",
    from: "s",
    cell: (product) => (
      <span className="two-lines">
        <code className="truncate">
          {product.spec.target?.name ?? product.metadata.name.replaceAll("-", "_")}
        </code>
        <span className="second-line truncate">{classOf(product)}</span>
      </span>
    ),
  },
  {
    id: "history",
    head: "History",
    width: "76px",
    from: "m",
    cell: (product) => shortHistory(product.spec.history?.from ?? ""),
  },
  {
    id: "rows",
    head: "Rows",
    width: "72px",
    right: true,
    from: "m",
    cell: (product) => <RowsNow product={product} />,
  },
  {
    id: "behind",
    head: "Behind",
    width: "72px",
    right: true,
    from: "m",
    cell: (product) => <Behind product={product} />,
  },
  {
    id: "parked",
    head: "Parked",
    width: "56px",
    right: true,
    from: "m",
    cell: (product) => {
      const parked = product.status?.parkedRecords ?? 0;
      return parked > 0 ? <Chip tone="warn">{exactCount(parked)}</Chip> : <span className="dim">0</span>;
    },
  },
  {
    id: "since",
    head: "Made",
    width: "84px",
    right: true,
    from: "l",
    cell: (product) => (
      <span className="soft">
        <Time at={product.metadata.creationTimestamp} />
      </span>
    ),
  },
];

function ProductState({ product }: { product: DataProduct }) {
  const now = useNow();
  const headline = headlineOf(product, undefined, now);
  const phase = headline.phase;
  const percent = product.status?.backfill?.percent;
  if ((phase === "Filling" || phase === "Rebuilding") && percent !== undefined && percent < 100) {
    return (
      <span className="product-filling">
        <State tone={toneOf(phase)} moving>
          {phase} {percent}%
        </State>
        <Meter fraction={percent / 100} label={`${phase} ${product.metadata.name}`} />
      </span>
    );
  }
  return (
    <span className="two-lines">
      <State tone={toneOf(phase)} moving={isMoving(phase)}>
        {phase === "Stalled" || phase === "Waiting" ? headline.text : phase}
      </State>
      {phase === "Live" && (
        <span className="why-line until-m">
          <Behind product={product} /> behind
          {(product.status?.parkedRecords ?? 0) > 0 &&
            `, ${exactCount(product.status?.parkedRecords ?? 0)} parked`}
        </span>
      )}
      {headline.detail && phase !== "Live" && (
        <span className="why-line truncate" title={headline.detail}>
          {headline.detail}
        </span>
      )}
    </span>
  );
}

function distinct(products: readonly DataProduct[], of: (product: DataProduct) => string | undefined) {
  return [...new Set(products.map(of).filter((value): value is string => !!value))].sort();
}

export default function Products() {
  useTitle("Products");
  const query = useQuery();
  const setQuery = useSetQuery();
  const products = useProducts();
  const all = products.data?.items ?? [];
  const text = query.get("q") ?? "";
  const owner = query.get("owner") ?? "";
  const state = query.get("state") ?? "";
  const target = query.get("target") ?? "";
  const shown = useMemo(
    () =>
      ranked(
        text,
        all.filter(
          (product) =>
            (!owner || product.spec.owner === owner) &&
            (!state || phaseOf(product) === state) &&
            (!target || classOf(product) === target),
        ),
        (product) =>
          `${product.metadata.name} ${product.metadata.namespace} ${product.spec.owner ?? ""} ${product.spec.description ?? ""} ${classOf(product)}`,
      ),
    [all, text, owner, state, target],
  );
  const filtered = text !== "" || owner !== "" || state !== "" || target !== "";
  const anyOf = (name: string, what: string, values: readonly string[], value: string) => (
    <Select
      label={what}
      hideLabel
      value={value}
      onChange={(id) => setQuery({ [name]: id })}
      options={[
        { id: "", label: `Any ${what.toLowerCase()}` },
        ...values.map((each) => ({ id: each, label: each })),
      ]}
    />
  );
  return (
    <>
      <PageHead
        title="Products"
        actions={
          <LinkButton href={to.request} variant="primary" icon="request">
            Request data
          </LinkButton>
        }
      />
      {products.isPending ? (
        <div className="section">
          <SkeletonRows rows={6} />
        </div>
      ) : products.isError && !products.data ? (
        <Failure
          what="The products could not be listed."
          error={products.error}
          retry={() => products.refetch()}
        />
      ) : all.length === 0 ? (
        <Empty
          icon="products"
          title="No data product yet"
          actions={
            <>
              <LinkButton href={to.request} variant="primary" icon="request">
                Request data
              </LinkButton>
              <LinkButton href={to.catalogue}>Look at what there is</LinkButton>
            </>
          }
        >
          A product is a query over datasets, filled with the history you ask for and then kept up to date. Or
          from the terminal:
          <Code label="command" text="offtake apply -f product.yaml" oneLine />
        </Empty>
      ) : (
        <>
          <div className="filters">
            <div className="filters-search">
              <SearchField
                label="Search products"
                placeholder="Search products"
                value={text}
                onChange={(value) => setQuery({ q: value })}
              />
            </div>
            {anyOf("state", "State", PHASES, state)}
            {anyOf(
              "owner",
              "Owner",
              distinct(all, (product) => product.spec.owner),
              owner,
            )}
            {anyOf("target", "Target", distinct(all, classOf), target)}
            <span className="filters-count" role="status">
              {shown.length === all.length
                ? plural(all.length, "product")
                : `${shown.length} of ${plural(all.length, "product")}`}
            </span>
          </div>
          <div className="section">
            {shown.length === 0 ? (
              <Empty
                icon="filter"
                title="No product fits"
                actions={
                  filtered && (
                    <Button onPress={() => setQuery({ q: "", owner: "", state: "", target: "" })}>
                      Clear filters
                    </Button>
                  )
                }
              />
            ) : (
              <Table
                label="Data products"
                columns={COLUMNS}
                rows={shown}
                keyOf={(product) => `${product.metadata.namespace}/${product.metadata.name}`}
                hrefOf={(product) => to.product(product.metadata.namespace ?? "", product.metadata.name)}
              />
            )}
          </div>
        </>
      )}
    </>
  );
}

import { lazy, type ReactNode, Suspense } from "react";
import { Link } from "wouter";
import type { CatalogDataset } from "../../api/catalog";
import { ApiError } from "../../api/client";
import { useDataset } from "../../data/catalogue";
import { bytes, count, exactCount, plural, rate } from "../../format/numbers";
import { parseInstant } from "../../format/time";
import { historyOf, inSpan, spanOf } from "../../model/flow";
import { spaced } from "../../model/product-state";
import { to } from "../../shell/location";
import { PageHead, PageTabs, useTitle } from "../../shell/shell";
import { Button, LinkButton } from "../../ui/button";
import { Chip, Fact, Facts, Section, Sparkline, State } from "../../ui/display";
import { Empty, Failure, Note, SkeletonRows } from "../../ui/feedback";
import { Table } from "../../ui/table";
import { Day, Time } from "../../ui/time";
import "./dataset.css";
import { Relationships } from "./relationships";
import { Sample } from "./sample";
import { Schema } from "./schema";
import { Versions } from "./versions";

const Lineage = lazy(() => import("./lineage"));

export default function Dataset({ ns, name, tab }: { ns: string; name: string; tab: string | undefined }) {
  useTitle(name);
  const dataset = useDataset(ns, name);
  const parent = { href: to.catalogue, name: "Catalogue" };
  const at = (id?: string) => `${to.dataset(ns, name)}${id ? `/${id}` : ""}`;
  const tabs = [
    { id: "schema", name: "Schema", href: at() },
    { id: "sample", name: "Sample", href: at("sample") },
    { id: "versions", name: "Versions", href: at("versions"), count: dataset.data?.versionsTotal },
    {
      id: "relationships",
      name: "Relationships",
      href: at("relationships"),
      count: dataset.data?.relationships?.length,
    },
    { id: "products", name: "Used by", href: at("products"), count: dataset.data?.usedBy?.length },
    { id: "lineage", name: "Lineage", href: at("lineage") },
  ];
  const current = tabs.find((each) => each.id === tab)?.id ?? "schema";
  if (dataset.isPending) {
    return (
      <>
        <PageHead
          parent={parent}
          title={name}
          actions={
            <Button variant="primary" icon="request" isDisabled>
              Use this data
            </Button>
          }
        >
          <p className="page-lead">{"\u00a0"}</p>
          <PageTabs label="Dataset" tabs={tabs} current={current} />
        </PageHead>
        <div className="dataset">
          <div className="section">
            <SkeletonRows rows={8} height={36} />
          </div>
        </div>
      </>
    );
  }
  if (!dataset.data) {
    const gone = dataset.error instanceof ApiError && dataset.error.code === 404;
    return (
      <>
        <PageHead parent={parent} title={name} />
        {gone ? (
          <Empty
            icon="table"
            title={`There is no dataset ${name} in ${ns}`}
            actions={<LinkButton href={to.catalogue}>To the catalogue</LinkButton>}
          />
        ) : (
          <Failure
            what="The dataset could not be read."
            error={dataset.error}
            retry={() => dataset.refetch()}
          />
        )}
      </>
    );
  }
  const data = dataset.data;
  return (
    <>
      <PageHead
        parent={parent}
        title={name}
        state={
          <span className="row">
            <Chip>{data.type}</Chip>
            {(data.classifications ?? []).slice(0, 3).map((each) => (
              <Chip key={each} tone="violet">
                {each}
              </Chip>
            ))}
          </span>
        }
        actions={
          data.readable ? (
            <LinkButton href={to.requestFrom(ns, name)} variant="primary" icon="request">
              Use this data
            </LinkButton>
          ) : (
            <Chip icon="lock">ask {data.owner || "its owner"}</Chip>
          )
        }
      >
        <p className="page-lead">{data.description || "Nobody has described it yet."}</p>
        <PageTabs label="Dataset" tabs={tabs} current={current} />
      </PageHead>
      <div className="dataset">
        <div className="stack">
          {!data.readable && data.denied && (
            <Note tone="warn" title="Its records may not be read from here">
              {data.denied.message}
              {data.denied.hint && `\n${data.denied.hint}`}
            </Note>
          )}
          {!data.status.ready && (
            <Note tone="warn" title={`Not ready: ${spaced(data.status.reason ?? "")}`}>
              {data.status.message}
            </Note>
          )}
          {(data.unavailable ?? []).map((reason) => (
            <Note key={reason} tone="warn">
              {reason}
            </Note>
          ))}
          <Suspense fallback={<SkeletonRows rows={6} height={36} />}>
            {current === "schema" && <Schema dataset={data} />}
            {current === "sample" && <Sample dataset={data} />}
            {current === "versions" && <Versions dataset={data} />}
            {current === "relationships" && <Relationships dataset={data} />}
            {current === "products" && <UsedBy dataset={data} />}
            {current === "lineage" && <Lineage kind="datasets" ns={ns} name={name} />}
          </Suspense>
        </div>
        <About data={data} />
      </div>
    </>
  );
}

function About({ data }: { data: CatalogDataset }) {
  const oldest = parseInstant(data.oldest);
  const history = historyOf(data);
  const waiting = data.pending?.includes("figures");
  const unknown: ReactNode = <span className="dim">{waiting ? "asking the store…" : "not known"}</span>;
  return (
    <aside className="overview-side" aria-label="About the dataset">
      <Section
        title="Flow"
        aside={
          data.rate && <span className="small">{`${count(inSpan(data.rate))} in ${spanOf(data.rate)}`}</span>
        }
      >
        {data.rate && (
          <div className="flow-spark">
            <Sparkline
              values={data.rate.spark}
              label={`${plural(inSpan(data.rate), "record")} over the last ${spanOf(data.rate)}`}
              width={312}
              height={56}
            />
            <div className="flow-ends">
              <span>{spanOf(data.rate)} ago</span>
              <span>now</span>
            </div>
          </div>
        )}
        <Facts>
          <Fact name="Rate">
            {!data.rate ? (
              unknown
            ) : data.rate.perSecond > 0 ? (
              rate(data.rate.perSecond)
            ) : (
              <span className="dim">nothing in the last 5 min</span>
            )}
          </Fact>
          <Fact name="Newest">{data.newest ? <Time at={data.newest} /> : unknown}</Fact>
          <Fact name="History">
            {oldest && history ? (
              <>
                {history}
                <span className="dim">
                  , since <Day at={oldest} />
                </span>
              </>
            ) : (
              unknown
            )}
          </Fact>
          <Fact name="Records">
            {data.records === undefined ? (
              unknown
            ) : (
              <span title={exactCount(data.records)}>
                {count(data.records)}
                {data.bytes !== undefined && <span className="dim">, about {bytes(data.bytes)}</span>}
              </span>
            )}
          </Fact>
        </Facts>
      </Section>
      <Section title="About">
        <Facts>
          <Fact name="Owner">{data.owner || <span className="dim">nobody named</span>}</Fact>
          <Fact name="Namespace">{data.namespace}</Fact>
          <Fact name="State">
            <State tone={data.status.ready ? "good" : "warn"}>
              {data.status.ready ? "Ready" : spaced(data.status.reason ?? "not ready")}
            </State>
          </Fact>
          <Fact name="Key">
            {data.key?.length ? <code>{data.key.join(", ")}</code> : <span className="dim">none</span>}
          </Fact>
          <Fact name="Event time">
            {data.eventTime ? <code>{data.eventTime}</code> : <span className="dim">the record's own</span>}
          </Fact>
          <Fact name="Topic">
            <code>{data.topic}</code>
          </Fact>
          <Fact name="Store">{data.store}</Fact>
          {data.partitions && <Fact name="Partitions">{data.partitions.length}</Fact>}
          {data.retention && (
            <Fact name="Kept">{data.retention === "Forever" ? "for ever" : data.retention}</Fact>
          )}
          {data.subject && (
            <Fact name="Subject">
              <Link href={to.subject(data.subject)} className="link">
                <code>{data.subject}</code>
              </Link>
            </Fact>
          )}
          <Fact name="Read by">
            {{ Same: "its own namespace", All: "every namespace", Selector: "chosen namespaces" }[
              data.access?.from ?? "Same"
            ] ?? data.access?.from}
          </Fact>
          {(data.sla ?? []).map((each) => (
            <Fact key={each.property} name={each.property}>
              {each.value} {each.unit}
            </Fact>
          ))}
          {(data.tags ?? []).length > 0 && (
            <Fact name="Tags">
              <span className="row wrap">
                {data.tags?.map((tag) => (
                  <Link key={tag} href={`${to.catalogue}?tag=${encodeURIComponent(tag)}`}>
                    <Chip>{tag}</Chip>
                  </Link>
                ))}
              </span>
            </Fact>
          )}
          {data.producer && (
            <Fact name="Written by">
              <Link href={to.product(data.producer.namespace, data.producer.name)} className="link">
                {data.producer.name}
              </Link>
            </Fact>
          )}
        </Facts>
      </Section>
    </aside>
  );
}

function UsedBy({ dataset }: { dataset: CatalogDataset }) {
  const rows = dataset.usedBy ?? [];
  return (
    <div className="section">
      {rows.length === 0 ? (
        <Empty icon="products" title="No product reads it yet" />
      ) : (
        <Table
          label="Products that read it"
          rows={rows}
          keyOf={(row) => `${row.namespace}/${row.name}`}
          hrefOf={(row) => to.product(row.namespace, row.name)}
          columns={[
            {
              id: "name",
              head: "Product",
              width: "minmax(0, 1.2fr)",
              cell: (row) => (
                <span className="two-lines">
                  <span className="truncate">{row.name}</span>
                  <span className="second-line truncate">
                    {[row.namespace, row.owner].filter(Boolean).join(" · ")}
                  </span>
                </span>
              ),
            },
            {
              id: "state",
              head: "State",
              width: "120px",
              cell: (row) => (
                <State tone={row.ready ? "good" : "warn"}>
                  {row.reason ? spaced(row.reason) : "not ready"}
                </State>
              ),
            },
            {
              id: "columns",
              head: "Columns it reads",
              width: "minmax(0, 1.6fr)",
              from: "s",
              cell: (row) => <code className="used-columns">{(row.columns ?? []).join(", ") || "–"}</code>,
            },
            { id: "class", head: "Target", width: "112px", from: "m", cell: (row) => row.className ?? "–" },
          ]}
        />
      )}
    </div>
  );
}

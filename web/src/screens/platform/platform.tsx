import { condition, type EventStore, type TargetClass } from "../../api/resources";
import { useStores, useSubjects } from "../../data/platform";
import { useClasses } from "../../data/products";
import { exactCount } from "../../format/numbers";
import { spaced } from "../../model/product-state";
import { PageHead, PageTabs, useTitle } from "../../shell/shell";
import { Code } from "../../ui/copy";
import { Chip, State } from "../../ui/display";
import { Empty, Failure, SkeletonRows } from "../../ui/feedback";
import { Table, type TableColumn } from "../../ui/table";
import { Time } from "../../ui/time";
import { Registry } from "./registry";
import "./platform.css";

const TABS = [
  { id: "stores", name: "Event stores", href: "/platform" },
  { id: "classes", name: "Target classes", href: "/platform/classes" },
  { id: "registry", name: "Schema registry", href: "/platform/registry" },
];

export default function Platform({ part, name }: { part?: string | undefined; name?: string | undefined }) {
  useTitle("Platform");
  const current = TABS.find((tab) => tab.id === part)?.id ?? "stores";
  const counts: Record<string, number | undefined> = {
    stores: useStores().data?.items.length,
    classes: useClasses().data?.items.length,
    registry: useSubjects().data?.length,
  };
  const tabs = TABS.map((tab) => ({ ...tab, count: counts[tab.id] }));
  return (
    <>
      <PageHead title="Platform">
        <PageTabs label="Platform" tabs={tabs} current={current} />
      </PageHead>
      {current === "stores" && <Stores />}
      {current === "classes" && <Classes />}
      {current === "registry" && <Registry subject={name ? decodeURIComponent(name) : ""} />}
    </>
  );
}

function ReadyState({ object }: { object: EventStore | TargetClass }) {
  const ready = condition(object, "Ready");
  if (!ready) return <State tone="busy">not looked at yet</State>;
  const good = ready.status === "True";
  return (
    <span className="two-lines">
      <State tone={good ? "good" : "warn"}>{good ? "Ready" : spaced(ready.reason)}</State>
      {!good && ready.message && (
        <span className="why-line truncate" title={ready.message}>
          {ready.message}
        </span>
      )}
    </span>
  );
}

const made = <Row extends EventStore | TargetClass>(): TableColumn<Row> => ({
  id: "made",
  head: "Made",
  width: "84px",
  right: true,
  from: "m",
  cell: (row) => (
    <span className="soft">
      <Time at={row.metadata.creationTimestamp} />
    </span>
  ),
});

const STORES: TableColumn<EventStore>[] = [
  {
    id: "name",
    head: "Event store",
    width: "minmax(0, 1.2fr)",
    cell: (store) => (
      <span className="two-lines">
        <strong className="name truncate">{store.metadata.name}</strong>
        <span className="second-line">
          {store.spec.kafka ? "Apache Kafka" : "embedded log of this installation"}
        </span>
      </span>
    ),
  },
  { id: "state", head: "State", width: "minmax(0, 1.4fr)", cell: (store) => <ReadyState object={store} /> },
  {
    id: "where",
    head: "Where",
    width: "minmax(0, 1.6fr)",
    from: "s",
    cell: (store) =>
      store.spec.kafka ? (
        <code className="truncate">{store.spec.kafka.bootstrapServers.join(", ")}</code>
      ) : (
        <span className="dim">its data directory</span>
      ),
  },
  {
    id: "registry",
    head: "Registry",
    width: "minmax(0, 1.2fr)",
    from: "m",
    cell: (store) =>
      store.spec.registry?.confluent ? (
        <code className="truncate">{store.spec.registry.confluent.urls.join(", ")}</code>
      ) : (
        "of this installation"
      ),
  },
  {
    id: "region",
    head: "Region",
    width: "96px",
    from: "l",
    cell: (store) => store.spec.region ?? <span className="dim">–</span>,
  },
  made(),
];

function Stores() {
  const stores = useStores();
  if (stores.isPending) return <Loading />;
  if (stores.isError && !stores.data)
    return (
      <Failure
        what="The event stores could not be listed."
        error={stores.error}
        retry={() => stores.refetch()}
      />
    );
  const items = stores.data?.items ?? [];
  return (
    <div className="section">
      {items.length === 0 ? (
        <Empty icon="store" title="No event store">
          Where the records come from: a Kafka cluster, or the log that this installation has built in.
          <Code
            label="command"
            text={
              "offtake apply -f - <<'EOF'\napiVersion: offtake.dev/v1alpha1\nkind: EventStore\nmetadata: {name: main}\nspec: {kafka: {bootstrapServers: [\"broker:9092\"]}}\nEOF"
            }
          />
        </Empty>
      ) : (
        <Table label="Event stores" columns={STORES} rows={items} keyOf={(store) => store.metadata.name} />
      )}
    </div>
  );
}

const provisionerOf = (targetClass: TargetClass) => {
  const { external, local, kubernetes } = targetClass.spec.provisioner;
  if (kubernetes) return "a server a product, in the cluster";
  if (local) return "on this machine";
  return (
    external?.url ??
    (external?.eventStoreName ? `topics of ${external.eventStoreName}` : "a server that exists")
  );
};

const limitsOf = (targetClass: TargetClass) => {
  const limits = targetClass.spec.limits;
  const parts: string[] = [];
  if (limits?.perProduct?.rows) parts.push(`${limits.perProduct.rows} rows`);
  if (limits?.perProduct?.storage) parts.push(String(limits.perProduct.storage));
  return parts.join(", ");
};

const CLASSES: TableColumn<TargetClass>[] = [
  {
    id: "name",
    head: "Target class",
    width: "minmax(0, 2.6fr)",
    cell: (targetClass) => (
      <span className="two-lines">
        <span className="row">
          <strong className="name truncate">{targetClass.metadata.name}</strong>
          {targetClass.metadata.annotations?.["offtake.dev/is-default-class"] === "true" && (
            <Chip tone="busy">default</Chip>
          )}
        </span>
        <span className="second-line">{targetClass.spec.description ?? targetClass.spec.engine}</span>
      </span>
    ),
  },
  {
    id: "state",
    head: "State",
    width: "minmax(0, 1fr)",
    cell: (targetClass) => <ReadyState object={targetClass} />,
  },
  { id: "engine", head: "Engine", width: "112px", from: "s", cell: (targetClass) => targetClass.spec.engine },
  {
    id: "where",
    head: "Provisioned",
    width: "minmax(0, 1.4fr)",
    from: "m",
    cell: (targetClass) => (
      <span className="truncate">
        {targetClass.status?.address ? <code>{targetClass.status.address}</code> : provisionerOf(targetClass)}
      </span>
    ),
  },
  {
    id: "limits",
    head: "A product may take",
    width: "132px",
    from: "l",
    cell: (targetClass) => limitsOf(targetClass) || <span className="dim">no limit</span>,
  },
  {
    id: "products",
    head: "Products",
    width: "84px",
    right: true,
    from: "s",
    cell: (targetClass) => (
      <>
        {exactCount(targetClass.status?.products ?? 0)}
        {targetClass.spec.limits?.products && (
          <span className="dim"> of {exactCount(targetClass.spec.limits.products)}</span>
        )}
      </>
    ),
  },
  made(),
];

function Classes() {
  const classes = useClasses();
  if (classes.isPending) return <Loading />;
  if (classes.isError && !classes.data)
    return (
      <Failure
        what="The target classes could not be listed."
        error={classes.error}
        retry={() => classes.refetch()}
      />
    );
  const items = classes.data?.items ?? [];
  return (
    <div className="section">
      {items.length === 0 ? (
        <Empty icon="target" title="No target class">
          What the platform offers as targets: an engine and how it is provisioned.
          <Code label="command" text="offtake apply -f target-class.yaml" oneLine />
        </Empty>
      ) : (
        <Table label="Target classes" columns={CLASSES} rows={items} keyOf={(each) => each.metadata.name} />
      )}
    </div>
  );
}

function Loading() {
  return (
    <div className="section">
      <SkeletonRows rows={4} />
    </div>
  );
}

import { useQuery as useData } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useLocation } from "wouter";
import { ApiError } from "../../api/client";
import { type DataProduct, mergeProduct } from "../../api/resources";
import { parkedOf } from "../../api/view";
import { keys, useProduct } from "../../data/products";
import { type Headline, headlineOf } from "../../model/product-state";
import { commandsOf } from "../../model/snippets";
import { usePolling } from "../../shell/live";
import { to } from "../../shell/location";
import { PageHead, PageTabs, useTitle } from "../../shell/shell";
import { Button, LinkButton } from "../../ui/button";
import { Meter } from "../../ui/display";
import { Empty, Failure, Prose, SkeletonRows } from "../../ui/feedback";
import { Menu } from "../../ui/overlay";
import { Time, useNow } from "../../ui/time";
import { toast } from "../../ui/toast";
import { DeleteDialog, PauseDialog } from "./actions";
import { Events } from "./events";
import { Overview } from "./overview";
import "./product.css";

const Parked = lazy(() => import("./parked"));
const Logs = lazy(() => import("./logs"));
const Definition = lazy(() => import("./definition"));
const Lineage = lazy(() => import("../dataset/lineage"));

export default function Product({ ns, name, tab }: { ns: string; name: string; tab: string | undefined }) {
  useTitle(name);
  const { product, progress } = useProduct(ns, name);
  const now = useNow();
  const [, navigate] = useLocation();
  const [dialog, setDialog] = useState<"pause" | "delete" | undefined>(undefined);
  const polling = usePolling(5000);
  const counted = product.data?.status?.parkedRecords ?? 0;
  const parked = useData({
    queryKey: [...keys.parked(ns, name), counted],
    queryFn: ({ signal }) => parkedOf(ns, name, signal),
    enabled: product.data !== undefined && (counted > 0 || tab === "parked"),
    refetchInterval: polling,
    retry: false,
  });
  const open = (parked.data?.entries ?? []).filter((entry) => entry.status !== "Discarded").length;
  const tabs = [
    { id: "overview", name: "Overview", href: to.product(ns, name) },
    {
      id: "parked",
      name: "Parked",
      href: to.product(ns, name, "parked"),
      count: open || counted,
      alert: true,
    },
    { id: "lineage", name: "Lineage", href: to.product(ns, name, "lineage") },
    { id: "events", name: "Events", href: to.product(ns, name, "events") },
    { id: "logs", name: "Logs", href: to.product(ns, name, "logs") },
    { id: "definition", name: "Definition", href: to.product(ns, name, "definition") },
  ];
  const current = tabs.find((each) => each.id === tab)?.id ?? "overview";
  if (product.isPending) {
    return (
      <>
        <PageHead
          parent={{ href: to.products, name: "Products" }}
          title={name}
          actions={
            <>
              <Button icon="pause" isDisabled>
                Pause
              </Button>
              <Button icon="edit" isDisabled>
                Edit
              </Button>
            </>
          }
        >
          <div className="truth">
            <p className="truth-line">{"\u00a0"}</p>
            <p className="truth-detail">{"\u00a0"}</p>
          </div>
          <PageTabs label="Product" tabs={tabs} current={current} />
        </PageHead>
        <div className="overview">
          <div className="section">
            <SkeletonRows rows={8} />
          </div>
        </div>
      </>
    );
  }
  if (!product.data) {
    const gone = product.error instanceof ApiError && product.error.code === 404;
    return (
      <>
        <PageHead parent={{ href: to.products, name: "Products" }} title={name} />
        {gone ? (
          <Empty
            icon="products"
            title={`There is no product ${name} in ${ns}`}
            actions={<LinkButton href={to.products}>To the products</LinkButton>}
          >
            It was deleted, or its name is another one.
          </Empty>
        ) : (
          <Failure
            what="The product could not be read."
            error={product.error}
            retry={() => product.refetch()}
          />
        )}
      </>
    );
  }
  const data = product.data;
  const headline = headlineOf(data, progress, now);
  const commands = commandsOf(ns, name);
  const resume = async () => {
    try {
      await mergeProduct(ns, name, { spec: { paused: null } });
      toast(`${name} goes on`);
      product.refetch();
    } catch (error) {
      toast("It could not be resumed", { detail: String((error as Error).message), bad: true });
    }
  };
  const deleting = headline.phase === "Deleting";
  return (
    <>
      <PageHead
        parent={{ href: to.products, name: "Products" }}
        title={name}
        actions={
          <>
            {data.spec.paused ? (
              <Button icon="play" onPress={resume} isDisabled={deleting}>
                Resume
              </Button>
            ) : (
              <Button icon="pause" onPress={() => setDialog("pause")} isDisabled={deleting}>
                Pause
              </Button>
            )}
            <LinkButton href={to.requestEdit(ns, name)} icon="edit">
              Edit
            </LinkButton>
            <Menu
              label="More actions"
              entries={[
                copyEntry("Copy offtake command", commands.describe.offtake),
                copyEntry("Copy kubectl command", commands.describe.kubectl),
                "line",
                {
                  id: "yaml",
                  label: "Edit as YAML",
                  icon: "edit",
                  action: () => navigate(to.product(ns, name, "definition")),
                },
                "line",
                {
                  id: "delete",
                  label: "Delete…",
                  icon: "trash",
                  danger: true,
                  disabled: deleting,
                  action: () => setDialog("delete"),
                },
              ]}
            />
          </>
        }
      >
        <Truth product={data} headline={headline} />
        <PageTabs label="Product" tabs={tabs} current={current} />
      </PageHead>
      <Suspense fallback={<SkeletonRows rows={6} />}>
        {current === "overview" && <Overview product={data} progress={progress} />}
        {current === "parked" && <Parked product={data} />}
        {current === "lineage" && <Lineage kind="dataproducts" ns={ns} name={name} />}
        {current === "events" && <Events ns={ns} name={name} />}
        {current === "logs" && <Logs product={data} />}
        {current === "definition" && <Definition product={data} />}
      </Suspense>
      <PauseDialog product={data} open={dialog === "pause"} onClose={() => setDialog(undefined)} />
      <DeleteDialog product={data} open={dialog === "delete"} onClose={() => setDialog(undefined)} />
    </>
  );
}

function copyEntry(label: string, text: string) {
  return {
    id: label,
    label,
    icon: "copy" as const,
    action: () => {
      navigator.clipboard.writeText(text).then(() => toast("Copied", { detail: text }));
    },
  };
}

/** The one-line truth. */
function Truth({ product, headline }: { product: DataProduct; headline: Headline }) {
  const fraction = headline.text.match(/(\d+)%/);
  return (
    <div className={`truth tone-${headline.tone}`}>
      <p className="truth-line" role="status" aria-live="off">
        <span className={`dot${headline.moving ? " dot-moving" : ""}`} aria-hidden="true" />
        <span className="truth-text">{headline.text}</span>
        {headline.since && headline.phase !== "Live" && (
          <span className="dim nowrap">
            <Time at={headline.since} />
          </span>
        )}
      </p>
      {headline.detail && (
        <p className="truth-detail">
          <Prose text={headline.detail} />
        </p>
      )}
      {product.spec.description && <p className="truth-detail">{product.spec.description}</p>}
      {(headline.phase === "Filling" || headline.phase === "Rebuilding") && (
        <div className="truth-meter">
          <Meter fraction={fraction ? Number(fraction[1]) / 100 : undefined} label={headline.text} />
        </div>
      )}
    </div>
  );
}

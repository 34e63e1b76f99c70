import { useQuery as useData } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Link } from "wouter";
import { condition, type DataProduct } from "../../api/resources";
import { type Progress, planOf } from "../../api/view";
import { useRates } from "../../data/rates";
import { bytes, count, exactCount, plural, rate } from "../../format/numbers";
import { clock, duration, parseInstant } from "../../format/time";
import { type Step, servedRevision, spaced, stepsOf } from "../../model/product-state";
import { to } from "../../shell/location";
import { Chip, Fact, Facts, Section } from "../../ui/display";
import { Note, Prose, Skeleton } from "../../ui/feedback";
import { Icon } from "../../ui/icons";
import { Elapsed, Time } from "../../ui/time";
import { Endpoint } from "./endpoint";
import { pipelineOf } from "./pipeline";

const Plot = lazy(() => import("../../ui/plot"));
const Graph = lazy(() => import("../../ui/graph"));

export function Overview({ product, progress }: { product: DataProduct; progress: Progress | undefined }) {
  const ns = product.metadata.namespace ?? "";
  const name = product.metadata.name;
  const series = useRates(ns, name, progress);
  const served = servedRevision(progress);
  const plan = useData({
    queryKey: ["plan", ns, name, product.metadata.generation],
    queryFn: ({ signal }) => planOf(ns, name, undefined, signal),
    staleTime: 60_000,
    retry: false,
  });
  const degraded = condition(product, "Degraded");
  const fresh = condition(product, "Fresh");
  const status = product.status;
  const now = series.perSecond.at(-1);
  const warnings = served?.warnings ?? [];
  const pipeline = pipelineOf(product, progress, plan.data);
  return (
    <div className="overview">
      <div className="overview-main">
        {degraded?.status === "True" && (
          <Note
            tone="warn"
            title={`Degraded: ${spaced(degraded.reason)}`}
            actions={
              <Link href={to.product(ns, name, "parked")} className="link">
                Look at them
              </Link>
            }
          >
            <Prose text={degraded.message} />
          </Note>
        )}
        {fresh?.status === "False" && (
          <Note tone="warn" title={`Not fresh: more than ${product.spec.freshness ?? "60s"} behind`}>
            <Prose text={fresh.message} />
          </Note>
        )}
        {warnings.map((warning) => (
          <Note key={warning} tone="warn">
            {warning}
          </Note>
        ))}
        <Section title="Stages" aside={status?.revision && <Revision product={product} />}>
          <Steps steps={stepsOf(product)} />
        </Section>
        <dl className="figures">
          <Figure
            name="Rows"
            value={served?.rows === undefined ? "–" : count(served.rows)}
            exact={served?.rows === undefined ? undefined : exactCount(served.rows)}
            more={
              status?.verification?.checkTime ? (
                <>
                  verified <Time at={status.verification.checkTime} />
                </>
              ) : (
                "not verified yet"
              )
            }
          />
          <Figure
            name="Behind"
            value={served?.lagMilliseconds === undefined ? "–" : duration(served.lagMilliseconds)}
            more={
              served?.completeThrough
                ? `through ${clock(parseInstant(served.completeThrough) ?? new Date())}`
                : "nothing published yet"
            }
          />
          <Figure
            name="Taken in"
            value={count((served?.recordsRead ?? 0) + (served?.recordsLive ?? 0))}
            exact={exactCount((served?.recordsRead ?? 0) + (served?.recordsLive ?? 0))}
            more={
              served?.recordsLive === undefined
                ? undefined
                : `${exactCount(served.recordsLive)} live, ${plural(served.epochsCommitted ?? 0, "epoch")}`
            }
          />
          <Figure
            name="State"
            value={served?.stateBytes === undefined ? "–" : bytes(served.stateBytes)}
            more={
              served?.checkpoint ? (
                <>
                  checkpoint <Time at={served.checkpoint.at} />
                </>
              ) : (
                "no checkpoint yet"
              )
            }
          />
        </dl>
        <div className="plots">
          <Section
            title="Throughput"
            aside={<span className="plot-figure">{now == null ? "" : rate(now)}</span>}
          >
            <Suspense fallback={<Skeleton height={132} />}>
              <Plot
                at={series.at}
                values={series.perSecond}
                label="Records taken in per second over the last minutes"
                format={rate}
              />
            </Suspense>
          </Section>
          <Section
            title="Lag"
            aside={
              <span className="plot-figure">
                {served?.lagMilliseconds === undefined ? "" : duration(served.lagMilliseconds)}
              </span>
            }
          >
            <Suspense fallback={<Skeleton height={132} />}>
              <Plot
                at={series.at}
                values={series.lagSeconds}
                label="How far readers are behind, over the last minutes"
                format={(seconds) => duration(seconds * 1000)}
              />
            </Suspense>
          </Section>
        </div>
        <Section title="Pipeline" flush>
          <Suspense fallback={<Skeleton height={220} />}>
            <Graph label="Pipeline of the product" {...pipeline} />
          </Suspense>
        </Section>
      </div>
      <aside className="overview-side" aria-label="About the product">
        <Endpoint product={product} />
        <Section title="About">
          <Facts>
            <Fact name="Owner">{product.spec.owner ?? <span className="dim">nobody named</span>}</Fact>
            {product.spec.description && <Fact name="One row is">{product.spec.description}</Fact>}
            <Fact name="Namespace">{ns}</Fact>
            <Fact name="History">
              {product.spec.history?.from ?? "Beginning"}
              {status?.startTime && (
                <span className="dim">
                  {" "}
                  from <Time at={status.startTime} />
                </span>
              )}
            </Fact>
            <Fact name="Key">
              {product.spec.target?.key ? (
                <code>{product.spec.target.key.join(", ")}</code>
              ) : (
                (plan.data?.target?.identity ?? <span className="dim">inferred</span>)
              )}
            </Fact>
            <Fact name="Guarantee">{status?.guarantee ? spaced(status.guarantee) : "–"}</Fact>
            <Fact name="Bad records">
              {product.spec.delivery?.errorPolicy === "Stop" ? "stop it" : "are parked"}
            </Fact>
            <Fact name="Fresh within">{product.spec.freshness ?? "60s"}</Fact>
            <Fact name="On deletion">
              {product.spec.deletionPolicy === "Retain" ? "target is kept" : "target goes"}
            </Fact>
            <Fact name="Made">
              <Time at={product.metadata.creationTimestamp} />
            </Fact>
          </Facts>
        </Section>
        <Section title="Reads">
          <ul className="reads">
            {(status?.sources ?? []).map((source) => (
              <li key={`${source.namespace}/${source.name}`} className="row">
                <Icon name="table" />
                <Link href={to.dataset(source.namespace, source.name)} className="link truncate">
                  {source.namespace === ns ? source.name : `${source.namespace}.${source.name}`}
                </Link>
                <span className="dim nowrap reads-more">
                  {source.columns === undefined ? "– columns" : plural(source.columns, "column")} · v
                  {source.schemaVersion}
                </span>
              </li>
            ))}
            {(status?.sources ?? []).length === 0 && <li className="dim">Not known before it is planned.</li>}
          </ul>
        </Section>
      </aside>
    </div>
  );
}

function Revision({ product }: { product: DataProduct }) {
  const revision = product.status?.revision;
  return (
    <>
      {revision?.current !== undefined && <Chip tone="good">revision {revision.current}</Chip>}
      {revision?.filling !== undefined && <Chip tone="busy">filling {revision.filling}</Chip>}
    </>
  );
}

function Figure({
  name,
  value,
  exact,
  more,
}: {
  name: string;
  value: string;
  exact?: string | undefined;
  more?: React.ReactNode;
}) {
  return (
    <div className="figure">
      <dt>{name}</dt>
      <dd title={exact}>{value}</dd>
      <dd className="figure-more">{more}</dd>
    </div>
  );
}

const WORDS = {
  done: "done",
  active: "in work",
  failed: "failed",
  waiting: "waiting",
  ahead: "not yet",
} as const;

function Steps({ steps }: { steps: Step[] }) {
  return (
    <ol className="steps" aria-label="Steps">
      {steps.map((step, index) => {
        const next = steps[index + 1];
        return (
          <li
            key={step.id}
            className={`step step-${step.state}`}
            aria-current={step.state === "active" ? "step" : undefined}
            title={step.message}
          >
            <span className="step-mark" aria-hidden="true">
              {step.state === "done" && <Icon name="check" size={12} />}
              {(step.state === "failed" || step.state === "waiting") && <Icon name="warn" size={12} />}
            </span>
            <div className="step-name">
              {step.name}
              <span className="sr-only">: {WORDS[step.state]}</span>
            </div>
            <div className="step-more">
              {step.at ? <Time at={step.at} /> : WORDS[step.state]}
              {step.id === "Backfilled" && step.state === "active" && step.at && (
                <>
                  {" · "}
                  <Elapsed since={step.at} until={next?.at === step.at ? undefined : next?.at} />
                </>
              )}
            </div>
          </li>
        );
      })}
    </ol>
  );
}

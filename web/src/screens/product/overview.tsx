import { useQuery as useData } from "@tanstack/react-query";
import { lazy, Suspense, useMemo } from "react";
import { Link } from "wouter";
import { condition, type DataProduct } from "../../api/resources";
import { type Progress, planOf, type RevisionProgress } from "../../api/view";
import { smoothed, useRates } from "../../data/rates";
import { bytes, count, exactCount, plural, rate } from "../../format/numbers";
import { clock, duration, local, parseDuration, parseInstant } from "../../format/time";
import { shortHistory } from "../../model/history";
import { type Step, servedRevision, spaced, stepsOf } from "../../model/product-state";
import { stageFact } from "../../model/stage-facts";
import { to } from "../../shell/location";
import { Chip, Fact, Facts, Section } from "../../ui/display";
import { Note, Prose, SkeletonArea } from "../../ui/feedback";
import { Icon } from "../../ui/icons";
import { Day, Elapsed, Time } from "../../ui/time";
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
  const shown = useMemo(() => smoothed(series, 5), [series]);
  const lately = smoothed(series, 60).at(-1);
  const goal = parseDuration(product.spec.freshness ?? "60s");
  const start = parseInstant(status?.startTime);
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
          <Steps product={product} served={served} />
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
            more={served?.recordsLive === undefined ? undefined : `${count(served.recordsLive)} of them live`}
          />
          <Figure
            name="Working state"
            value={
              served?.stateBytes === undefined
                ? "–"
                : served.stateBytes === 0
                  ? "none"
                  : bytes(served.stateBytes)
            }
            more={
              served?.checkpoint ? (
                <>
                  checkpoint <Time at={served.checkpoint.at} />
                </>
              ) : served?.stateBytes === 0 ? (
                "nothing to remember"
              ) : (
                "no checkpoint yet"
              )
            }
          />
        </dl>
        <div className="plots">
          <Section
            title="Throughput"
            aside={
              lately != null && (
                <>
                  <span className="small" title="of the last minute, or since this page is open">
                    mean
                  </span>
                  <span className="plot-figure">{rate(lately)}</span>
                </>
              )
            }
          >
            <Suspense fallback={<SkeletonArea height={132} />}>
              <Plot
                at={series.at}
                values={shown}
                label="Records taken in per second over the last minutes"
                format={(perSecond) =>
                  `${perSecond < 10 ? perSecond.toFixed(1).replace(/\.0$/, "") : count(perSecond)}/s`
                }
              />
            </Suspense>
          </Section>
          <Section
            title="Lag"
            aside={goal !== undefined && <span className="small">to stay within {duration(goal)}</span>}
          >
            <Suspense fallback={<SkeletonArea height={132} />}>
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
          <Suspense fallback={<SkeletonArea height={220} />}>
            <Graph label="Pipeline of the product" {...pipeline} />
          </Suspense>
        </Section>
      </div>
      <aside className="overview-side" aria-label="About the product">
        <Endpoint product={product} />
        <Section title="About">
          <Facts>
            <Fact name="Owner">{product.spec.owner ?? <span className="dim">nobody named</span>}</Fact>
            <Fact name="Namespace">{ns}</Fact>
            <Fact name="History">
              {shortHistory(product.spec.history?.from ?? "")}
              {start && (
                <span className="dim">
                  , from <Day at={start} />
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
            <Fact name="Fresh within">{goal === undefined ? product.spec.freshness : duration(goal)}</Fact>
            <Fact name="On deletion">
              {product.spec.deletionPolicy === "Retain" ? "target is kept" : "target is removed"}
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

/** What came of it, how long it has been at it, or since when it is so. */
function stageText(
  step: Step,
  next: Step | undefined,
  product: DataProduct,
  served: RevisionProgress | undefined,
): React.ReactNode {
  if (!step.at) return WORDS[step.state];
  if (step.id === "Backfilled" && step.state === "active") {
    return (
      <>
        for <Elapsed since={step.at} until={next?.at === step.at ? undefined : next?.at} />
      </>
    );
  }
  return (step.state === "done" && stageFact(step.id, product, served)) || <Time at={step.at} />;
}

function titleOf({ message, at }: Step): string | undefined {
  const instant = parseInstant(at);
  return [message, instant && local(instant)].filter(Boolean).join("\n") || undefined;
}

function Steps({ product, served }: { product: DataProduct; served: RevisionProgress | undefined }) {
  const steps = stepsOf(product);
  return (
    <ol className="steps" aria-label="Steps">
      {steps.map((step, index) => {
        const next = steps[index + 1];
        return (
          <li
            key={step.id}
            className={`step step-${step.state}`}
            aria-current={step.state === "active" ? "step" : undefined}
            title={titleOf(step)}
          >
            <span className="step-mark" aria-hidden="true">
              {step.state === "done" && <Icon name="check" size={12} />}
              {(step.state === "failed" || step.state === "waiting") && <Icon name="warn" size={12} />}
            </span>
            <div className="step-name">
              {step.name}
              <span className="sr-only">: {WORDS[step.state]}</span>
            </div>
            <div className="step-more">{stageText(step, next, product, served)}</div>
          </li>
        );
      })}
    </ol>
  );
}

// What a plan says: what will happen, what it reads, what it makes; shared by the builder and the definition.
import type { ReactNode } from "react";
import type { Plan, Problem } from "../../api/view";
import { bytes, count, exactCount } from "../../format/numbers";
import { roughly } from "../../format/time";
import { columnsAmong } from "../../model/column-tree";
import { Breakable, Chip, Fact, Facts, type Tone } from "../../ui/display";
import { Note } from "../../ui/feedback";
import "./plan-view.css";

const ACTIONS: Record<string, { tone: Tone; text: string }> = {
  Create: { tone: "good", text: "Makes a new product" },
  None: { tone: "idle", text: "Changes nothing" },
  Nothing: { tone: "idle", text: "Changes nothing" },
  InPlace: { tone: "good", text: "Changes in place: nothing is filled again" },
  ChangeInPlace: { tone: "good", text: "Changes in place: nothing is filled again" },
  Rebuild: {
    tone: "warn",
    text: "Rebuilds: a new revision is filled beside the present one, then takes its place",
  },
};

export function ProblemList({
  problems,
  tone,
  title,
}: {
  problems: Problem[];
  tone: "bad" | "warn";
  title: string;
}) {
  if (problems.length === 0) return null;
  return (
    <Note tone={tone} title={title}>
      {problems.map((problem, index) => (
        <div key={index} className="plan-problem">
          {(problem.field || problem.line) && (
            <code>
              {problem.field}
              {problem.line ? `:${problem.line}:${problem.column ?? 1}` : ""}
            </code>
          )}{" "}
          {problem.message}
          {problem.hint && <div className="dim">{problem.hint}</div>}
        </div>
      ))}
    </Note>
  );
}

export function PlanView({ plan, aside }: { plan: Plan; aside?: ReactNode }) {
  const action = ACTIONS[plan.action] ?? { tone: "busy" as Tone, text: plan.action };
  return (
    <div className="stack">
      <ProblemList problems={plan.errors} tone="bad" title="It cannot be made like this" />
      <ProblemList problems={plan.waiting} tone="warn" title="It will wait for what is not there yet" />
      <div className="plan-action">
        <Chip tone={action.tone}>{plan.action}</Chip>
        <span className="grow">{action.text}</span>
        {aside}
      </div>
      {plan.reasons.length > 0 && plan.action !== "Create" && (
        <ul className="consequences">
          {plan.reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      {(plan.warnings.length > 0 || (plan.dependants?.length ?? 0) > 0) && (
        <Note tone="warn">
          {plan.warnings.map((warning) => (
            <div key={warning}>{warning}</div>
          ))}
          {(plan.dependants ?? []).length > 0 && <div>Read by {plan.dependants?.join(", ")}.</div>}
        </Note>
      )}
      {plan.sources.length > 0 && (
        <table className="plan-sources">
          <caption className="sr-only">What is read</caption>
          <thead>
            <tr>
              <th scope="col">Reads</th>
              <th scope="col" className="num">
                Records
              </th>
              <th scope="col" className="num">
                Bytes
              </th>
              <th scope="col" className="num">
                Columns
              </th>
            </tr>
          </thead>
          <tbody>
            {plan.sources.map((source) => (
              <tr key={source.dataset}>
                <th scope="row">
                  <span className="truncate">{source.dataset}</span>
                  <span className="plan-why" title={source.reason}>
                    {source.read}
                  </span>
                </th>
                <td className="num" title={exactCount(source.records)}>
                  {count(source.records)}
                </td>
                <td className="num">{bytes(source.bytes)}</td>
                <td className="num">
                  {columnsAmong(source.columns)}/{source.columnsTotal}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <Facts>
        {plan.estimate && (
          <Fact name="Takes about">
            {roughly(plan.estimate.seconds * 1000)}{" "}
            <span className="dim">
              at {count(plan.estimate.recordsPerSecond)}/s, {plan.estimate.basis}
            </span>
          </Fact>
        )}
        {plan.target && (
          <>
            <Fact name="Lands in">
              <code>{plan.target.name}</code> <span className="dim">{plan.target.className}</span>
            </Fact>
            <Fact name="Key">{plan.target.identity}</Fact>
          </>
        )}
        {plan.guarantee && (
          <Fact name="Guarantee">{plan.guarantee.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()}</Fact>
        )}
        {(plan.makes ?? []).length > 0 && (
          <Fact name="Makes">
            {plan.makes?.map((made) => (
              <div key={made}>
                <Breakable text={made} />
              </div>
            ))}
          </Fact>
        )}
      </Facts>
      {plan.explain && (
        <details className="explain">
          <summary>How it is computed</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
          <pre tabIndex={0}>{plan.explain}</pre>
        </details>
      )}
    </div>
  );
}

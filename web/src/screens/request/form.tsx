import type { Builder } from "../../data/builder";
import type { Draft } from "../../data/draft";
import { Note } from "../../ui/feedback";
import { ColumnsStep, ResultStep } from "./columns";
import { DataStep } from "./data";
import { FiltersStep } from "./filters";
import { GroupStep } from "./group";
import { HistoryStep } from "./history";
import { AboutStep, TargetStep } from "./target";

export interface StepProps {
  draft: Draft;
  builder: Builder;
  /** It exists: its name, namespace, class and table are settled. */
  fixed: boolean;
}

export function BuilderForm(props: StepProps) {
  const { draft, builder } = props;
  const sql = draft.fields?.sql ?? "";
  const { analysis } = builder;
  const undrawable = analysis?.sql === sql && sql.trim() !== "" ? analysis.undrawable : undefined;
  const noForm = !draft.fields || undrawable !== undefined;
  return (
    <>
      {undrawable && (
        <Note tone="idle" title="This query is edited as SQL">
          {undrawable.reason} History, target and name below work as ever.
        </Note>
      )}
      {!draft.fields && (
        <Note tone="bad" title="The YAML is not well-formed">
          The form comes back when it is.
        </Note>
      )}
      <fieldset className="request-steps" disabled={noForm} aria-disabled={noForm}>
        <legend className="sr-only">Query</legend>
        <DataStep {...props} />
        {(analysis?.form?.datasets.length ?? 0) > 0 && (
          <>
            <ColumnsStep {...props} />
            <ResultStep {...props} />
            <FiltersStep {...props} />
            <GroupStep {...props} />
          </>
        )}
      </fieldset>
      {sql.trim() !== "" && (
        <fieldset className="request-steps" disabled={!draft.fields}>
          <legend className="sr-only">Delivery</legend>
          <HistoryStep {...props} />
          <TargetStep {...props} />
          <AboutStep {...props} />
        </fieldset>
      )}
    </>
  );
}

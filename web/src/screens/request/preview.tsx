import type { Preview as PreviewResult } from "../../api/view";
import { exactCount, plural } from "../../format/numbers";
import { previewSteps } from "../../model/preview-steps";
import { Empty, Note } from "../../ui/feedback";
import { Rows } from "../../ui/rows";
import { When } from "../../ui/time";
import { ProblemList } from "../product/plan-view";

export function Preview({ preview, ns, stale }: { preview: PreviewResult; ns: string; stale: boolean }) {
  const { steps, notes } = previewSteps(preview);
  return (
    <div className={stale ? "preview preview-stale" : "preview"}>
      <ProblemList problems={preview.errors} tone="bad" title="It cannot be computed like this" />
      <ProblemList problems={preview.waiting} tone="warn" title="Something is not there yet" />
      {preview.warnings.length > 0 && <Note tone="warn">{preview.warnings.join("\n")}</Note>}
      {steps.length > 0 && (
        <ol className="preview-steps" aria-label="What became of the records">
          {steps.map((step, index) => (
            <li key={index} title={step.sentence}>
              <strong>
                {step.dataset.startsWith(`${ns}/`) ? step.dataset.slice(ns.length + 1) : step.dataset}
              </strong>{" "}
              <span className={step.short ? "preview-short" : undefined}>{step.text}</span>
              {step.backTo && (
                <span className="dim">
                  {" "}
                  since <When at={step.backTo} />
                </span>
              )}
            </li>
          ))}
        </ol>
      )}
      {notes.length > 0 && <p className="preview-notes">{notes.join("\n")}</p>}
      {preview.badRecordsCount > 0 && (
        <Note
          tone="warn"
          title={`${plural(preview.badRecordsCount, "record does", "records do")} not decode`}
        >
          {preview.badRecords.slice(0, 3).join("\n")}
        </Note>
      )}
      {preview.rowErrors.length > 0 && (
        <Note tone="bad" title={`${plural(preview.rowErrors.length, "row")} in error`}>
          {preview.rowErrors
            .slice(0, 3)
            .map((each) => `${each.message} (${each.operation})`)
            .join("\n")}
        </Note>
      )}
      {preview.keyViolations.length > 0 && (
        <Note tone="bad" title="Two rows claim one key">
          {preview.keyViolations
            .slice(0, 3)
            .map((each) => `${each.key}: ${each.first} and ${each.second}`)
            .join("\n")}
        </Note>
      )}
      {preview.rows.length > 0 ? (
        <>
          <Rows label="Rows of the preview" columns={preview.columns} rows={preview.rows} />
          <p className="preview-count">
            {exactCount(preview.rows.length)} of{" "}
            {preview.moreRows
              ? `${exactCount(preview.rowsFound)} or more rows`
              : plural(preview.rowsFound, "row")}
          </p>
        </>
      ) : (
        preview.errors.length === 0 &&
        preview.waiting.length === 0 && (
          <Empty icon="table" title="No row comes out">
            None of the records that were looked at passes. Filters may be too narrow, or what is joined has
            no partner.
          </Empty>
        )
      )}
    </div>
  );
}

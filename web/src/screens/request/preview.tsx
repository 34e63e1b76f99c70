import type { Preview as PreviewResult } from "../../api/view";
import { exactCount, plural } from "../../format/numbers";
import { Chip } from "../../ui/display";
import { Empty, Note } from "../../ui/feedback";
import { Rows } from "../../ui/rows";
import { ProblemList } from "../product/plan-view";

export function Preview({ preview, stale }: { preview: PreviewResult; stale: boolean }) {
  const partial = preview.sources.some((source) => !source.complete) || preview.moreRows;
  return (
    <div className={stale ? "preview preview-stale" : "preview"}>
      <ProblemList problems={preview.errors} tone="bad" title="It cannot be computed like this" />
      <ProblemList problems={preview.waiting} tone="warn" title="Something is not there yet" />
      {preview.warnings.length > 0 && <Note tone="warn">{preview.warnings.join("\n")}</Note>}
      {preview.summary.length > 0 && (
        <ol className="preview-summary" aria-label="What became of the records">
          {preview.summary.map((line, index) => (
            <li key={index}>{line}</li>
          ))}
          {partial && (
            <li>
              <Chip tone="warn">sample, may be incomplete</Chip>
            </li>
          )}
        </ol>
      )}
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

import type { CatalogDataset } from "../../api/catalog";
import { useSample } from "../../data/catalogue";
import { exactCount, plural } from "../../format/numbers";
import { Button } from "../../ui/button";
import { Section } from "../../ui/display";
import { Empty, Failure, Note, SkeletonRows } from "../../ui/feedback";
import { Rows } from "../../ui/rows";
import { Time } from "../../ui/time";

export function Sample({ dataset }: { dataset: CatalogDataset }) {
  const sample = useSample(dataset.namespace, dataset.name, dataset.readable);
  if (!dataset.readable) {
    return (
      <div className="section">
        <Empty icon="lock" title="Its records may not be read from here">
          Its schema is there for everybody. For the records ask {dataset.owner || "its owner"}.
        </Empty>
      </div>
    );
  }
  if (sample.isPending) {
    return (
      <div className="section">
        <SkeletonRows rows={8} height={36} />
      </div>
    );
  }
  if (sample.isError)
    return <Failure what="No record could be read." error={sample.error} retry={() => sample.refetch()} />;
  const data = sample.data;
  const problems = [...data.errors, ...data.waiting];
  return (
    <>
      {problems.map((problem) => (
        <Note key={problem.message} tone="warn">
          {problem.message}
          {problem.hint && `\n${problem.hint}`}
        </Note>
      ))}
      {(data.badRecordsCount ?? 0) > 0 && (
        <Note
          tone="warn"
          title={`${plural(data.badRecordsCount ?? 0, "record does", "records do")} not decode`}
        >
          {(data.badRecords ?? []).slice(0, 3).join("\n")}
        </Note>
      )}
      <Section
        title={`Newest ${dataset.type === "Entity" ? "of each key" : "records"}`}
        flush
        aside={
          <>
            <span className="small">
              {data.whole ? (
                "all there are"
              ) : (
                <>
                  of {exactCount(data.recordsRead)} read, back to <Time at={data.backTo} />
                </>
              )}
            </span>
            <Button small icon="refresh" pending={sample.isFetching} onPress={() => sample.refetch()}>
              Read again
            </Button>
          </>
        }
      >
        {data.rows.length === 0 && problems.length === 0 ? (
          <Empty icon="table" title="There is no record yet">
            The topic is there and holds nothing.
          </Empty>
        ) : (
          <Rows label="Values of the newest records" columns={data.columns} rows={data.rows} />
        )}
      </Section>
    </>
  );
}

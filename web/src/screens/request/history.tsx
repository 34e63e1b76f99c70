import { useDataset } from "../../data/catalogue";
import { duration, parseInstant } from "../../format/time";
import { historySteps, sayHistory, stepOf } from "../../model/history";
import { TextEdit } from "./columns";
import type { StepProps } from "./form";
import { Step } from "./step";

export function HistoryStep({ draft, builder }: StepProps) {
  const reads = builder.analysis?.reads ?? [];
  const driving = reads.find((each) => each.windowed) ?? reads[0];
  const from = draft.fields?.historyFrom ?? "";
  return (
    <Step title="History" aside={<span className="soft">{sayHistory(from)}</span>}>
      {driving ? (
        <Known key={`${driving.namespace}/${driving.name}`} draft={draft} driving={driving} />
      ) : (
        <Slider draft={draft} existsMs={undefined} note="It is loaded before what is new." />
      )}
    </Step>
  );
}

function Known({
  draft,
  driving,
}: {
  draft: StepProps["draft"];
  driving: { namespace: string; name: string };
}) {
  const dataset = useDataset(driving.namespace, driving.name);
  const oldest = parseInstant(dataset.data?.oldest);
  const existsMs = oldest ? Date.now() - oldest.getTime() : undefined;
  return (
    <Slider
      draft={draft}
      existsMs={existsMs}
      note={
        existsMs === undefined
          ? `How far ${driving.name} goes back is not known yet.`
          : `${driving.name} goes back ${duration(existsMs)}.`
      }
    />
  );
}

function Slider({
  draft,
  existsMs,
  note,
}: {
  draft: StepProps["draft"];
  existsMs: number | undefined;
  note: string;
}) {
  const from = draft.fields?.historyFrom ?? "";
  const steps = historySteps(existsMs);
  const at = stepOf(from, steps);
  const set = (value: string) => draft.set("historyFrom", value === "Beginning" ? "" : value);
  return (
    <div className="history">
      <input
        type="range"
        className="slider"
        min={0}
        max={steps.length - 1}
        step={1}
        value={at}
        aria-label="How much history"
        aria-valuetext={sayHistory(from)}
        style={{ "--at": `${(at / Math.max(1, steps.length - 1)) * 100}%` } as React.CSSProperties}
        onChange={(event) => set(steps[Number(event.target.value)] ?? "Beginning")}
      />
      <div className="history-ends" aria-hidden="true">
        <span>Now</span>
        <span>Beginning</span>
      </div>
      <div className="history-exact">
        <span className="dim small">{note}</span>
        <span className="history-value">
          <TextEdit
            label="History from, exactly"
            value={from || "Beginning"}
            onCommit={(value) => set(value.trim())}
          />
        </span>
      </div>
    </div>
  );
}

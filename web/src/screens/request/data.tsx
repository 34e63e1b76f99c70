import { useState } from "react";
import type { Edit, FormDataset, FormJoin, Proposal } from "../../api/builder";
import { flattened } from "../../model/column-tree";
import { firstColumns } from "../../model/draft";
import { Button, IconButton } from "../../ui/button";
import { Chip } from "../../ui/display";
import { Note } from "../../ui/feedback";
import { Segments, Select } from "../../ui/field";
import { Icon } from "../../ui/icons";
import { DatasetPicker } from "./dataset-picker";
import type { StepProps } from "./form";
import { JoinDialog } from "./join-dialog";
import { Step } from "./step";

export function DataStep({ draft, builder }: StepProps) {
  const [picking, setPicking] = useState(false);
  const [joining, setJoining] = useState<{ namespace: string; name: string } | undefined>(undefined);
  const form = builder.analysis?.form;
  const datasets = form?.datasets ?? [];
  const ns = draft.fields?.namespace ?? "default";
  const [all, setAll] = useState(false);
  const proposals = oneEach(builder.analysis?.proposals ?? []);
  const offered = all ? proposals : proposals.slice(0, FIRST_PROPOSALS);
  const pick = (namespace: string, name: string) => {
    setPicking(false);
    if (datasets.length === 0) {
      // The product lives where its data is, until somebody says otherwise.
      if (ns === "default") draft.set("namespace", namespace);
      setTimeout(() => builder.edit({ kind: "addDataset", namespace, name }, firstColumns), 0);
      return;
    }
    const proposed = (builder.analysis?.proposals ?? []).find(
      (each) => each.namespace === namespace && each.name === name && each.joinable,
    );
    if (proposed) builder.edit(joinEdit(proposed));
    else setJoining({ namespace, name });
  };
  return (
    <Step
      title="Data"
      aside={
        datasets.length > 0 && (
          <Button small icon="request" onPress={() => setPicking(true)}>
            Add dataset
          </Button>
        )
      }
    >
      {datasets.length === 0 ? (
        <div className="data-first">
          <p className="soft">
            Begin with the dataset that drives the result: each of its records can become a row.
          </p>
          <Button variant="primary" icon="search" onPress={() => setPicking(true)}>
            Choose a dataset
          </Button>
        </div>
      ) : (
        <ul className="data-list">
          {datasets.map((dataset, index) => (
            <DatasetRow
              key={dataset.alias}
              dataset={dataset}
              ns={ns}
              join={form?.joins[index - 1]}
              all={datasets}
              edit={builder.edit}
            />
          ))}
        </ul>
      )}
      {proposals.length > 0 && (
        <div className="proposals">
          <h3>Joins that fit</h3>
          <ul>
            {offered.map((proposal) => (
              <li key={`${proposal.namespace}/${proposal.name}`} className="proposal" title={proposal.reason}>
                <div className="grow proposal-text">
                  <strong>
                    {proposal.namespace === ns ? proposal.name : `${proposal.namespace}.${proposal.name}`}
                  </strong>
                  {proposal.basis === "Declared" && <Chip>declared</Chip>}
                  {!proposal.readable && <Chip icon="lock">ask {proposal.owner || "its owner"}</Chip>}
                  <span className="dim small">
                    {proposal.problem ?? (
                      <>
                        on <code>{pairsText(proposal)}</code>
                      </>
                    )}
                  </span>
                </div>
                <Button
                  small
                  aria-label={`Join ${proposal.name}`}
                  isDisabled={!proposal.joinable || !proposal.readable}
                  onPress={() => builder.edit(joinEdit(proposal))}
                >
                  Join
                </Button>
              </li>
            ))}
          </ul>
          {proposals.length > offered.length && (
            <Button small variant="ghost" onPress={() => setAll(true)}>
              {proposals.length - offered.length} more
            </Button>
          )}
        </div>
      )}
      {picking && <DatasetPicker reader={ns} onPick={pick} onClose={() => setPicking(false)} />}
      {joining && (
        <JoinDialog
          datasets={datasets}
          {...joining}
          onClose={() => setJoining(undefined)}
          onJoin={(edit) => {
            setJoining(undefined);
            builder.edit(edit);
          }}
        />
      )}
    </Step>
  );
}

const FIRST_PROPOSALS = 3;

/** The best of each dataset: once it is joined, its columns can be chosen. */
export function oneEach(proposals: readonly Proposal[]): Proposal[] {
  const found = new Map<string, Proposal>();
  for (const each of proposals) {
    const id = `${each.namespace}/${each.name}`;
    const before = found.get(id);
    if (!before || (!before.joinable && each.joinable)) found.set(id, each);
  }
  return [...found.values()];
}

/** "o.customer_id", or "o.region = area" where the other column has another name. */
const pairsText = (proposal: Proposal) =>
  proposal.pairs
    .map(
      ({ left, column }) =>
        `${left.dataset}.${left.column}${left.column === column ? "" : ` = ${proposal.name}.${column}`}`,
    )
    .join(" and ");

const joinEdit = (proposal: Proposal): Edit => ({
  kind: "addDataset",
  namespace: proposal.namespace,
  name: proposal.name,
  join: { type: "Inner", pairs: proposal.pairs },
});

function DatasetRow({
  dataset,
  ns,
  join,
  all,
  edit,
}: {
  dataset: FormDataset;
  ns: string;
  join: FormJoin | undefined;
  all: FormDataset[];
  edit: (...edits: Edit[]) => void;
}) {
  const name = dataset.namespace === ns ? dataset.name : `${dataset.namespace}.${dataset.name}`;
  return (
    <li className="data-row">
      <div className="data-row-head">
        <Icon name="table" />
        <strong className="truncate">{name}</strong>
        {dataset.alias !== dataset.name && <code className="dim">{dataset.alias}</code>}
        {dataset.type && <Chip>{dataset.type}</Chip>}
        {join === undefined && <Chip>drives</Chip>}
        <span className="grow" />
        {join && (
          <Segments
            label={`How ${name} is joined`}
            value={join.type}
            onChange={(type) => edit({ kind: "setJoin", dataset: join.dataset, type })}
            options={[
              { id: "Inner", label: "must match" },
              { id: "Left", label: "may be missing" },
            ]}
          />
        )}
        <IconButton
          small
          icon="close"
          label={`Remove ${name}`}
          onPress={() => edit({ kind: "removeDataset", dataset: dataset.alias })}
        />
      </div>
      {join && (
        <div className="data-join">
          <span className="dim">on</span>
          {join.pairs.map((_, index) => (
            <JoinPairSelects key={index} join={join} index={index} all={all} edit={edit} />
          ))}
        </div>
      )}
      {dataset.state !== "Ready" && (
        <Note tone={dataset.state === "Denied" ? "bad" : "warn"}>{dataset.message ?? dataset.state}</Note>
      )}
    </li>
  );
}

function JoinPairSelects({
  join,
  index,
  all,
  edit,
}: {
  join: FormJoin;
  index: number;
  all: FormDataset[];
  edit: (...edits: Edit[]) => void;
}) {
  const pair = join.pairs[index];
  const right = all.find((each) => each.alias === join.dataset);
  const earlier = all.slice(0, Math.max(1, right ? all.indexOf(right) : all.length));
  if (!pair) return null;
  const change = (next: typeof pair) =>
    edit({
      kind: "setJoin",
      dataset: join.dataset,
      pairs: join.pairs.map((each, at) => (at === index ? next : each)),
    });
  const rightColumns = flattened(right?.columns ?? []);
  const typeOf = rightColumns.find((column) => column.name === pair.column)?.type;
  return (
    <span className="join-pair">
      <Select
        small
        hideLabel
        label="Column of the datasets before"
        value={`${pair.left.dataset}.${pair.left.column}`}
        onChange={(id) => {
          const cut = id.indexOf(".");
          change({ ...pair, left: { dataset: id.slice(0, cut), column: id.slice(cut + 1) } });
        }}
        options={earlier.flatMap((dataset) =>
          flattened(dataset.columns ?? []).map((column) => ({
            id: `${dataset.alias}.${column.name}`,
            label: `${dataset.alias}.${column.name}`,
            detail: column.type,
            disabled: typeOf !== undefined && column.type !== typeOf,
          })),
        )}
      />
      <span className="dim">=</span>
      <Select
        small
        hideLabel
        label={`Column of ${join.dataset}`}
        value={pair.column}
        onChange={(column) => change({ ...pair, column })}
        options={rightColumns.map((column) => ({
          id: column.name,
          label: `${join.dataset}.${column.name}`,
          detail: column.type,
        }))}
      />
    </span>
  );
}

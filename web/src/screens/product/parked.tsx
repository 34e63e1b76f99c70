import { useQuery as useData, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { DataProduct } from "../../api/resources";
import { type ParkedEntry, parkedOf, parkedRecord, settleParked } from "../../api/view";
import { keys } from "../../data/products";
import { bytes, exactCount, plural } from "../../format/numbers";
import { spaced } from "../../model/product-state";
import { commandsOf } from "../../model/snippets";
import { usePolling } from "../../shell/live";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { Code } from "../../ui/copy";
import { Chip, Fact, Facts, type Tone } from "../../ui/display";
import { Empty, Failure, SkeletonRows } from "../../ui/feedback";
import { Checkbox } from "../../ui/field";
import { Dialog } from "../../ui/overlay";
import { Table } from "../../ui/table";
import { Time } from "../../ui/time";
import { toast } from "../../ui/toast";
import { Commands } from "./actions";

const TONES: Record<string, Tone> = { Parked: "warn", Waiting: "idle", Retrying: "busy", Discarded: "idle" };
const KINDS: Record<string, string> = {
  Input: "record",
  Output: "row not taken",
  ErrorRow: "row in error",
  Key: "key claimed twice",
};

// What can be replayed or discarded: errors of rows and keys go by themselves when their records are corrected.
const settles = (entry: ParkedEntry) =>
  (entry.kind === "Input" || entry.kind === "Output") && entry.status !== "Discarded";

const RANK: Record<string, number> = { Parked: 0, Retrying: 1, Waiting: 2, Discarded: 3 };

/** What can be acted on first; what waits behind the keys of those after it. */
export function inOrder(entries: readonly ParkedEntry[]): ParkedEntry[] {
  return [...entries].sort(
    (a, b) =>
      (RANK[a.status] ?? 9) - (RANK[b.status] ?? 9) ||
      (a.key ?? "").localeCompare(b.key ?? "") ||
      (a.partition ?? 0) - (b.partition ?? 0) ||
      (a.offset ?? 0) - (b.offset ?? 0),
  );
}

export default function Parked({ product }: { product: DataProduct }) {
  const ns = product.metadata.namespace ?? "";
  const name = product.metadata.name;
  const client = useQueryClient();
  const polling = usePolling(4000);
  const counted = product.status?.parkedRecords ?? 0;
  const parked = useData({
    queryKey: [...keys.parked(ns, name), counted],
    queryFn: ({ signal }) => parkedOf(ns, name, signal),
    refetchInterval: polling,
    placeholderData: (before) => before,
    retry: false,
  });
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [asked, setAsked] = useState<"replay" | "discard" | undefined>(undefined);
  const [shown, setShown] = useState<string | undefined>(undefined);
  const entries = inOrder(parked.data?.entries ?? []);
  const possible = entries.filter(settles);
  const ids = possible.filter((entry) => chosen.has(entry.id)).map((entry) => entry.id);
  if (parked.isPending) {
    return (
      <div className="section">
        <SkeletonRows rows={4} />
      </div>
    );
  }
  if (parked.isError && !parked.data) {
    return (
      <Failure what="The ledger could not be read." error={parked.error} retry={() => parked.refetch()} />
    );
  }
  if (entries.length === 0) {
    return (
      <div className="section">
        <Empty icon="check" title="Nothing is left out">
          A record that does not decode, or a row that the target refuses, would stand here with its reason,
          to be replayed or discarded.
        </Empty>
      </div>
    );
  }
  const toggle = (id: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(id);
    else next.delete(id);
    setChosen(next);
  };
  return (
    <>
      <div className="filters">
        <Checkbox
          checked={ids.length > 0 && ids.length === possible.length}
          indeterminate={ids.length > 0 && ids.length < possible.length}
          disabled={possible.length === 0}
          onChange={(on) => setChosen(on ? new Set(possible.map((entry) => entry.id)) : new Set())}
        >
          <span>{ids.length > 0 ? `${exactCount(ids.length)} chosen` : "Choose all"}</span>
        </Checkbox>
        <span className="grow" />
        <Button icon="refresh" isDisabled={ids.length === 0} onPress={() => setAsked("replay")}>
          Replay
        </Button>
        <Button icon="trash" isDisabled={ids.length === 0} onPress={() => setAsked("discard")}>
          Discard
        </Button>
      </div>
      <div className="section">
        <Table
          label="Parked records"
          rows={entries}
          keyOf={(entry) => entry.id}
          dimOf={(entry) => entry.status === "Discarded"}
          columns={[
            {
              id: "choose",
              head: <span className="sr-only">Choose</span>,
              width: "24px",
              cell: (entry) => (
                <Checkbox
                  label={`Choose ${entry.id}`}
                  checked={chosen.has(entry.id)}
                  disabled={!settles(entry)}
                  onChange={(on) => toggle(entry.id, on)}
                />
              ),
            },
            {
              id: "status",
              head: "Status",
              width: "88px",
              from: "s",
              cell: (entry) => <Chip tone={TONES[entry.status] ?? "idle"}>{entry.status}</Chip>,
            },
            {
              id: "error",
              head: "What is wrong",
              width: "minmax(0, 3fr)",
              cell: (entry) => (
                <span className="two-lines">
                  <span className="truncate" title={String(entry.error ?? "")}>
                    {String(
                      entry.error ??
                        (entry.status === "Waiting" ? "waits behind an earlier one of its key" : ""),
                    )}
                  </span>
                  <span className="second-line">
                    <span className="until-s">{entry.status} </span>
                    {KINDS[entry.kind] ?? entry.kind}
                    {entry.code ? ` · ${spaced(String(entry.code))}` : ""}
                  </span>
                </span>
              ),
            },
            {
              id: "where",
              head: "Where",
              width: "minmax(0, 1.2fr)",
              from: "m",
              cell: (entry) => (
                <span className="two-lines">
                  <span className="truncate">{entry.dataset}</span>
                  {entry.partition !== undefined && (
                    <span className="second-line">
                      partition {entry.partition}, offset {exactCount(entry.offset ?? 0)}
                    </span>
                  )}
                </span>
              ),
            },
            {
              id: "key",
              head: "Key",
              width: "minmax(0, 120px)",
              from: "s",
              cell: (entry) =>
                entry.key ? <code className="truncate">{entry.key}</code> : <span className="dim">–</span>,
            },
            {
              id: "at",
              head: "Since",
              width: "80px",
              right: true,
              from: "m",
              cell: (entry) => (
                <span className="soft">
                  <Time at={entry.at} />
                </span>
              ),
            },
            {
              id: "look",
              head: <span className="sr-only">Look at it</span>,
              width: "56px",
              right: true,
              cell: (entry) => (
                <Button
                  small
                  variant="ghost"
                  onPress={() => setShown(entry.id)}
                  aria-label={`Show ${entry.id}`}
                >
                  Show
                </Button>
              ),
            },
          ]}
        />
      </div>
      <SettleDialog
        product={product}
        verb={asked}
        ids={ids}
        onClose={() => setAsked(undefined)}
        onDone={() => {
          setAsked(undefined);
          setChosen(new Set());
          client.invalidateQueries({ queryKey: keys.parked(ns, name) });
        }}
      />
      {shown !== undefined && (
        <RecordDialog ns={ns} name={name} id={shown} onClose={() => setShown(undefined)} />
      )}
    </>
  );
}

function SettleDialog({
  product,
  verb,
  ids,
  onClose,
  onDone,
}: {
  product: DataProduct;
  verb: "replay" | "discard" | undefined;
  ids: string[];
  onClose: () => void;
  onDone: () => void;
}) {
  const { pending, error, run, forget } = useAction(onDone);
  const ns = product.metadata.namespace ?? "";
  const name = product.metadata.name;
  const what = plural(ids.length, "record");
  const close = () => {
    forget();
    onClose();
  };
  const settle = async () => {
    if (!verb) return;
    await run(async () => {
      const { outcome } = await settleParked(ns, name, verb, { ids });
      const still = Number(outcome.stillParked ?? 0);
      const taken = Number(outcome.replayed ?? 0);
      const discarded = Number(outcome.discarded ?? 0);
      const notes = Array.isArray(outcome.notes) ? outcome.notes.map(String) : [];
      const behind =
        taken > 0 ? `, ${exactCount(taken)} behind ${discarded === 1 ? "it" : "them"} taken in` : "";
      toast(
        verb === "replay"
          ? `${plural(taken, "record")} taken in${still > 0 ? `, ${exactCount(still)} still parked` : ""}`
          : `${plural(discarded, "record")} discarded${behind}`,
        { detail: notes.slice(0, 3).join("\n") || undefined },
      );
    });
  };
  const discard = verb === "discard";
  return (
    <Dialog
      title={discard ? `Discard ${what}?` : `Replay ${what}?`}
      open={verb !== undefined}
      onClose={close}
      actions={
        <>
          <Button onPress={close}>Cancel</Button>
          <Button variant={discard ? "danger" : "primary"} pending={pending} onPress={settle}>
            {discard ? `Discard ${what}` : `Replay ${what}`}
          </Button>
        </>
      }
    >
      <ul className="consequences">
        {discard ? (
          <>
            <li>They are left out for good, also by the next revisions of this product.</li>
            <li>What waits behind them, of the same key, comes in now.</li>
          </>
        ) : (
          <>
            <li>They are read again from their source, in the order of their key.</li>
            <li>
              What decodes now comes in; the first that does not stays parked, with what follows of its key.
            </li>
          </>
        )}
        <li>It is carried out by the worker between two epochs, and answered when that is committed.</li>
      </ul>
      <Commands
        offtake={`offtake errors ${verb ?? "replay"} ${name} ${ids.slice(0, 3).join(" ")}${ids.length > 3 ? " …" : ""} -n ${ns}`}
        kubectl=""
      />
      {error !== undefined && (
        <Failure what={discard ? "Nothing was discarded." : "Nothing was replayed."} error={error} />
      )}
    </Dialog>
  );
}

function RecordDialog({
  ns,
  name,
  id,
  onClose,
}: {
  ns: string;
  name: string;
  id: string;
  onClose: () => void;
}) {
  const found = useData({
    queryKey: ["parked record", ns, name, id],
    queryFn: ({ signal }) => parkedRecord(ns, name, id, signal),
    retry: false,
  });
  const entry = found.data?.entry;
  const record = found.data?.record;
  return (
    <Dialog title="Parked record" open onClose={onClose} wide>
      {found.isPending && <SkeletonRows rows={4} height={28} />}
      {found.isError && <Failure what="It could not be read." error={found.error} />}
      {entry && (
        <Facts>
          <Fact name="Why">{String(entry.error ?? "–")}</Fact>
          {entry.dataset && <Fact name="Dataset">{entry.dataset}</Fact>}
          {entry.partition !== undefined && (
            <Fact name="Place">
              partition {entry.partition}, offset {exactCount(entry.offset ?? 0)}
            </Fact>
          )}
          <Fact name="Id">
            <code>{entry.id}</code>
          </Fact>
          {record?.timestamp && (
            <Fact name="Written">
              <Time at={record.timestamp} />
            </Fact>
          )}
        </Facts>
      )}
      {record && !record.found && (
        <p>Its topic does not have the record any more: it can be discarded, not replayed.</p>
      )}
      {record?.found && (
        <>
          {record.key !== undefined && record.key !== "" && (
            <>
              <h3>Key, hexadecimal</h3>
              <Code label="key" text={record.key} />
            </>
          )}
          <h3>
            Value
            {record.tombstone
              ? ": none, it is a tombstone"
              : `, hexadecimal, ${bytes(record.valueBytes ?? 0)}`}
          </h3>
          {record.value && <Code label="value" text={record.value} />}
          {!record.value && !record.tombstone && <p>Not shown: a column of the dataset is classified.</p>}
        </>
      )}
      <Commands {...commandsOf(ns, name).errors} />
    </Dialog>
  );
}

// What changes a product as a whole. Each says first what will happen, and how the same is done from a terminal.
import { useQuery as useData, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useLocation } from "wouter";
import { type DataProduct, deleteProduct, mergeProduct } from "../../api/resources";
import { planOf } from "../../api/view";
import { keys } from "../../data/products";
import { plural } from "../../format/numbers";
import { commandsOf } from "../../model/snippets";
import { to } from "../../shell/location";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { Code } from "../../ui/copy";
import { Failure, Note } from "../../ui/feedback";
import { TextField } from "../../ui/field";
import { Dialog } from "../../ui/overlay";
import { toast } from "../../ui/toast";

export function Commands({ offtake, kubectl }: { offtake: string; kubectl: string }) {
  return (
    <div className="command-pair">
      <span className="field-label">The same from a terminal</span>
      <Code text={offtake} label="offtake command" oneLine />
      {kubectl && <Code text={kubectl} label="kubectl command" oneLine />}
    </div>
  );
}

interface Asked {
  product: DataProduct;
  open: boolean;
  onClose: () => void;
}

export function PauseDialog({ product, open, onClose }: Asked) {
  const client = useQueryClient();
  const { pending, error, run } = useAction(onClose);
  const ns = product.metadata.namespace ?? "";
  const name = product.metadata.name;
  const commands = commandsOf(ns, name).pause;
  return (
    <Dialog
      title={`Pause ${name}?`}
      open={open}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            variant="primary"
            icon="pause"
            pending={pending}
            onPress={() =>
              run(async () => {
                await mergeProduct(ns, name, { spec: { paused: true } });
                toast(`${name} is paused`);
                await client.invalidateQueries({ queryKey: keys.product(ns, name) });
              })
            }
          >
            Pause
          </Button>
        </>
      }
    >
      <ul className="consequences">
        <li>Its worker stops at the end of the present epoch.</li>
        <li>Readers go on to see what is there; it grows old, and “Fresh” will say so.</li>
        <li>
          On resuming it goes on exactly where it stood, if its sources still hold the records since then.
        </li>
      </ul>
      <Commands {...commands} />
      {error !== undefined && <Failure what="It was not paused." error={error} />}
    </Dialog>
  );
}

export function DeleteDialog({ product, open, onClose }: Asked) {
  const [, navigate] = useLocation();
  const client = useQueryClient();
  const [typed, setTyped] = useState("");
  const ns = product.metadata.namespace ?? "";
  const name = product.metadata.name;
  const { pending, error, run } = useAction(() => {
    onClose();
    navigate(to.products);
  });
  const plan = useData({
    queryKey: ["plan", ns, name],
    queryFn: ({ signal }) => planOf(ns, name, undefined, signal),
    enabled: open,
    retry: false,
  });
  const retained = product.spec.deletionPolicy === "Retain";
  const endpoint = product.status?.endpoint;
  const rows = product.status?.verification?.rows;
  const what: ReactNode[] = [
    "The flow stops, and no earlier worker can write again.",
    retained ? (
      <>
        {endpoint ? <code>{endpoint.object}</code> : "The target"} stays with its rows (deletionPolicy:
        Retain). Nothing feeds it any more.
      </>
    ) : (
      <>
        {endpoint ? <code>{endpoint.object}</code> : "The target"}
        {rows !== undefined && ` with its ${plural(rows, "row")}`} is dropped. It can be made again only from
        what its sources still hold.
      </>
    ),
    "Its readers' credentials are revoked.",
  ];
  const dependants = plan.data?.dependants ?? [];
  return (
    <Dialog
      title={`Delete ${name}?`}
      open={open}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            variant="danger"
            icon="trash"
            pending={pending}
            isDisabled={typed !== name}
            onPress={() =>
              run(async () => {
                await deleteProduct(ns, name, product.metadata.uid);
                toast(`${name} is being deleted`);
                await client.invalidateQueries({ queryKey: keys.products });
              })
            }
          >
            Delete product
          </Button>
        </>
      }
    >
      <ul className="consequences">
        {what.map((line, index) => (
          <li key={index}>{line}</li>
        ))}
      </ul>
      {dependants.length > 0 && (
        <Note tone="warn" title="Others read what it makes">
          {dependants.join(", ")}: it is held until they have gone.
        </Note>
      )}
      <Commands {...commandsOf(ns, name).remove} />
      <TextField label={`Write ${name} to confirm`} value={typed} onChange={setTyped} mono />
      {error !== undefined && <Failure what="It was not deleted." error={error} />}
    </Dialog>
  );
}

import type { KubernetesEvent } from "../../api/resources";
import { useEvents } from "../../data/products";
import { spaced } from "../../model/product-state";
import { Chip } from "../../ui/display";
import { Empty, Failure, SkeletonRows } from "../../ui/feedback";
import { Table } from "../../ui/table";
import { Time } from "../../ui/time";

export function Events({ ns, name }: { ns: string; name: string }) {
  const events = useEvents(ns, name);
  const shown = [...(events.data ?? [])].sort((a, b) =>
    (b.lastTimestamp ?? "").localeCompare(a.lastTimestamp ?? ""),
  );
  if (events.isPending) {
    return (
      <div className="section">
        <SkeletonRows rows={5} height={36} />
      </div>
    );
  }
  if (events.isError && !events.data) {
    return (
      <Failure what="The events could not be read." error={events.error} retry={() => events.refetch()} />
    );
  }
  return (
    <div className="section">
      {shown.length === 0 ? (
        <Empty icon="history" title="Nothing happened within the hour">
          Events are kept for an hour. What lasts is in the steps and conditions of the overview.
        </Empty>
      ) : (
        <Table
          label="Events"
          rows={shown}
          keyOf={(event) => event.metadata.name}
          columns={[
            {
              id: "what",
              head: "Event",
              width: "minmax(120px, 200px)",
              from: "s",
              cell: (event) => <Reason event={event} />,
            },
            {
              id: "message",
              head: "What happened",
              width: "minmax(0, 1fr)",
              cell: (event) => (
                <span className="event-message">
                  <span className="until-s">
                    <Reason event={event} />{" "}
                  </span>
                  {event.message}
                </span>
              ),
            },
            {
              id: "count",
              head: "Times",
              width: "56px",
              right: true,
              from: "s",
              cell: (event) => event.count ?? 1,
            },
            {
              id: "when",
              head: "Last",
              width: "88px",
              right: true,
              cell: (event) => (
                <span className="soft">
                  <Time at={event.lastTimestamp} />
                </span>
              ),
            },
          ]}
        />
      )}
    </div>
  );
}

function Reason({ event }: { event: KubernetesEvent }) {
  return <Chip tone={event.type === "Warning" ? "warn" : "idle"}>{spaced(event.reason ?? "")}</Chip>;
}

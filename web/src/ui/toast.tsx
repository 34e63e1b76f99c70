import { useSyncExternalStore } from "react";
import { Icon } from "./icons";
import "./toast.css";

interface Toast {
  id: number;
  text: string;
  detail?: string | undefined;
  bad?: boolean | undefined;
}

let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function set(next: readonly Toast[]) {
  toasts = next;
  for (const listener of listeners) listener();
}

/** Says what was done, for a few seconds; what failed stays until it is closed. */
export function toast(text: string, more: { detail?: string | undefined; bad?: boolean } = {}): void {
  const id = nextId++;
  set([...toasts.slice(-3), { id, text, ...more }]);
  if (!more.bad) setTimeout(() => close(id), 5000);
}

function close(id: number) {
  set(toasts.filter((each) => each.id !== id));
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map((each) => (
        <div key={each.id} className={`toast tone-${each.bad ? "bad" : "good"}`}>
          <Icon name={each.bad ? "warn" : "check"} />
          <div className="grow">
            <strong>{each.text}</strong>
            {each.detail && <p>{each.detail}</p>}
          </div>
          <button
            type="button"
            className="search-clear"
            aria-label="Close message"
            onClick={() => close(each.id)}
          >
            <Icon name="close" size={12} />
          </button>
        </div>
      ))}
    </div>
  );
}

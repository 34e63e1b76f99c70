// The states that are not the content: nothing there, not there yet, failed.
import { type ReactNode, useEffect, useState } from "react";
import { ApiError } from "../api/client";
import { Button } from "./button";
import "./feedback.css";
import { Icon, type IconName } from "./icons";

export function Empty({
  icon = "catalogue",
  title,
  children,
  actions,
  page,
}: {
  icon?: IconName;
  title: string;
  /** It is the whole page. */
  page?: boolean;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <div className="empty">
      <span className="empty-icon">
        <Icon name={icon} size={20} />
      </span>
      {page ? <h1>{title}</h1> : <h2>{title}</h2>}
      {children && <div className="empty-text">{children}</div>}
      {actions && <div className="empty-actions">{actions}</div>}
    </div>
  );
}

/** What failed, in the server's words, and a way to try it again. */
export function Failure({ error, what, retry }: { error: unknown; what: string; retry?: () => void }) {
  const message = error instanceof Error ? error.message : String(error);
  const causes = error instanceof ApiError ? error.causes.filter((cause) => cause.message) : [];
  return (
    <div className="failure" role="alert">
      <Icon name="warn" />
      <div className="grow">
        <strong>{what}</strong>
        <p>{message}</p>
        {causes.length > 0 && (
          <ul>
            {causes.map((cause, index) => (
              <li key={index}>
                {cause.field && <code>{cause.field}</code>} {cause.message}
              </li>
            ))}
          </ul>
        )}
      </div>
      {retry && (
        <Button small icon="refresh" onPress={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** A sentence of the server; what stands in backticks is code. */
export function Prose({ text }: { text: string | undefined }) {
  if (!text) return null;
  return text.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part));
}

/** What stands for a page while its part of the console is loaded: the head keeps its place. */
export function PageSkeleton() {
  const shown = useLate(true);
  return (
    <div className={shown ? "" : "skeleton-early"}>
      <div className="page-head">
        <div className="page-head-line">
          <Skeleton width={180} height={20} />
        </div>
      </div>
      <div className="section">
        <SkeletonRows rows={8} />
      </div>
    </div>
  );
}

/** Something to know beside the content. */
export function Note({
  tone = "busy",
  title,
  children,
  actions,
}: {
  tone?: "busy" | "warn" | "bad" | "good" | "idle";
  title?: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <div className={`note tone-${tone}`} role="note">
      <Icon name={tone === "good" ? "check" : tone === "busy" || tone === "idle" ? "info" : "warn"} />
      <div className="grow">
        {title && <strong>{title}</strong>}
        {children && <div className="note-text">{children}</div>}
      </div>
      {actions && <div className="row">{actions}</div>}
    </div>
  );
}

/** True once `waiting` has lasted long enough to be shown; what is quick does not flicker. */
export function useLate(waiting: boolean, milliseconds = 150): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!waiting) {
      setLate(false);
      return;
    }
    const timer = setTimeout(() => setLate(true), milliseconds);
    return () => clearTimeout(timer);
  }, [waiting, milliseconds]);
  return waiting && late;
}

export function Skeleton({ width = "100%", height = 12 }: { width?: number | string; height?: number }) {
  return <span className="skeleton" style={{ width, height }} aria-hidden="true" />;
}

/** Holds the place of a picture or an editor whose code is on its way: a well, quieter than lines that stand for text. */
export function SkeletonArea({ height }: { height: number }) {
  return <div className="skeleton-area" style={{ height }} aria-hidden="true" />;
}

/** Lines that have the height of the rows they stand for. */
export function SkeletonRows({ rows = 6, height = 52 }: { rows?: number; height?: number }) {
  const shown = useLate(true);
  return (
    <div role="status" aria-label="Loading" className={shown ? "" : "skeleton-early"}>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className="skeleton-row" style={{ height }}>
          <Skeleton width={`${18 + ((index * 7) % 13)}%`} />
          <Skeleton width={`${28 + ((index * 11) % 17)}%`} />
        </div>
      ))}
    </div>
  );
}

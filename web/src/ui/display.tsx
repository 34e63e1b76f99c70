// What shows a thing: its state, a word about it, how far it is, how it went.
import { Fragment, type ReactNode, useId } from "react";
import "./display.css";
import { Icon, type IconName } from "./icons";

export type Tone = "good" | "busy" | "warn" | "bad" | "idle" | "violet";

/** A dot and its word: state is never told by colour alone. */
export function State({ tone, children, moving }: { tone: Tone; children: ReactNode; moving?: boolean }) {
  return (
    <span className={`state tone-${tone}`}>
      <span className={`dot${moving ? " dot-moving" : ""}`} aria-hidden="true" />
      <span className="truncate">{children}</span>
    </span>
  );
}

export function Chip({
  tone = "idle",
  icon,
  mono,
  children,
}: {
  tone?: Tone;
  icon?: IconName;
  mono?: boolean;
  children: ReactNode;
}) {
  return (
    <span className={`chip tone-${tone}${mono ? " mono" : ""}`}>
      {icon && <Icon name={icon} size={12} />}
      {children}
    </span>
  );
}

/** How far something is, from 0 to 1; without a fraction it is in work and nobody knows how far. */
export function Meter({
  fraction,
  label,
  tone = "busy",
}: {
  fraction: number | undefined;
  label: string;
  tone?: Tone;
}) {
  const known = fraction !== undefined;
  const value = Math.max(0, Math.min(1, fraction ?? 0));
  return (
    <div
      className={`meter tone-${tone}${known ? "" : " meter-unknown"}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={known ? Math.floor(value * 100) : undefined}
    >
      <div className="meter-bar" style={{ transform: `scaleX(${known ? value : 1})` }} />
    </div>
  );
}

/** Counts over equal spans, oldest first, as bars: what is counted is not joined by lines. */
export function Sparkline({
  values,
  label,
  width = 96,
  height = 24,
}: {
  values: readonly number[] | undefined;
  label: string;
  width?: number;
  height?: number;
}) {
  if (!values || values.length < 2) {
    return <span className="spark-none" style={{ width, height }} aria-hidden="true" />;
  }
  const top = Math.max(...values, 1e-9);
  const step = width / values.length;
  const gap = Math.min(2, step * 0.25);
  const bars = values.map((value, index) => {
    if (value <= 0) return "";
    const tall = Math.max(1.5, (value / top) * (height - 1));
    return `M${(index * step).toFixed(2)},${height}v-${tall.toFixed(2)}h${(step - gap).toFixed(2)}V${height}z`;
  });
  return (
    <svg
      className="spark"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path className="spark-ground" d={`M0,${height - 0.5}H${(width - gap).toFixed(2)}`} />
      <path className="spark-bars" d={bars.join("")} />
    </svg>
  );
}

/** Name and value, one a line, values aligned. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="facts">{children}</dl>;
}
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Section({
  title,
  aside,
  children,
  flush,
  id,
}: {
  title: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  /** The content brings its own edges (a table). */
  flush?: boolean;
  id?: string;
}) {
  const heading = useId();
  return (
    <section className={`section${flush ? " section-flush" : ""}`} aria-labelledby={heading} id={id}>
      <header className="section-head">
        <h2 id={heading}>{title}</h2>
        {aside && <div className="section-aside">{aside}</div>}
      </header>
      <div className="section-body">{children}</div>
    </section>
  );
}

/** A text with what was searched for marked. */
export function Marked({ text, ranges }: { text: string; ranges: readonly (readonly [number, number])[] }) {
  const parts: ReactNode[] = [];
  let at = 0;
  ranges.forEach(([start, end], index) => {
    if (start > at) parts.push(text.slice(at, start));
    parts.push(<mark key={index}>{text.slice(start, end)}</mark>);
    at = end;
  });
  parts.push(text.slice(at));
  return <>{parts}</>;
}

/** A path or an address: broken behind its joints, so that a narrow column does not cut through names. */
export function Breakable({ text }: { text: string }) {
  return text.split(/(?<=[/@,:?&])(?![/@,:?&])/).map((part, index) => (
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}

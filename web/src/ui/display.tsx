// What shows a thing: its state, a word about it, how far it is, how it went.
import { type ReactNode, useId } from "react";
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

/** Counts over equal spans, oldest first, as a small picture. */
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
  const gradient = useId();
  if (!values || values.length < 2) {
    return <span className="spark-none" style={{ width, height }} aria-hidden="true" />;
  }
  const top = Math.max(...values, 1e-9);
  const step = width / (values.length - 1);
  const y = (value: number) => height - 2 - (value / top) * (height - 5);
  const points = values.map((value, index) => `${(index * step).toFixed(1)},${y(value).toFixed(1)}`);
  return (
    <svg
      className="spark"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={label}
    >
      <defs>
        <linearGradient id={gradient} x1="0" y1="0" x2="0" y2="1">
          <stop offset="0" stopColor="currentColor" stopOpacity="0.22" />
          <stop offset="1" stopColor="currentColor" stopOpacity="0" />
        </linearGradient>
      </defs>
      <path d={`M0,${height} L${points.join(" L")} L${width},${height} Z`} fill={`url(#${gradient})`} />
      <path
        d={`M${points.join(" L")}`}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.25"
        strokeLinejoin="round"
      />
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

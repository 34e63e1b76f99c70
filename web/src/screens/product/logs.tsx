import { useEffect, useMemo, useRef, useState } from "react";
import { followLog } from "../../api/follow-log";
import type { DataProduct } from "../../api/resources";
import { type LogOf, openLog } from "../../api/view";
import { plural } from "../../format/numbers";
import { clock, parseInstant, utc } from "../../format/time";
import { commandsOf } from "../../model/snippets";
import { CopyButton } from "../../ui/copy";
import { Section } from "../../ui/display";
import { Failure, Note } from "../../ui/feedback";
import { Checkbox, SearchField, Segments } from "../../ui/field";

const MOST_LINES = 2000;

interface Line {
  id: number;
  at?: Date | undefined;
  level: string;
  message: string;
  fields: string;
  text: string;
}

// What the page itself says.
const KNOWN = new Set(["component", "namespace", "product"]);

function read(text: string, id: number): Line {
  try {
    const { ts, level, msg, ...rest } = JSON.parse(text) as Record<string, unknown>;
    return {
      id,
      at: parseInstant(String(ts ?? "")),
      level: String(level ?? ""),
      message: String(msg ?? ""),
      fields: Object.entries(rest)
        .filter(([name]) => !KNOWN.has(name))
        .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
        .join(" "),
      text,
    };
  } catch {
    return { id, level: "", message: text, fields: "", text };
  }
}

export default function Logs({ product }: { product: DataProduct }) {
  const ns = product.metadata.namespace ?? "";
  const name = product.metadata.name;
  const isFunction = product.spec.target?.function !== undefined;
  const [of, setOf] = useState<LogOf>("worker");
  const [lines, setLines] = useState<Line[]>([]);
  const [error, setError] = useState<unknown>(undefined);
  const [interrupted, setInterrupted] = useState(false);
  const [round, setRound] = useState(0);
  const [follow, setFollow] = useState(true);
  const [query, setQuery] = useState("");
  const box = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round is another try
  useEffect(() => {
    const stop = new AbortController();
    let id = 0;
    setLines([]);
    setError(undefined);
    setInterrupted(false);
    followLog(
      (signal) => openLog(ns, name, of, signal),
      {
        lines: (fresh) => {
          const more = fresh.map((text) => read(text, id++));
          setLines((before) => [...before, ...more].slice(-MOST_LINES));
        },
        interrupted: setInterrupted,
      },
      stop.signal,
    ).catch((failure) => {
      if (stop.signal.aborted) return;
      setInterrupted(false);
      setError(failure);
    });
    return () => stop.abort();
  }, [ns, name, of, round]);
  const shown = useMemo(() => {
    const wanted = query.trim().toLowerCase();
    return wanted === "" ? lines : lines.filter((line) => line.text.toLowerCase().includes(wanted));
  }, [lines, query]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: to the end whenever there are more lines
  useEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [shown, follow]);
  return (
    <>
      <div className="filters">
        <div className="filters-search">
          <SearchField
            label="Search the log"
            placeholder="Search the log"
            value={query}
            onChange={setQuery}
          />
        </div>
        {isFunction && (
          <Segments
            label="Whose log"
            value={of}
            onChange={setOf}
            options={[
              { id: "worker", label: "Worker" },
              { id: "function", label: "Function" },
            ]}
          />
        )}
        <Checkbox checked={follow} onChange={setFollow}>
          <span>Follow</span>
        </Checkbox>
        <span className="grow" />
        <CopyButton text={commandsOf(ns, name).logs.offtake}>Copy command</CopyButton>
      </div>
      {error !== undefined && (
        <Failure what="The log could not be read." error={error} retry={() => setRound(round + 1)} />
      )}
      {interrupted && (
        <Note tone="warn" title="The log broke off">
          What is shown is from before. It is followed again by itself.
        </Note>
      )}
      <Section
        title={of === "function" ? "Function's log" : "Worker's log"}
        flush
        aside={plural(shown.length, "line")}
      >
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
        <div ref={box} className="log" role="log" aria-label="Log" tabIndex={0} aria-live="off">
          {shown.length === 0 && error === undefined && (
            <span className="dim">{query ? "No line has it." : "No line yet."}</span>
          )}
          {shown.map((line) => (
            <div key={line.id} className={`log-line log-${line.level}`}>
              <span className="log-time" title={line.at ? utc(line.at) : undefined}>
                {line.at ? clock(line.at) : ""}
              </span>
              <span className="log-level">{line.level}</span>
              <span>
                {line.message} <span className="log-fields">{line.fields}</span>
              </span>
            </div>
          ))}
        </div>
      </Section>
    </>
  );
}

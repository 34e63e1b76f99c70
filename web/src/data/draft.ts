// The draft of a request: kept in this browser until it is made, analysed while it is typed, edited by the form.
import { useQuery as useData } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type Analysis, analyse, type Edit, editSql } from "../api/builder";
import { ApiError } from "../api/client";
import { type DraftFields, type FieldName, fieldsOf, withField } from "../model/draft";
import { toast } from "../ui/toast";
import { useWhileWaiting } from "./waiting";

function load(id: string): string | undefined {
  try {
    return localStorage.getItem(`offtake.draft.${id}`) ?? undefined;
  } catch {
    return undefined;
  }
}

function keep(id: string, text: string | undefined): void {
  try {
    if (text === undefined) localStorage.removeItem(`offtake.draft.${id}`);
    else localStorage.setItem(`offtake.draft.${id}`, text);
  } catch {
    // Storage is full or closed: the draft lives as long as the page.
  }
}

export interface Draft {
  text: string;
  fields: DraftFields | undefined;
  changed: boolean;
  setText: (text: string) => void;
  set: <Name extends FieldName>(field: Name, value: DraftFields[Name]) => void;
  /** Back to what it began from. */
  discard: () => void;
}

/** `initial`: what the draft begins from where none was kept. */
export function useDraft(id: string, initial: string): Draft {
  const [text, setState] = useState(() => load(id) ?? initial);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(text);
  const setText = useCallback(
    (next: string) => {
      latest.current = next;
      setState(next);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => keep(id, next === initial ? undefined : next), 250);
    },
    [id, initial],
  );
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      if (latest.current !== initial) keep(id, latest.current);
    },
    [id, initial],
  );
  const discard = useCallback(() => {
    clearTimeout(timer.current);
    latest.current = initial;
    setState(initial);
    keep(id, undefined);
  }, [id, initial]);
  const set = useCallback<Draft["set"]>(
    (field, value) => setText(withField(latest.current, field, value)),
    [setText],
  );
  const fields = useMemo(() => fieldsOf(text), [text]);
  return { text, fields, changed: text !== initial, setText, set, discard };
}

function useDebounced<T>(value: T, milliseconds: number): T {
  const [late, setLate] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLate(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return late;
}

export type EditStep = Edit | ((analysis: Analysis) => Edit | undefined);

export interface Builder {
  /** Of the text as it was when last analysed. */
  analysis: Analysis | undefined;
  /** The analysis is about exactly the present text. */
  settled: boolean;
  error: unknown;
  editing: boolean;
  /** One after the other; a function makes its edit of the analysis that the one before it gave. */
  edit: (...edits: EditStep[]) => Promise<void>;
}

export function useBuilder(draft: Draft): Builder {
  const fields = draft.fields;
  const sql = fields?.sql ?? "";
  const ns = fields?.namespace ?? "default";
  const asked = useMemo(
    () => ({
      sql,
      ...(fields?.className ? { target: { className: fields.className } } : {}),
      ...(fields?.key ? { key: fields.key } : {}),
      ...(fields?.historyFrom ? { history: fields.historyFrom } : {}),
    }),
    [sql, fields?.className, fields?.key, fields?.historyFrom],
  );
  const key = JSON.stringify([ns, asked]);
  const late = useDebounced(key, 150);
  const [given, setGiven] = useState<Analysis | undefined>(undefined);
  const answered = useData({
    queryKey: ["analysis", late],
    queryFn: ({ signal }) => {
      const [namespace, body] = JSON.parse(late) as [string, typeof asked];
      return analyse(namespace, body, signal);
    },
    enabled: fields !== undefined,
    placeholderData: (before) => before,
    staleTime: 10_000,
    retry: false,
  });
  // The answer of an edit is the analysis of its text, and is there before the next question's.
  const analysis = given && given.sql === sql ? given : answered.data;
  const settled = analysis?.sql === sql && (given?.sql === sql || late === key);
  useWhileWaiting(analysis, () => setGiven(undefined));
  const [editing, setEditing] = useState(0);
  const line = useRef<Promise<void>>(Promise.resolve());
  const state = useRef({ sql, asked, ns, analysis });
  state.current = { sql, asked, ns, analysis };
  const set = draft.set;
  const edit = useCallback(
    (...edits: EditStep[]) => {
      setEditing((count) => count + 1);
      // One after the other, each from the text that the one before it made.
      line.current = line.current.then(async () => {
        try {
          let { sql } = state.current;
          // What is known of exactly this text.
          let last = state.current.analysis?.sql === sql ? state.current.analysis : undefined;
          let made: Analysis | undefined;
          for (const step of edits) {
            const each = typeof step === "function" ? last && step(last) : step;
            if (!each) continue;
            const { ns, asked } = state.current;
            made = await editSql(ns, { ...asked, sql, ...(last ? { hash: last.hash } : {}) }, each);
            last = made;
            sql = made.sql;
          }
          if (!made) return;
          state.current = { ...state.current, sql: made.sql, analysis: made };
          setGiven(made);
          set("sql", made.sql);
        } catch (error) {
          const stale = error instanceof ApiError && error.code === 409;
          toast(stale ? "The SQL changed meanwhile" : "That cannot be done", {
            detail: stale ? "The form is drawn anew; try again." : String((error as Error).message),
            bad: true,
          });
        } finally {
          setEditing((count) => count - 1);
        }
      });
      return line.current;
    },
    [set],
  );
  return { analysis, settled, error: answered.error, editing: editing > 0, edit };
}

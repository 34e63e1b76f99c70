// The builder: a draft's SQL analysed while it is typed, and edited by the form.
import { useQuery as useData } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type Analysis, analyse, type Edit, type EditStep, editSql } from "../api/builder";
import { ApiError } from "../api/client";
import { carried, keyAfter, saysPlace } from "../model/carry";
import { toast } from "../ui/toast";
import type { Draft } from "./draft";
import { useWhileWaiting } from "./waiting";

function useDebounced<T>(value: T, milliseconds: number): T {
  const [late, setLate] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLate(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return late;
}

export interface Builder {
  /** Of the text as it was when last analysed. */
  analysis: Analysis | undefined;
  /** The analysis is about exactly the present text, target, key and history. */
  settled: boolean;
  error: unknown;
  editing: boolean;
  /**
   * One after the other. A place that an edit says (the third column) is of the form as it is shown at this moment: where
   * others are under way it is carried to where the same thing then stands. Resolves to whether it was done; why not is
   * told.
   */
  edit: (...steps: EditStep[]) => Promise<boolean>;
}

interface Asked {
  sql: string;
  target?: { className: string };
  key?: string[];
  history?: string;
}

const keyOf = (ns: string, asked: Asked) => JSON.stringify([ns, asked]);

// What an edit was about has changed since: nothing is done, and the person looks again.
class Changed extends Error {}

/** What was seen at a click, as an edit of the query that is there when its turn comes. */
function resolved(
  step: EditStep,
  seen: Analysis | undefined,
  now: Analysis,
  first: boolean,
): Edit | undefined {
  if (typeof step === "function") return step(now);
  // Those behind the first are about what it makes.
  if (!first || !saysPlace(step) || seen === undefined || seen.hash === now.hash) return step;
  const edit = seen.form && now.form && carried(step, seen.form, now.form);
  if (!edit) throw new Changed();
  return edit;
}

export function useBuilder(draft: Draft): Builder {
  const fields = draft.fields;
  const sql = fields?.sql ?? "";
  const ns = fields?.namespace ?? "default";
  const asked = useMemo<Asked>(
    () => ({
      sql,
      ...(fields?.className ? { target: { className: fields.className } } : {}),
      ...(fields?.key ? { key: fields.key } : {}),
      ...(fields?.historyFrom ? { history: fields.historyFrom } : {}),
    }),
    [sql, fields?.className, fields?.key, fields?.historyFrom],
  );
  const key = keyOf(ns, asked);
  const late = useDebounced(key, 150);
  // The answer of an edit is the analysis of its text, and is there before the next question's.
  const [given, setGiven] = useState<{ key: string; analysis: Analysis } | undefined>(undefined);
  const answered = useData({
    queryKey: ["analysis", late],
    queryFn: ({ signal }) => {
      const [namespace, body] = JSON.parse(late) as [string, Asked];
      return analyse(namespace, body, signal);
    },
    enabled: fields !== undefined,
    placeholderData: (before) => before,
    staleTime: 10_000,
    retry: false,
  });
  const mine = given?.key === key ? given.analysis : undefined;
  // Of the same text with another target or key: the form is the same, and stays until the answer comes.
  const before = given?.analysis.sql === sql && answered.data?.sql !== sql ? given.analysis : answered.data;
  const analysis = mine ?? before;
  const settled =
    mine !== undefined || (late === key && !answered.isPlaceholderData && answered.data?.sql === sql);

  useWhileWaiting(analysis, () => setGiven(undefined));

  const [editing, setEditing] = useState(0);
  const line = useRef<Promise<unknown>>(Promise.resolve());
  const state = useRef({ asked, ns, analysis });
  state.current = { asked, ns, analysis };
  const set = draft.set;
  const carryOut = useCallback(
    async (steps: EditStep[], seen: Analysis | undefined) => {
      const { ns, asked } = state.current;
      const known = state.current.analysis;
      // What is known of exactly this text.
      let now = known?.sql === asked.sql ? known : await analyse(ns, { ...asked, proposals: false });
      let key = asked.key;
      const began = now.hash;
      const places = steps.filter((step) => typeof step !== "function" && saysPlace(step)).length;
      if (places > 1 && seen?.hash !== now.hash) throw new Changed();
      for (const [index, step] of steps.entries()) {
        const edit = resolved(step, seen, now, index === 0);
        if (!edit) continue;
        const made = await editSql(
          ns,
          { ...asked, ...(key ? { key } : {}), sql: now.sql, hash: now.hash },
          edit,
        );
        if (now.form && made.form) key = keyAfter(key, edit, now.form, made.form);
        now = made;
      }
      // Somebody typed meanwhile: what was typed stays.
      if (state.current.asked.sql !== asked.sql || state.current.ns !== ns) throw new Changed();
      if (now.hash === began) return;
      const { key: declared, ...others } = state.current.asked;
      const next: Asked = { ...others, sql: now.sql, ...(key ? { key } : {}) };
      // With another key it has to be looked at once more.
      if (JSON.stringify(key) === JSON.stringify(declared)) setGiven({ key: keyOf(ns, next), analysis: now });
      else set("key", key);
      state.current = { ns, asked: next, analysis: now };
      set("sql", now.sql);
    },
    [set],
  );
  const edit = useCallback<Builder["edit"]>(
    (...steps) => {
      const seen = state.current.analysis;
      setEditing((count) => count + 1);
      const done = line.current.then(async () => {
        try {
          await carryOut(steps, seen);
          return true;
        } catch (error) {
          const stale = error instanceof Changed || (error instanceof ApiError && error.code === 409);
          toast(stale ? "The SQL changed meanwhile" : "That cannot be done", {
            detail: stale ? "The form is drawn anew; try again." : String((error as Error).message),
            bad: true,
          });
          return false;
        } finally {
          setEditing((count) => count - 1);
        }
      });
      line.current = done;
      return done;
    },
    [carryOut],
  );
  return { analysis, settled, error: answered.error, editing: editing > 0, edit };
}

// The draft of a request: kept in this browser until it is made or taken back.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type DraftFields, type FieldName, fieldsOf, withField } from "../model/draft";
import { type Stored, sameOrigin } from "./apply";

function load(name: string): string | undefined {
  try {
    return localStorage.getItem(`offtake.draft.${name}`) ?? undefined;
  } catch {
    return undefined;
  }
}

function keep(name: string, text: string | undefined): void {
  try {
    if (text === undefined) localStorage.removeItem(`offtake.draft.${name}`);
    else localStorage.setItem(`offtake.draft.${name}`, text);
  } catch {
    // Storage is full or closed: the draft lives as long as the page.
  }
}

function loadOrigin(id: string): Stored | undefined {
  try {
    const found = JSON.parse(load(`${id}.origin`) ?? "null") as Partial<Stored> | null;
    if (typeof found?.uid !== "string" || typeof found.text !== "string") return undefined;
    return { uid: found.uid, generation: Number(found.generation), text: found.text };
  } catch {
    return undefined;
  }
}

export interface Draft {
  text: string;
  fields: DraftFields | undefined;
  changed: boolean;
  setText: (text: string) => void;
  set: <Name extends FieldName>(field: Name, value: DraftFields[Name]) => void;
  /** Back to what is there now. */
  discard: () => void;
  /** Of a product that exists: the definition that this began from. */
  began: Stored | undefined;
  /** Somebody changed the product since. */
  overtaken: boolean;
  /** The draft stays as it is, and takes the place of what is there now. */
  keepMine: () => void;
  /** It was applied, and this is what is there now. */
  applied: (stored: Stored) => void;
}

interface Kept {
  text: string;
  began: Stored | undefined;
}

/**
 * `empty`: what a new request begins from. `stored`: the product that is edited, as it is now; where it changes under an
 * edit that is not begun, the draft follows it, and one that is begun is told that it was overtaken.
 */
export function useDraft(id: string, empty: string, stored?: Stored): Draft {
  const [kept, setKept] = useState<Kept>(() => {
    const text = load(id);
    if (text === undefined) return { text: stored?.text ?? empty, began: stored };
    // Kept without what it began from: nobody can say that nothing was changed since.
    return { text, began: stored && (loadOrigin(id) ?? { uid: "", generation: 0, text: stored.text }) };
  });
  const latest = useRef(kept);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const put = useCallback((next: Kept) => {
    latest.current = next;
    setKept(next);
  }, []);
  const save = useCallback(() => {
    clearTimeout(timer.current);
    const { text, began } = latest.current;
    const changed = text !== (began?.text ?? empty);
    keep(id, changed ? text : undefined);
    keep(`${id}.origin`, changed && began ? JSON.stringify(began) : undefined);
  }, [id, empty]);
  useEffect(() => {
    // Leaving the page does not unmount it.
    addEventListener("pagehide", save);
    return () => {
      removeEventListener("pagehide", save);
      save();
    };
  }, [save]);

  // There is one draft of a product in a browser: another tab shows what is typed here, and keeps nothing older.
  useEffect(() => {
    const follow = (event: StorageEvent) => {
      if (event.key !== `offtake.draft.${id}`) return;
      clearTimeout(timer.current);
      const began = event.newValue === null ? stored : stored && (loadOrigin(id) ?? stored);
      put({ text: event.newValue ?? began?.text ?? empty, began });
    };
    addEventListener("storage", follow);
    return () => removeEventListener("storage", follow);
  }, [id, empty, stored, put]);

  const setText = useCallback(
    (text: string) => {
      put({ ...latest.current, text });
      clearTimeout(timer.current);
      timer.current = setTimeout(save, 250);
    },
    [put, save],
  );
  const set = useCallback<Draft["set"]>(
    (field, value) => setText(withField(latest.current.text, field, value)),
    [setText],
  );
  const discard = useCallback(() => {
    put({ text: stored?.text ?? empty, began: stored });
    save();
  }, [stored, empty, put, save]);
  const keepMine = useCallback(() => {
    put({ ...latest.current, began: stored });
    save();
  }, [stored, put, save]);

  const applied = useCallback(
    (now: Stored) => {
      put({ text: now.text, began: now });
      save();
    },
    [put, save],
  );

  const { text, began } = kept;
  const changed = text !== (began?.text ?? empty);
  const overtaken = stored !== undefined && !sameOrigin(began, stored);
  useEffect(() => {
    if (overtaken && !changed) discard();
  }, [overtaken, changed, discard]);
  const fields = useMemo(() => fieldsOf(text), [text]);
  return {
    text,
    fields,
    changed,
    setText,
    set,
    discard,
    began,
    overtaken: overtaken && changed,
    keepMine,
    applied,
  };
}

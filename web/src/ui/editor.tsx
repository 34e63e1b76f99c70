// An editor for SQL and YAML. Loaded when first shown. Tab leaves it, so that the keyboard is never caught.
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { PostgreSQL, sql } from "@codemirror/lang-sql";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, Transaction } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder as placeholderText,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import "./editor.css";

export interface EditorProblem {
  from: number;
  to: number;
  severity: "error" | "warning" | "info";
  message: string;
}

export interface EditorProps {
  value: string;
  onChange?: (value: string) => void;
  language: "sql" | "yaml";
  label: string;
  problems?: readonly EditorProblem[] | undefined;
  readOnly?: boolean;
  placeholder?: string;
  /** Tables and their columns, offered while typing. */
  schema?: Record<string, string[]> | undefined;
  /** A range to be pointed out, as of the form's selection. */
  minHeight?: number;
  maxHeight?: number;
}

const LOOK = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: tags.comment, color: "var(--text-3)", fontStyle: "italic" },
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--code-name)" },
  { tag: [tags.typeName, tags.standard(tags.name)], color: "var(--code-type)" },
  { tag: [tags.punctuation, tags.separator, tags.meta], color: "var(--text-3)" },
]);

const EXTERNAL = Transaction.addToHistory.of(true);

function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
}

/** The smallest replacement that makes `after` of `before`. */
export function change(before: string, after: string): { from: number; to: number; insert: string } {
  let from = 0;
  const most = Math.min(before.length, after.length);
  while (from < most && before[from] === after[from]) from += 1;
  let tail = 0;
  while (tail < most - from && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  return { from, to: before.length - tail, insert: after.slice(from, after.length - tail) };
}

export default function Editor({
  value,
  onChange,
  language,
  label,
  problems,
  readOnly = false,
  placeholder,
  schema,
  minHeight = 120,
  maxHeight = 560,
}: EditorProps) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const changed = useRef(onChange);
  changed.current = onChange;
  const lock = useRef(new Compartment());
  const speech = useRef(new Compartment());
  const first = useRef({ value, language, label, placeholder });

  useEffect(() => {
    if (!box.current) return;
    const { value, language, label, placeholder } = first.current;
    const made = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          EditorView.cspNonce.of(nonce()),
          lineNumbers(),
          history(),
          drawSelection(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          autocompletion({ icons: false }),
          syntaxHighlighting(LOOK),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
          keymap.of([
            ...closeBracketsKeymap,
            ...defaultKeymap,
            ...historyKeymap,
            ...completionKeymap,
            ...lintKeymap,
          ]),
          placeholder ? placeholderText(placeholder) : [],
          speech.current.of(language === "yaml" ? yaml() : sql({ dialect: PostgreSQL })),
          lock.current.of([]),
          EditorView.updateListener.of((update) => {
            if (!update.docChanged) return;
            if (update.transactions.some((each) => each.isUserEvent("external"))) return;
            changed.current?.(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => {
      made.destroy();
      view.current = undefined;
    };
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const before = editor.state.doc.toString();
    if (before === value) return;
    editor.dispatch({ changes: change(before, value), userEvent: "external", annotations: EXTERNAL });
  }, [value]);

  useEffect(() => {
    view.current?.dispatch({
      effects: lock.current.reconfigure(
        readOnly
          ? [
              EditorState.readOnly.of(true),
              EditorView.editable.of(false),
              EditorView.contentAttributes.of({ tabindex: "0" }),
            ]
          : [],
      ),
    });
  }, [readOnly]);

  useEffect(() => {
    if (language !== "sql") return;
    view.current?.dispatch({
      effects: speech.current.reconfigure(
        sql({ dialect: PostgreSQL, upperCaseKeywords: true, schema: schema ?? {} }),
      ),
    });
  }, [schema, language]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: problems are about the text as it is now
  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const length = editor.state.doc.length;
    const shown: Diagnostic[] = (problems ?? []).map((problem) => {
      const from = Math.max(0, Math.min(problem.from, length));
      return {
        from,
        to: Math.max(from, Math.min(problem.to, length)),
        severity: problem.severity,
        message: problem.message,
      };
    });
    editor.dispatch(setDiagnostics(editor.state, shown));
  }, [problems, value]);

  return (
    <div
      ref={box}
      className="editor"
      style={{ "--editor-min": `${minHeight}px`, "--editor-max": `${maxHeight}px` } as React.CSSProperties}
    />
  );
}

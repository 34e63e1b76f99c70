// A text, and what changed in it. Loaded when first shown.

import { yaml } from "@codemirror/lang-yaml";
import { unifiedMergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { json } from "./json";
import "./diff.css";
import "./editor.css";

export default function Diff({
  before,
  after,
  label,
  language = "json",
}: {
  before?: string | undefined;
  after: string;
  label: string;
  language?: "json" | "yaml";
}) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box.current) return;
    const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
    const view = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: after,
        extensions: [
          EditorView.cspNonce.of(nonce),
          lineNumbers(),
          language === "yaml" ? yaml() : json,
          EditorState.readOnly.of(true),
          EditorView.editable.of(false),
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
          EditorView.lineWrapping,
          before === undefined
            ? []
            : unifiedMergeView({
                original: before,
                mergeControls: false,
                gutter: true,
                collapseUnchanged: { margin: 4, minSize: 12 },
              }),
        ],
      }),
    });
    return () => view.destroy();
  }, [before, after, label, language]);
  return (
    <div
      ref={box}
      className="editor diff"
      style={{ "--editor-min": "160px", "--editor-max": "72vh" } as React.CSSProperties}
    />
  );
}

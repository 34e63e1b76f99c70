// JSON is YAML: the grammar that is here already colours it.
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { tags } from "@lezer/highlight";

export const json = [
  yaml(),
  syntaxHighlighting(
    HighlightStyle.define([
      { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--code-name)" },
      { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
      { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--code-number)" },
      { tag: [tags.punctuation, tags.separator], color: "var(--text-3)" },
    ]),
  ),
];

import { useEffect, useRef } from "react";
import { condition } from "../../api/resources";
import { useClasses } from "../../data/products";
import { guessedName, missingOf } from "../../model/draft";
import { Chip } from "../../ui/display";
import { Note } from "../../ui/feedback";
import { Checkbox, Select, TextField } from "../../ui/field";
import type { StepProps } from "./form";
import { Step } from "./step";

const DEFAULT = "(default)";

export function TargetStep({ draft, builder, fixed }: StepProps) {
  const classes = useClasses();
  const fields = draft.fields;
  const items = classes.data?.items ?? [];
  const standard = items.find(
    (each) => each.metadata.annotations?.["offtake.dev/is-default-class"] === "true",
  );
  const output = builder.analysis?.output ?? [];
  const key = builder.analysis?.key;
  const chosen = fields?.key;
  const toggle = (name: string, on: boolean) => {
    const now = chosen ?? [];
    draft.set("key", on ? [...now, name] : now.filter((each) => each !== name));
  };
  return (
    <Step title="Target">
      <div className="field-grid">
        <Select
          label="Where it lands"
          disabled={fixed}
          value={fields?.className || DEFAULT}
          onChange={(id) => draft.set("className", id === DEFAULT ? "" : id)}
          options={[
            {
              id: DEFAULT,
              label: standard ? `Default: ${standard.metadata.name}` : "The default class",
              detail: standard?.spec.description ?? standard?.spec.engine,
            },
            ...items.map((each) => ({
              id: each.metadata.name,
              label: each.metadata.name,
              detail:
                condition(each, "Ready")?.status === "False"
                  ? `${each.spec.engine}, not ready`
                  : (each.spec.description ?? each.spec.engine),
            })),
          ]}
        />
        <TextField
          label="Table"
          mono
          disabled={fixed}
          value={fields?.targetName ?? ""}
          onChange={(value) => draft.set("targetName", value)}
          placeholder={(fields?.name ?? "").replaceAll("-", "_") || "as the product is named"}
        />
      </div>
      {output.length > 0 && (
        <fieldset className="key-set">
          <legend className="field-label">Key</legend>
          <div className="key-columns">
            {output.map((column) => (
              <Checkbox
                key={column.name}
                checked={(chosen ?? []).includes(column.name)}
                onChange={(on) => toggle(column.name, on)}
              >
                <code>{column.name}</code>
              </Checkbox>
            ))}
          </div>
          {key && (
            <div className="key-said">
              <Chip tone={key.kind === "Proved" ? "good" : key.kind === "Watched" ? "warn" : "idle"}>
                {chosen?.length ? "chosen" : "inferred"}
              </Chip>
              <span className="soft">{key.text}</span>
            </div>
          )}
        </fieldset>
      )}
    </Step>
  );
}

export function AboutStep({ draft, builder, fixed }: StepProps) {
  const fields = draft.fields;
  const form = builder.analysis?.form;
  const guess = guessedName(form?.datasets ?? [], form?.filters ?? []);
  const missing = fields && fields.name !== "" ? missingOf(fields) : undefined;
  // A name that nobody has written follows what is asked for.
  const guessed = useRef<string | undefined>(undefined);
  const name = fields?.name ?? "";
  const { set } = draft;
  useEffect(() => {
    if (fixed || guess === "" || guess === name) return;
    if (name === "" && guessed.current === undefined) {
      guessed.current = guess;
      set("name", guess);
    } else if (name !== "" && name === guessed.current) {
      guessed.current = guess;
      set("name", guess);
    }
  }, [fixed, guess, name, set]);
  return (
    <Step title="About">
      <div className="field-grid">
        <TextField
          label="Name"
          mono
          disabled={fixed}
          value={name}
          onChange={(value) => set("name", value)}
          error={missing}
        />
        <TextField
          label="Namespace"
          mono
          disabled={fixed}
          value={fields?.namespace ?? ""}
          onChange={(value) => set("namespace", value)}
        />
        <TextField
          label="Owner"
          value={fields?.owner ?? ""}
          onChange={(value) => set("owner", value)}
          placeholder="the team that answers for it"
        />
        <TextField
          label="What one row means"
          value={fields?.description ?? ""}
          onChange={(value) => set("description", value)}
        />
      </div>
      {fixed && <Note tone="idle">Name, namespace, class and table of a product stay as they are.</Note>}
    </Step>
  );
}

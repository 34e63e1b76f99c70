// The request as text: SQL or the whole YAML, and what the server says is wrong with it.
import { lazy, Suspense, useMemo } from "react";
import type { Plan } from "../../api/view";
import type { Builder } from "../../data/builder";
import type { Draft } from "../../data/draft";
import { placeOfSql, readManifest } from "../../model/manifest";
import { problemsInSql, problemsInYaml } from "../../model/problems";
import { CopyButton } from "../../ui/copy";
import { Note, SkeletonArea } from "../../ui/feedback";
import { Segments } from "../../ui/field";
import { Icon } from "../../ui/icons";

const Editor = lazy(() => import("../../ui/editor"));

export type Code = "sql" | "yaml";

export function CodePanel({
  draft,
  builder,
  code,
  planned,
  onCode,
}: {
  draft: Draft;
  builder: Builder;
  code: Code;
  planned: Plan | undefined;
  onCode: (code: Code) => void;
}) {
  const sql = draft.fields?.sql ?? "";
  const analysis = builder.analysis;
  const fresh = analysis?.sql === sql;
  // Nothing that was written yet is wrong.
  const diagnostics = fresh && sql.trim() !== "" ? (analysis?.diagnostics ?? []) : [];
  const sqlProblems = useMemo(() => problemsInSql(sql, diagnostics), [sql, diagnostics]);
  const yamlProblems = useMemo(
    () =>
      problemsInYaml(readManifest(draft.text), placeOfSql(draft.text), [
        ...diagnostics.map((each) => ({
          code: each.code,
          message: each.message,
          ...(each.hint ? { hint: each.hint } : {}),
          field: each.field ?? "spec.sql",
          ...(each.line ? { line: each.line } : {}),
          ...(each.column ? { column: each.column } : {}),
          ...(each.severity === "Error" ? {} : { condition: each.severity }),
        })),
        ...(planned?.errors ?? []),
      ]),
    [draft.text, diagnostics, planned],
  );
  const schema = useMemo(
    () =>
      Object.fromEntries(
        (analysis?.form?.datasets ?? []).flatMap((dataset) => {
          const columns = (dataset.columns ?? []).map((column) => column.name);
          return [
            [dataset.alias, columns],
            [dataset.name.replaceAll("-", "_"), columns],
          ];
        }),
      ),
    [analysis?.form?.datasets],
  );
  const text = code === "sql" ? sql : draft.text;
  return (
    <section className="section section-flush" aria-label="SQL and YAML">
      <header className="section-head">
        <Segments
          label="Text"
          value={code}
          onChange={onCode}
          options={[
            { id: "sql", label: "SQL" },
            { id: "yaml", label: "YAML" },
          ]}
        />
        <div className="section-aside">
          <CopyButton text={text}>{code === "sql" ? "Copy SQL" : "Copy YAML"}</CopyButton>
        </div>
      </header>
      <div className="section-body">
        <Suspense fallback={<SkeletonArea height={140} />}>
          {code === "sql" ? (
            draft.fields ? (
              <Editor
                key="sql"
                language="sql"
                label="SQL of the product"
                value={sql}
                onChange={(value) => draft.set("sql", value)}
                problems={sqlProblems}
                schema={schema}
                placeholder="SELECT … FROM …"
                minHeight={140}
                maxHeight={420}
              />
            ) : (
              <p className="request-hint">The YAML has to be well-formed first.</p>
            )
          ) : (
            <Editor
              key="yaml"
              language="yaml"
              label="Definition of the product as YAML"
              value={draft.text}
              onChange={draft.setText}
              problems={yamlProblems}
              minHeight={180}
              maxHeight={560}
            />
          )}
        </Suspense>
        {diagnostics.length > 0 && (
          <ul className="diagnostics" aria-label="Problems">
            {diagnostics.slice(0, 6).map((each, index) => (
              <li key={index} className={`diagnostic diagnostic-${each.severity.toLowerCase()}`}>
                <Icon name={each.severity === "Waiting" ? "info" : "warn"} size={14} />
                <span>
                  {each.line && (
                    <span className="dim tabular">
                      {each.line}:{each.column ?? 1}{" "}
                    </span>
                  )}
                  {each.message}
                  {each.hint && <span className="diagnostic-hint">{each.hint}</span>}
                </span>
              </li>
            ))}
          </ul>
        )}
        {builder.error !== null && builder.error !== undefined && (
          <div className="diagnostics">
            <Note tone="warn" title="The SQL is not checked at the moment">
              {String((builder.error as Error).message)}
            </Note>
          </div>
        )}
      </div>
    </section>
  );
}

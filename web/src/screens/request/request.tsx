// The builder: say which data, in what shape, how much of the past, and where it should land.
import { useQuery as useData, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";
import { ApiError } from "../../api/client";
import { applyProduct, getProduct } from "../../api/resources";
import { type Plan, type Preview as PreviewResult, planOf, previewOf } from "../../api/view";
import { type Builder, type Draft, useBuilder, useDraft } from "../../data/draft";
import { keys } from "../../data/products";
import { EMPTY_DRAFT, firstColumns, missingOf } from "../../model/draft";
import { manifestOf, placeOfSql, readManifest, withValue } from "../../model/manifest";
import { isPartial } from "../../model/preview-steps";
import { problemsInSql, problemsInYaml } from "../../model/problems";
import { to, useQuery, useSetQuery } from "../../shell/location";
import { PageHead, useTitle } from "../../shell/shell";
import { Button } from "../../ui/button";
import { CopyButton } from "../../ui/copy";
import { Chip, State } from "../../ui/display";
import { Failure, Note, SkeletonArea, SkeletonRows } from "../../ui/feedback";
import { Segments } from "../../ui/field";
import { Icon } from "../../ui/icons";
import { Menu } from "../../ui/overlay";
import { toast } from "../../ui/toast";
import { PlanView } from "../product/plan-view";
import { BuilderForm } from "./form";
import { Preview } from "./preview";
import "./request.css";

const Editor = lazy(() => import("../../ui/editor"));

export default function Request() {
  const query = useQuery();
  const edited = query.get("product") ?? "";
  const [ns = "", name = ""] = edited.split("/");
  const product = useData({
    queryKey: keys.product(ns, name),
    queryFn: ({ signal }) => getProduct(ns, name, signal),
    enabled: edited !== "",
  });
  // What it begins from is fixed when the page opens; a change by others meanwhile is told when it is applied.
  const base = useRef<string | undefined>(undefined);
  if (edited === "") base.current = undefined;
  else if (base.current === undefined && product.data) base.current = manifestOf(product.data);
  const initial = edited === "" ? EMPTY_DRAFT : base.current;
  if (edited !== "" && product.isError && !product.data) {
    return (
      <>
        <PageHead parent={{ href: to.products, name: "Products" }} title={name} />
        <Failure
          what="The product could not be read."
          error={product.error}
          retry={() => product.refetch()}
        />
      </>
    );
  }
  if (initial === undefined) {
    return (
      <>
        <PageHead parent={{ href: to.products, name: "Products" }} title={name} />
        <SkeletonRows rows={8} />
      </>
    );
  }
  return (
    <Page
      key={edited}
      id={edited || "new"}
      initial={initial}
      existing={edited === "" ? undefined : { ns, name }}
    />
  );
}

type Code = "sql" | "yaml";
type Result = "preview" | "plan";

function Page({
  id,
  initial,
  existing,
}: {
  id: string;
  initial: string;
  existing: { ns: string; name: string } | undefined;
}) {
  useTitle(existing ? `Edit ${existing.name}` : "Request data");
  const query = useQuery();
  const setQuery = useSetQuery();
  const [, navigate] = useLocation();
  const client = useQueryClient();
  const draft = useDraft(id, initial);
  const builder = useBuilder(draft);
  const code: Code = query.get("view") === "yaml" ? "yaml" : "sql";
  const [result, setResult] = useState<Result>("preview");
  const [plan, setPlan] = useState<{ of: string; plan: Plan } | undefined>(undefined);
  const [preview, setPreview] = useState<{ of: string; preview: PreviewResult } | undefined>(undefined);
  const [pending, setPending] = useState<Result | "apply" | undefined>(undefined);
  const [error, setError] = useState<{ of: Result | "apply"; failure: unknown } | undefined>(undefined);
  useFirstDataset(draft, builder, existing === undefined ? (query.get("dataset") ?? "") : "");

  const fields = draft.fields;
  // What it begins with is on its way: until it is there, the form keeps the room that it will take.
  const awaiting = useRef(!!query.get("dataset") || (fields?.sql.trim() ?? "") !== "");
  const analysis = builder.analysis;
  if (builder.error || analysis?.undrawable || analysis?.form?.datasets.length) awaiting.current = false;
  const missing = missingOf(fields);
  const ns = fields?.namespace ?? "default";
  const name = fields?.name ?? "";
  const planned = plan?.of === draft.text ? plan.plan : undefined;
  // A preview needs no name yet.
  const previewable = fields !== undefined && fields.sql.trim() !== "";

  const run = async (what: Result) => {
    setResult(what);
    setPending(what);
    setError(undefined);
    const text = draft.text;
    try {
      if (what === "plan") {
        setPlan({ of: text, plan: await planOf(ns, name, readManifest(text).value) });
      } else {
        const named = name || "preview";
        const object = readManifest(name ? text : withValue(text, ["metadata", "name"], named)).value;
        setPreview({ of: text, preview: await previewOf(ns, named, object, 50) });
      }
    } catch (failure) {
      setError({ of: what, failure });
    } finally {
      setPending(undefined);
    }
  };
  const apply = async () => {
    setPending("apply");
    setError(undefined);
    try {
      const { warnings } = await applyProduct(ns, name, draft.text);
      draft.discard();
      toast(existing ? `${name} is changed` : `${name} is made`, {
        detail: warnings.join("\n") || undefined,
      });
      await client.invalidateQueries({ queryKey: keys.product(ns, name) });
      client.invalidateQueries({ queryKey: keys.products });
      navigate(to.product(ns, name));
    } catch (failure) {
      setError({ of: "apply", failure });
      setResult("plan");
    } finally {
      setPending(undefined);
    }
  };
  const download = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([draft.text], { type: "application/yaml" }));
    link.download = `${name || "product"}.yaml`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  const make = existing ? (planned?.action === "Rebuild" ? "Apply and rebuild" : "Apply") : "Create";
  return (
    <>
      <PageHead
        {...(existing
          ? { parent: { href: to.product(existing.ns, existing.name), name: existing.name } }
          : {})}
        title={existing ? "Edit" : "Request data"}
        state={<DraftState draft={draft} builder={builder} />}
        actions={
          <>
            <Menu
              label="More actions"
              entries={[
                {
                  id: "copy",
                  label: "Copy YAML",
                  icon: "copy",
                  action: () =>
                    navigator.clipboard.writeText(draft.text).then(() => toast("The YAML is copied")),
                },
                { id: "download", label: "Download YAML", icon: "download", action: download },
                "line",
                {
                  id: "discard",
                  label: existing ? "Take changes back" : "Discard draft",
                  icon: "trash",
                  danger: true,
                  disabled: !draft.changed,
                  action: () => {
                    draft.discard();
                    setPlan(undefined);
                    setPreview(undefined);
                    setError(undefined);
                    setQuery({ dataset: "" });
                  },
                },
              ]}
            />
            <Button isDisabled={!previewable} pending={pending === "preview"} onPress={() => run("preview")}>
              Preview
            </Button>
            <Button
              variant={planned ? "default" : "primary"}
              isDisabled={missing !== undefined}
              pending={pending === "plan"}
              onPress={() => run("plan")}
            >
              Plan
            </Button>
            <Button
              variant={planned ? "primary" : "default"}
              isDisabled={!planned || planned.errors.length > 0 || (existing !== undefined && !draft.changed)}
              pending={pending === "apply"}
              onPress={apply}
            >
              {make}
            </Button>
          </>
        }
      />
      <div className="request">
        <div className={awaiting.current ? "request-form request-awaited" : "request-form"}>
          <BuilderForm draft={draft} builder={builder} fixed={existing !== undefined} />
        </div>
        <div className="request-side">
          <CodePanel
            draft={draft}
            builder={builder}
            code={code}
            planned={planned}
            onCode={(next) => setQuery({ view: next === "sql" ? "" : next })}
          />
          <section className="section request-result" aria-label="Preview and plan">
            <header className="section-head">
              <Segments
                label="Result"
                value={result}
                onChange={setResult}
                options={[
                  { id: "preview", label: "Preview" },
                  { id: "plan", label: "Plan" },
                ]}
              />
              <div className="section-aside">
                {result === "preview" && preview && preview.of !== draft.text && (
                  <span className="small">of an earlier text</span>
                )}
                {result === "preview" && preview && isPartial(preview.preview) && (
                  <Chip tone="warn">sample, may be incomplete</Chip>
                )}
                {result === "plan" && plan && !planned && <span className="small">of an earlier text</span>}
              </div>
            </header>
            <div className="request-result-body">
              {error && (error.of === result || error.of === "apply") && (
                <Failure
                  what={
                    error.of === "apply"
                      ? error.failure instanceof ApiError && error.failure.code === 409
                        ? "Another manager owns a field of it: change it where it comes from."
                        : "It was refused."
                      : `The ${error.of} could not be computed.`
                  }
                  error={error.failure}
                />
              )}
              {result === "preview" &&
                (pending === "preview" && !preview ? (
                  <SkeletonRows rows={6} height={30} />
                ) : preview ? (
                  <Preview preview={preview.preview} ns={ns} stale={preview.of !== draft.text} />
                ) : (
                  <p className="request-hint">
                    A preview takes the latest records, looks the other sides up by their key, and shows what
                    would come out. Nothing is made.
                  </p>
                ))}
              {result === "plan" &&
                (pending === "plan" && !plan ? (
                  <SkeletonRows rows={6} height={30} />
                ) : planned ? (
                  <div className="request-plan">
                    <PlanView plan={planned} />
                  </div>
                ) : (
                  <p className="request-hint">
                    {missing ??
                      "A plan says what will be made, how many records and bytes are read, how long it takes, and what it means for a product that runs."}
                  </p>
                ))}
            </div>
          </section>
        </div>
      </div>
    </>
  );
}

// "Use this data" brings a dataset along: it is put into an empty draft once.
function useFirstDataset(draft: Draft, builder: Builder, wanted: string) {
  const setQuery = useSetQuery();
  const done = useRef(false);
  const { fields, set } = draft;
  const { edit } = builder;
  useEffect(() => {
    const [ns, name] = wanted.split("/");
    if (done.current || !ns || !name || !fields) return;
    done.current = true;
    setQuery({ dataset: "" });
    if (fields.sql.trim() !== "") return;
    if (fields.namespace === "default") set("namespace", ns);
    // The namespace counts from the next render on.
    setTimeout(() => edit({ kind: "addDataset", namespace: ns, name }, firstColumns), 0);
  }, [wanted, fields, set, edit, setQuery]);
}

function DraftState({ draft, builder }: { draft: Draft; builder: Builder }) {
  const errors = (builder.analysis?.diagnostics ?? []).filter((each) => each.severity === "Error").length;
  if (!draft.fields) return <State tone="bad">YAML is not well-formed</State>;
  if (draft.fields.sql.trim() === "") return null;
  if (builder.editing || !builder.settled)
    return (
      <State tone="idle" moving>
        Checking
      </State>
    );
  if (builder.error) return <State tone="warn">Not checked</State>;
  if (errors > 0) return <State tone="bad">{errors === 1 ? "1 problem" : `${errors} problems`}</State>;
  return <State tone="good">{draft.changed ? "Valid, draft is kept" : "Valid"}</State>;
}

function CodePanel({
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

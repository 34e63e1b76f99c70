// The builder: say which data, in what shape, how much of the past, and where it should land.
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { type Plan, type Preview as PreviewResult, planOf, previewOf } from "../../api/view";
import { applyFrom, Overtaken, ownedByOthers, type Stored, storedOf } from "../../data/apply";
import { type Builder, useBuilder } from "../../data/builder";
import { type Draft, useDraft } from "../../data/draft";
import { keys, useProduct } from "../../data/products";
import { isWaiting } from "../../data/waiting";
import { EMPTY_DRAFT, missingOf } from "../../model/draft";
import { readManifest, withValue } from "../../model/manifest";
import { isPartial } from "../../model/preview-steps";
import { to, useQuery, useSetQuery } from "../../shell/location";
import { PageHead, useTitle } from "../../shell/shell";
import { Button } from "../../ui/button";
import { Chip, State } from "../../ui/display";
import { Failure, Note, SkeletonRows } from "../../ui/feedback";
import { Segments } from "../../ui/field";
import { Menu } from "../../ui/overlay";
import { toast } from "../../ui/toast";
import { OvertakenNote } from "../product/overtaken";
import { PlanView } from "../product/plan-view";
import { type Code, CodePanel } from "./code-panel";
import { useFirstDataset } from "./first-dataset";
import { BuilderForm } from "./form";
import { Preview } from "./preview";
import "./request.css";

export default function Request() {
  const edited = useQuery().get("product") ?? "";
  const [ns = "", name = ""] = edited.split("/");
  if (edited === "") return <Page key="" id="new" stored={undefined} />;
  return <Edit key={edited} ns={ns} name={name} />;
}

function Edit({ ns, name }: { ns: string; name: string }) {
  const { product } = useProduct(ns, name, true);
  const { data } = product;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another generation is another definition
  const stored = useMemo(
    () => data && { ...storedOf(data), ns, name },
    [data?.metadata.uid, data?.metadata.generation],
  );
  if (product.isError && !data) {
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
  // What was known of it before this page opened may be old.
  if (!stored || !product.isFetchedAfterMount) {
    return (
      <>
        <PageHead parent={{ href: to.products, name: "Products" }} title={name} />
        <SkeletonRows rows={8} />
      </>
    );
  }
  return <Page id={`${ns}/${name}`} stored={stored} />;
}

type Result = "preview" | "plan";

interface Existing extends Stored {
  ns: string;
  name: string;
}

function Page({ id, stored: existing }: { id: string; stored: Existing | undefined }) {
  useTitle(existing ? `Edit ${existing.name}` : "Request data");
  const query = useQuery();
  const setQuery = useSetQuery();
  const [, navigate] = useLocation();
  const client = useQueryClient();
  const draft = useDraft(id, EMPTY_DRAFT, existing);
  const builder = useBuilder(draft);
  const code: Code = query.get("view") === "yaml" ? "yaml" : "sql";
  const [result, setResult] = useState<Result>("preview");
  const [plan, setPlan] = useState<{ of: string; plan: Plan } | undefined>(undefined);
  const [preview, setPreview] = useState<{ of: string; preview: PreviewResult } | undefined>(undefined);
  const [pending, setPending] = useState<Result | "apply" | undefined>(undefined);
  const [error, setError] = useState<{ of: Result | "apply"; failure: unknown } | undefined>(undefined);
  const first = useFirstDataset(draft, builder, existing === undefined ? (query.get("dataset") ?? "") : "");

  const fields = draft.fields;
  // What it begins with is on its way: until it is there, the form keeps the room that it will take.
  const awaiting = useRef(!!query.get("dataset") || (fields?.sql.trim() ?? "") !== "");
  const analysis = builder.analysis;
  if (builder.error || analysis?.undrawable || analysis?.form?.datasets.length) awaiting.current = false;
  const missing = missingOf(fields);
  const ns = fields?.namespace ?? "default";
  const name = fields?.name ?? "";
  const planned = plan?.of === draft.text ? plan.plan : undefined;
  // What is asked for anew does not take the place of what is there.
  const taken = existing === undefined && planned !== undefined && planned.action !== "Create";
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
      const { warnings } = await applyFrom(ns, name, draft.text, draft.began);
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
              isDisabled={
                !planned ||
                planned.errors.length > 0 ||
                taken ||
                draft.overtaken ||
                (existing !== undefined && !draft.changed)
              }
              pending={pending === "apply"}
              onPress={apply}
            >
              {make}
            </Button>
          </>
        }
      />
      <div className="request-notes">
        {first}
        {existing && draft.overtaken && <OvertakenNote draft={draft} stored={existing} />}
      </div>
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
                      ? ownedByOthers(error.failure)
                        ? "Another manager owns a field of it: change it where it comes from."
                        : error.failure instanceof Overtaken
                          ? "Nothing was applied."
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
                    {taken && (
                      <Note
                        tone="bad"
                        title={`${ns} has a product ${name} already`}
                        actions={
                          <Link className="link" href={to.requestEdit(ns, name)}>
                            Edit that one
                          </Link>
                        }
                      >
                        Choose another name, or edit the one that is there.
                      </Note>
                    )}
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

function DraftState({ draft, builder }: { draft: Draft; builder: Builder }) {
  const found = builder.analysis?.diagnostics ?? [];
  const errors = found.filter((each) => each.severity === "Error").length;
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
  if (isWaiting(builder.analysis)) return <State tone="warn">Waits for what is not there yet</State>;
  return <State tone="good">{draft.changed ? "Valid, draft is kept" : "Valid"}</State>;
}

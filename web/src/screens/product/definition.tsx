// The product as YAML: read, changed, planned, applied. What another manager owns is copied instead.
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import { type DataProduct, FIELD_MANAGER } from "../../api/resources";
import { type Plan, planOf } from "../../api/view";
import { applyFrom, Overtaken, ownedByOthers, storedOf } from "../../data/apply";
import { useDraft } from "../../data/draft";
import { keys } from "../../data/products";
import { placeOfSql, readManifest } from "../../model/manifest";
import { problemsInYaml } from "../../model/problems";
import { Button } from "../../ui/button";
import { CopyButton } from "../../ui/copy";
import { Section } from "../../ui/display";
import { Failure, Note, SkeletonArea } from "../../ui/feedback";
import { toast } from "../../ui/toast";
import { OvertakenNote } from "./overtaken";
import { PlanView } from "./plan-view";

const Editor = lazy(() => import("../../ui/editor"));

/** Who else wrote the spec: tools that would write it back. */
export function otherManagers(product: DataProduct): string[] {
  const ours = new Set([FIELD_MANAGER, "offtake", "offtake-pause"]);
  return [
    ...new Set(
      (product.metadata.managedFields ?? [])
        .filter((entry) => !entry.subresource && !ours.has(entry.manager))
        .filter((entry) => JSON.stringify(entry.fieldsV1 ?? {}).includes('"f:spec"'))
        .map((entry) => entry.manager),
    ),
  ];
}

export default function Definition({ product }: { product: DataProduct }) {
  const ns = product.metadata.namespace ?? "";
  const name = product.metadata.name;
  const client = useQueryClient();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another generation is another spec
  const stored = useMemo(() => storedOf(product), [product.metadata.generation, product.metadata.uid]);
  // The same draft as the form's: whoever goes from one to the other goes on with it.
  const draft = useDraft(`${ns}/${name}`, "", stored);
  const { text, changed } = draft;
  const [plan, setPlan] = useState<{ of: string; plan: Plan } | undefined>(undefined);
  const [pending, setPending] = useState<"plan" | "apply" | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  const manifest = useMemo(() => readManifest(text), [text]);
  const managers = otherManagers(product);
  const planned = plan?.of === text ? plan.plan : undefined;
  const problems = useMemo(
    () =>
      problemsInYaml(manifest, placeOfSql(text), [...(planned?.errors ?? []), ...(planned?.waiting ?? [])]),
    [manifest, text, planned],
  );
  const ask = async () => {
    setPending("plan");
    setError(undefined);
    try {
      setPlan({ of: text, plan: await planOf(ns, name, manifest.value) });
    } catch (failure) {
      setError(failure);
    } finally {
      setPending(undefined);
    }
  };
  const apply = async () => {
    setPending("apply");
    setError(undefined);
    try {
      const { value, warnings } = await applyFrom(ns, name, text, draft.began);
      toast(`${name} is applied`, { detail: warnings.join("\n") || undefined });
      setPlan(undefined);
      client.setQueryData(keys.product(ns, name), value);
      draft.applied(storedOf(value));
    } catch (failure) {
      setError(failure);
    } finally {
      setPending(undefined);
    }
  };
  return (
    <div className="definition">
      <Section
        title="Definition"
        flush
        aside={
          <>
            {changed && (
              <Button
                small
                variant="ghost"
                onPress={() => {
                  draft.discard();
                  setPlan(undefined);
                  setError(undefined);
                }}
              >
                Take back
              </Button>
            )}
            <CopyButton text={text}>Copy YAML</CopyButton>
          </>
        }
      >
        <Suspense fallback={<SkeletonArea height={420} />}>
          <Editor
            language="yaml"
            label="Definition of the product as YAML"
            value={text}
            onChange={draft.setText}
            problems={problems}
            minHeight={420}
            maxHeight={760}
          />
        </Suspense>
      </Section>
      <div className="stack">
        {managers.length > 0 && (
          <Note tone="warn" title={`Managed by ${managers.join(", ")}`}>
            What is changed here may be written back by it. Copy the YAML and change it where it comes from.
          </Note>
        )}
        {draft.overtaken && <OvertakenNote draft={draft} stored={stored} />}
        <Section title="What applying it does">
          <div className="stack">
            {planned ? (
              <PlanView plan={planned} />
            ) : (
              <p className="soft">
                {changed
                  ? "Plan first: it says what will be read, made and rebuilt, and changes nothing."
                  : "Change the definition on the left, or plan it as it is."}
              </p>
            )}
            {error !== undefined && (
              <Failure
                what={
                  ownedByOthers(error)
                    ? "Another manager owns a field of it."
                    : error instanceof Overtaken
                      ? "Nothing was applied."
                      : "It was refused."
                }
                error={error}
              />
            )}
            <div className="row wrap">
              <Button
                variant={changed && !planned ? "primary" : "default"}
                pending={pending === "plan"}
                isDisabled={manifest.value === undefined}
                onPress={ask}
              >
                Plan
              </Button>
              <Button
                variant={planned && changed ? "primary" : "default"}
                pending={pending === "apply"}
                isDisabled={!changed || !planned || planned.errors.length > 0}
                onPress={apply}
              >
                {planned?.action === "Rebuild" ? "Apply and rebuild" : "Apply"}
              </Button>
            </div>
          </div>
        </Section>
      </div>
    </div>
  );
}

// "Use this data" of a dataset's page.
import { type ReactNode, useCallback, useEffect, useState } from "react";
import type { Builder } from "../../data/builder";
import type { Draft } from "../../data/draft";
import { firstColumns } from "../../model/draft";
import { useSetQuery } from "../../shell/location";
import { Button } from "../../ui/button";
import { Note } from "../../ui/feedback";

/** It is brought along once: an empty draft begins with it, and one that is under way is not lost for it. */
export function useFirstDataset(draft: Draft, builder: Builder, wanted: string): ReactNode {
  const setQuery = useSetQuery();
  const [offered, setOffered] = useState<string | undefined>(undefined);
  const { fields, set } = draft;
  const { edit } = builder;
  const begin = useCallback(
    (dataset: string, namespace: string) => {
      const [ns = "", name = ""] = dataset.split("/");
      if (namespace === "default") set("namespace", ns);
      // The namespace counts from the next render on.
      setTimeout(() => edit({ kind: "addDataset", namespace: ns, name }, firstColumns), 0);
    },
    [set, edit],
  );
  useEffect(() => {
    if (!wanted.includes("/") || !fields) return;
    setQuery({ dataset: "" });
    if (fields.sql.trim() === "") begin(wanted, fields.namespace);
    else setOffered(wanted);
  }, [wanted, fields, begin, setQuery]);
  const there = builder.analysis?.form?.datasets.some((each) => `${each.namespace}/${each.name}` === offered);
  if (offered === undefined || there) return null;
  const name = offered.split("/")[1];
  return (
    <Note
      title={`A draft is under way, and ${name} is not part of it`}
      actions={
        <>
          <Button
            small
            onPress={() => {
              setOffered(undefined);
              draft.discard();
              begin(offered, "default");
            }}
          >
            Begin anew with {name}
          </Button>
          <Button small variant="ghost" onPress={() => setOffered(undefined)}>
            Keep the draft
          </Button>
        </>
      }
    >
      Join it to the draft with “Add dataset”, or leave the draft behind.
    </Note>
  );
}

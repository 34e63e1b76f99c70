// Somebody else changed the product under an edit: what they changed, and whose text goes on.
import { lazy, Suspense, useState } from "react";
import type { Stored } from "../../data/apply";
import type { Draft } from "../../data/draft";
import { Button } from "../../ui/button";
import { Section } from "../../ui/display";
import { Note, Skeleton } from "../../ui/feedback";

const Diff = lazy(() => import("../../ui/diff"));

export function OvertakenNote({ draft, stored }: { draft: Draft; stored: Stored }) {
  const [shown, setShown] = useState(false);
  const known = draft.began !== undefined && draft.began.uid !== "";
  return (
    <div className="stack">
      <Note
        tone="warn"
        title="It was changed meanwhile"
        actions={
          <>
            {known && (
              <Button small onPress={() => setShown(!shown)}>
                {shown ? "Hide the difference" : "Show the difference"}
              </Button>
            )}
            <Button small onPress={draft.discard}>
              Begin anew
            </Button>
            <Button small onPress={draft.keepMine}>
              Keep mine
            </Button>
          </>
        }
      >
        {known
          ? "What you have here began from an earlier definition. Begin anew from what is there now, or keep yours: applying it then takes the other change back."
          : "What you have here was kept by this browser, and what it began from is not known. Begin anew from what is there now, or keep yours."}
      </Note>
      {shown && known && (
        <Section title="What was changed meanwhile" flush>
          <Suspense fallback={<Skeleton height={160} />}>
            <Diff
              language="yaml"
              before={draft.began?.text}
              after={stored.text}
              label="Definition, and what was changed meanwhile"
            />
          </Suspense>
        </Section>
      )}
    </div>
  );
}

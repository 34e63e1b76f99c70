import { Link } from "wouter";
import type { CatalogDataset, SchemaVersion } from "../../api/catalog";
import { to } from "../../shell/location";
import { Chip, Section, type Tone } from "../../ui/display";
import { Empty, Note, SkeletonRows } from "../../ui/feedback";
import { Time } from "../../ui/time";

const COMPATIBLE: Record<string, { tone: Tone; text: string }> = {
  Full: { tone: "good", text: "fully compatible" },
  Backward: { tone: "good", text: "reads older records" },
  Forward: { tone: "warn", text: "older schema reads newer records" },
  None: { tone: "bad", text: "not compatible" },
};

function say(change: SchemaVersion["changes"][number]): { sign: string; text: string } {
  const nullable = change.nullable ? ", may be null" : "";
  switch (change.kind) {
    case "Added":
      return { sign: "+", text: `${change.to ?? ""}${nullable}` };
    case "Removed":
      return { sign: "−", text: change.from ?? "" };
    case "Type":
      return { sign: "~", text: `${change.from} → ${change.to}` };
    case "Nullable":
      return { sign: "~", text: change.nullable ? "may be null now" : "is never null now" };
    case "Default":
      return { sign: "~", text: `default ${change.from ?? "none"} → ${change.to ?? "none"}` };
    default:
      return { sign: "~", text: `${change.kind.toLowerCase()} ${change.from ?? ""} → ${change.to ?? ""}` };
  }
}

export function Versions({ dataset }: { dataset: CatalogDataset }) {
  const versions = dataset.versions ?? [];
  if (versions.length === 0) {
    return (
      <div className="section">
        {dataset.pending?.includes("versions") ? (
          <SkeletonRows rows={3} />
        ) : (
          <Empty icon="history" title="No version is known" />
        )}
      </div>
    );
  }
  return (
    <>
      {versions.map((version) => {
        const compatible = version.compatible ? COMPATIBLE[version.compatible] : undefined;
        return (
          <Section
            key={version.version}
            title={
              <span className="row">
                Version {version.version}
                {version.version === dataset.schemaVersion && <Chip tone="busy">in use</Chip>}
                {compatible && <Chip tone={compatible.tone}>{compatible.text}</Chip>}
              </span>
            }
            aside={
              <>
                <span className="small">id {version.id}</span>
                {version.registeredAt && <Time at={version.registeredAt} />}
                {dataset.subject && (
                  <Link className="link" href={`${to.subject(dataset.subject)}?version=${version.version}`}>
                    Schema
                  </Link>
                )}
              </>
            }
          >
            {version.problems && version.problems.length > 0 && (
              <Note tone="bad">{version.problems.join("\n")}</Note>
            )}
            {version.changes.length > 0 ? (
              <ul className="changes">
                {version.changes.map((change, index) => {
                  const { sign, text } = say(change);
                  return (
                    <li key={index} className={`change change-${change.kind.toLowerCase()}`}>
                      <span className="change-sign" aria-hidden="true">
                        {sign}
                      </span>
                      <code>{change.path}</code>
                      <span className="soft">{text}</span>
                      <span className="sr-only">{change.kind}</span>
                    </li>
                  );
                })}
              </ul>
            ) : (
              <p className="dim">
                {version.version === versions.at(-1)?.version
                  ? "The first that is known."
                  : "Nothing that shows in its columns."}
              </p>
            )}
          </Section>
        );
      })}
    </>
  );
}

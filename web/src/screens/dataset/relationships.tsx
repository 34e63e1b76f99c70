import { Link } from "wouter";
import type { CatalogDataset } from "../../api/catalog";
import { to } from "../../shell/location";
import { Chip, Section } from "../../ui/display";
import { Empty, Note } from "../../ui/feedback";
import { Icon } from "../../ui/icons";

export function Relationships({ dataset }: { dataset: CatalogDataset }) {
  const all = dataset.relationships ?? [];
  const groups = [
    { title: "Declared", items: all.filter((each) => each.declared) },
    { title: "Proposed from keys, names and types", items: all.filter((each) => !each.declared) },
  ];
  if (all.length === 0) {
    return (
      <div className="section">
        <Empty icon="link" title="No relationship is known">
          Its owner can declare some (spec.relationships); others are proposed where keys, names and types
          fit.
        </Empty>
      </div>
    );
  }
  return (
    <>
      {groups
        .filter((group) => group.items.length > 0)
        .map((group) => (
          <Section key={group.title} title={group.title} flush>
            <ul className="relationships">
              {group.items.map((each, index) => (
                <li key={index} className="relationship">
                  <div className="relationship-with">
                    <Icon name="link" size={14} />
                    <Link className="link" href={to.dataset(each.dataset.namespace, each.dataset.name)}>
                      {each.dataset.namespace === dataset.namespace
                        ? each.dataset.name
                        : `${each.dataset.namespace}.${each.dataset.name}`}
                    </Link>
                    {each.direction === "In" && <Chip>it refers here</Chip>}
                    {each.dataset.readable === false && (
                      <Chip icon="lock">ask {each.dataset.owner || "its owner"}</Chip>
                    )}
                  </div>
                  <div className="relationship-reason">
                    <code>
                      {each.columns
                        .map((pair) => `${pair.from} = ${each.dataset.name}.${pair.to}`)
                        .join(" and ")}
                    </code>
                    <div className="dim">{each.reason}</div>
                  </div>
                  {each.problem && <Note tone="bad">{each.problem}</Note>}
                </li>
              ))}
            </ul>
          </Section>
        ))}
    </>
  );
}

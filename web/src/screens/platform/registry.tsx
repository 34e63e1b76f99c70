import { lazy, Suspense, useMemo } from "react";
import { Link } from "wouter";
import { pretty } from "../../api/registry";
import { useSubjects, useVersion, useVersions } from "../../data/platform";
import { plural } from "../../format/numbers";
import { ranked } from "../../model/search";
import { to, useQuery, useSetQuery } from "../../shell/location";
import { CopyButton } from "../../ui/copy";
import { Section } from "../../ui/display";
import { Empty, Failure, SkeletonArea, SkeletonRows } from "../../ui/feedback";
import { SearchField, Select } from "../../ui/field";

const Diff = lazy(() => import("../../ui/diff"));

export function Registry({ subject }: { subject: string }) {
  const query = useQuery();
  const setQuery = useSetQuery();
  const subjects = useSubjects();
  const text = query.get("q") ?? "";
  const shown = useMemo(() => ranked(text, subjects.data ?? [], (each) => each), [text, subjects.data]);
  if (subjects.isError && !subjects.data)
    return (
      <Failure
        what="The registry could not be read."
        error={subjects.error}
        retry={() => subjects.refetch()}
      />
    );
  if (subjects.data?.length === 0) {
    return (
      <div className="section">
        <Empty icon="key" title="No subject yet">
          Schemas are registered with the first dataset that defines one, or by any client that knows the
          registry's protocol.
        </Empty>
      </div>
    );
  }
  const current = subject || shown[0] || "";
  return (
    <div className="registry">
      <nav className="section registry-list" aria-label="Subjects">
        <div className="registry-search">
          <SearchField
            label="Search subjects"
            placeholder="Search subjects"
            value={text}
            onChange={(value) => setQuery({ q: value })}
          />
        </div>
        {subjects.isPending ? (
          <SkeletonRows rows={6} height={36} />
        ) : (
          <ul>
            {shown.map((each) => (
              <li key={each}>
                <Link
                  href={`${to.subject(each)}${text ? `?q=${encodeURIComponent(text)}` : ""}`}
                  className="registry-subject truncate"
                  aria-current={each === current ? "page" : undefined}
                >
                  {each}
                </Link>
              </li>
            ))}
            {shown.length === 0 && <li className="registry-none">No subject has it.</li>}
          </ul>
        )}
      </nav>
      {current && <Subject key={current} subject={current} />}
    </div>
  );
}

function Subject({ subject }: { subject: string }) {
  const query = useQuery();
  const setQuery = useSetQuery();
  const versions = useVersions(subject);
  const all = versions.data ?? [];
  const newest = all.at(-1);
  const right = Number(query.get("version")) || newest;
  const before = right === undefined ? undefined : all[all.indexOf(right) - 1];
  const left = Number(query.get("against")) || before;
  const shown = useVersion(subject, right);
  const against = useVersion(subject, left);
  if (versions.isError)
    return (
      <Failure
        what={`${subject} could not be read.`}
        error={versions.error}
        retry={() => versions.refetch()}
      />
    );
  const options = [...all].reverse().map((each) => ({ id: String(each), label: `Version ${each}` }));
  const text = shown.data ? pretty(shown.data.schema) : "";
  return (
    <Section
      title={<span className="mono registry-title">{subject}</span>}
      flush
      aside={<CopyButton text={text}>Copy schema</CopyButton>}
    >
      <div className="registry-versions">
        <Select
          label="Version"
          hideLabel
          small
          value={right === undefined ? null : String(right)}
          onChange={(id) => setQuery({ version: id, against: "" })}
          options={options}
        />
        {all.length > 1 ? (
          <>
            <span className="dim">against</span>
            <Select
              label="Version to compare with"
              hideLabel
              small
              value={left === undefined ? null : String(left)}
              placeholder="nothing"
              onChange={(id) => setQuery({ against: id })}
              options={options.filter((option) => option.id !== String(right))}
            />
          </>
        ) : null}
        <span className="dim registry-count">
          {plural(all.length, "version")}
          {shown.data && `, schema id ${shown.data.id}`}
        </span>
      </div>
      <Suspense fallback={<SkeletonArea height={420} />}>
        {shown.data ? (
          <Diff
            label={`Schema of ${subject}`}
            before={against.data ? pretty(against.data.schema) : undefined}
            after={text}
          />
        ) : (
          <SkeletonRows rows={8} height={28} />
        )}
      </Suspense>
    </Section>
  );
}

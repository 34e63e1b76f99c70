import { useState } from "react";
import { call, get } from "../../api/client";
import { type DataProduct, paths, type Secret } from "../../api/resources";
import { type Binding, snippetsOf } from "../../model/snippets";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { Code, CopyIcon } from "../../ui/copy";
import { Breakable, Fact, Facts, Section } from "../../ui/display";
import { Failure, Note } from "../../ui/feedback";
import { Segments } from "../../ui/field";

const decode = (text: string) =>
  new TextDecoder().decode(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));

// Whoever looks at credentials leaves a trace: the Event is written first, and without it nothing is shown.
async function reveal(product: DataProduct): Promise<Binding> {
  const ns = product.metadata.namespace ?? "";
  const now = new Date().toISOString();
  await call(paths.events(ns), {
    method: "POST",
    body: {
      apiVersion: "v1",
      kind: "Event",
      metadata: { generateName: `${product.metadata.name}.`, namespace: ns },
      involvedObject: {
        apiVersion: product.apiVersion,
        kind: "DataProduct",
        namespace: ns,
        name: product.metadata.name,
        uid: product.metadata.uid,
      },
      type: "Normal",
      reason: "CredentialsShown",
      message: "The credentials of readers were shown in the console.",
      source: { component: "offtake-console" },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    },
  });
  const secret = await get<Secret>(paths.secret(ns, product.status?.binding?.name ?? ""));
  return Object.fromEntries(Object.entries(secret.data ?? {}).map(([key, value]) => [key, decode(value)]));
}

export function Endpoint({ product }: { product: DataProduct }) {
  const [binding, setBinding] = useState<Binding | undefined>(undefined);
  const { pending, error, run } = useAction();
  const [chosen, setChosen] = useState("");
  const endpoint = product.status?.endpoint;
  const snippets = snippetsOf(product, binding);
  const snippet = snippets.find((each) => each.id === chosen) ?? snippets[0];
  const hasSecret = endpoint?.type === "postgres" && product.status?.binding !== undefined;
  const show = () => run(async () => setBinding(await reveal(product)));
  return (
    <Section
      title="Endpoint"
      aside={
        hasSecret &&
        (binding ? (
          <Button small variant="ghost" icon="lock" onPress={() => setBinding(undefined)}>
            Hide credentials
          </Button>
        ) : (
          <Button small variant="ghost" icon="eye" pending={pending} onPress={show}>
            Show credentials
          </Button>
        ))
      }
    >
      {!endpoint ? (
        <p className="soft">There is none before its infrastructure is provisioned.</p>
      ) : (
        <div className="stack">
          <Facts>
            <Fact name="Kind">{endpoint.type}</Fact>
            <Fact name="Address">
              <span className="endpoint-address">
                <code className="grow">
                  <Breakable text={endpoint.address} />
                </code>
                <CopyIcon text={endpoint.address} label="Copy address" />
              </span>
            </Fact>
            {endpoint.object && (
              <Fact name="Object">
                <span className="endpoint-address">
                  <code className="grow">{endpoint.object}</code>
                  <CopyIcon text={endpoint.object} label="Copy object" />
                </span>
              </Fact>
            )}
            {binding?.username && (
              <Fact name="User">
                <code>{binding.username}</code>
              </Fact>
            )}
            {product.status?.binding && (
              <Fact name="Secret">
                <code>{product.status.binding.name}</code>
              </Fact>
            )}
          </Facts>
          {error !== undefined && <Failure what="The credentials were not shown." error={error} />}
          {snippet && (
            <div>
              <div className="snippet-head">
                <Segments
                  label="Kind of snippet"
                  value={snippet.id}
                  onChange={setChosen}
                  options={snippets.map((each) => ({ id: each.id, label: each.name }))}
                />
              </div>
              <Code text={snippet.text} label={`${snippet.name} snippet`} />
            </div>
          )}
          {hasSecret && !binding && (
            <Note tone="idle">
              The snippets are complete once the credentials are shown, which an Event records.
            </Note>
          )}
        </div>
      )}
    </Section>
  );
}

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { Redirect, Route, Switch } from "wouter";
import { ApiError, onSignedOut } from "./api/client";
import { currentSession, type LinkSecret, type Session, signIn, signOut } from "./api/session";
import { LiveProvider } from "./shell/live";
import { to } from "./shell/location";
import { Shell } from "./shell/shell";
import { SignIn } from "./shell/sign-in";
import { LinkButton } from "./ui/button";
import { Empty, Failure, PageSkeleton } from "./ui/feedback";

const Catalogue = lazy(() => import("./screens/catalogue/catalogue"));
const Dataset = lazy(() => import("./screens/dataset/dataset"));
const Products = lazy(() => import("./screens/products/products"));
const Product = lazy(() => import("./screens/product/product"));
const Request = lazy(() => import("./screens/request/request"));
const Platform = lazy(() => import("./screens/platform/platform"));

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => error instanceof ApiError && error.unreachable && failures < 2,
      refetchOnWindowFocus: false,
    },
  },
});

type Access =
  | { state: "asking" }
  | { state: "in"; session: Session }
  | { state: "out"; refused: string | undefined }
  | { state: "failed"; error: unknown };

export function App({ link }: { link: LinkSecret | undefined }) {
  const [access, setAccess] = useState<Access>({ state: "asking" });
  const [round, setRound] = useState(0);
  useEffect(() => {
    let stopped = false;
    const ask = async () => {
      let refused: string | undefined;
      if (link && round === 0) {
        try {
          const session = await signIn(link.secret);
          if (!stopped) setAccess({ state: "in", session });
          return;
        } catch (error) {
          refused = error instanceof Error ? error.message : String(error);
        }
      }
      try {
        const session = await currentSession();
        if (!stopped) setAccess(session ? { state: "in", session } : { state: "out", refused });
      } catch (error) {
        if (!stopped) setAccess({ state: "failed", error });
      }
    };
    ask();
    return () => {
      stopped = true;
    };
  }, [link, round]);
  useEffect(
    () =>
      onSignedOut(() =>
        setAccess((before) =>
          before.state === "in" ? { state: "out", refused: "The session is over. Drafts are kept." } : before,
        ),
      ),
    [],
  );
  // While the server is away at the start, it is asked again by itself.
  useEffect(() => {
    if (access.state !== "failed") return;
    const timer = setTimeout(() => setRound((before) => before + 1), 2000);
    return () => clearTimeout(timer);
  }, [access]);

  if (access.state === "asking") return null;
  if (access.state === "failed") {
    return (
      <main className="sign-in">
        <div className="sign-in-card">
          <Failure what="The console cannot reach its server." error={access.error} />
          <p className="dim">It is asked again every two seconds.</p>
        </div>
      </main>
    );
  }
  if (access.state === "out") {
    return (
      <SignIn
        refused={access.refused}
        onSignedIn={(session) => {
          client.clear();
          setAccess({ state: "in", session });
        }}
      />
    );
  }
  const leave = async () => {
    await signOut().catch(() => {});
    client.clear();
    setAccess({ state: "out", refused: undefined });
  };
  return (
    <QueryClientProvider client={client}>
      <LiveProvider onEnd={() => setRound((before) => before + 1)}>
        <Shell session={access.session} onSignOut={leave}>
          <Suspense fallback={<PageSkeleton />}>
            <Switch>
              <Route path="/">
                <Redirect to={to.catalogue} replace />
              </Route>
              <Route path="/sign-in">
                <Redirect to={to.catalogue} replace />
              </Route>
              <Route path="/catalogue" component={Catalogue} />
              <Route path="/catalogue/:ns/:name/:tab?">{(params) => <Dataset {...decoded(params)} />}</Route>
              <Route path="/request" component={Request} />
              <Route path="/products" component={Products} />
              <Route path="/products/:ns/:name/:tab?">{(params) => <Product {...decoded(params)} />}</Route>
              <Route path="/platform/:part?/:name?">{(params) => <Platform {...params} />}</Route>
              <Route>
                <Empty
                  page
                  icon="search"
                  title="There is no page here"
                  actions={<LinkButton href={to.catalogue}>To the catalogue</LinkButton>}
                >
                  The address may be misspelt, or what it named is gone.
                </Empty>
              </Route>
            </Switch>
          </Suspense>
        </Shell>
      </LiveProvider>
    </QueryClientProvider>
  );
}

function decoded(params: { ns: string; name: string; tab?: string | undefined }) {
  return { ns: decodeURIComponent(params.ns), name: decodeURIComponent(params.name), tab: params.tab };
}

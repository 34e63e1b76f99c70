import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { Redirect, Route, Switch } from "wouter";
import { ApiError, onSignedOut } from "./api/client";
import {
  currentSession,
  type LinkSecret,
  onSignedInElsewhere,
  type Session,
  signIn,
  signOut,
} from "./api/session";
import { LiveProvider } from "./shell/live";
import { to } from "./shell/location";
import { Shell } from "./shell/shell";
import { SignIn } from "./shell/sign-in";
import { LinkButton } from "./ui/button";
import { Empty, Failure, PageSkeleton } from "./ui/feedback";
import { toast } from "./ui/toast";

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
  /** `unsure`: the server said that it may be over, and has not said since whether it is. */
  | { state: "in"; session: Session; unsure?: boolean }
  | { state: "out"; refused: string | undefined }
  | { state: "failed"; error: unknown };

// The server has judged, so that asking it the same again changes nothing.
function isRefusal(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code >= 400 && error.code < 500;
}

export function App({ link }: { link: LinkSecret | undefined }) {
  const [access, setAccess] = useState<Access>({ state: "asking" });
  const [round, setRound] = useState(0);
  const untried = useRef(link);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round is another try
  useEffect(() => {
    let stopped = false;
    const take = (next: (before: Access) => Access) => {
      if (!stopped) setAccess(next);
    };
    const ask = async () => {
      let refused: string | undefined;
      try {
        if (untried.current) {
          try {
            const session = await signIn(untried.current.secret);
            untried.current = undefined;
            take(() => ({ state: "in", session }));
            return;
          } catch (error) {
            if (!isRefusal(error)) throw error;
            untried.current = undefined;
            refused = error.message;
          }
        }
        const session = await currentSession();
        take((before) => {
          if (session) return { state: "in", session };
          // Why it is over may be said already.
          return before.state === "out" ? before : { state: "out", refused };
        });
      } catch (error) {
        take((before) => (before.state === "in" ? { ...before, unsure: true } : { state: "failed", error }));
      }
    };
    ask();
    return () => {
      stopped = true;
    };
  }, [round]);
  useEffect(
    () =>
      onSignedOut(() =>
        setAccess((before) =>
          before.state === "in" ? { state: "out", refused: "The session is over. Drafts are kept." } : before,
        ),
      ),
    [],
  );
  useEffect(() => onSignedInElsewhere(() => setRound((before) => before + 1)), []);
  // Until the server says who is signed in it is asked again by itself.
  useEffect(() => {
    if (access.state !== "failed" && !(access.state === "in" && access.unsure)) return;
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
    try {
      await signOut();
    } catch (error) {
      // What is over already has been told.
      if (error instanceof ApiError && error.code === 401) return;
      toast("You are still signed in", { detail: String((error as Error).message), bad: true });
      return;
    }
    client.clear();
    setAccess({ state: "out", refused: undefined });
  };
  return (
    <QueryClientProvider client={client}>
      <LiveProvider session={access.session} onEnd={() => setRound((before) => before + 1)}>
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

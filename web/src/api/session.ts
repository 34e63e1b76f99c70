// Who is signed in, and how one signs in: by a link that works once, or by the installation's token.
import { ApiError, call, SESSION_PATH, setCsrfToken } from "./client";

export interface Session {
  user: { name: string };
  method: string;
  csrf: string;
  expiresAt?: string;
  version?: string;
  build?: string;
}

function taken(session: Session): Session {
  setCsrfToken(session.csrf);
  return session;
}

/** The session, or undefined where one has to sign in. Throws where the server does not say. */
export async function currentSession(signal?: AbortSignal): Promise<Session | undefined> {
  try {
    return taken((await call<Session>(SESSION_PATH, { signal })).value);
  } catch (error) {
    if (error instanceof ApiError && error.code === 401) return undefined;
    throw error;
  }
}

export async function signIn(secret: { code: string } | { token: string }): Promise<Session> {
  const session = taken((await call<Session>(SESSION_PATH, { method: "POST", body: secret })).value);
  tabs().postMessage("signed in");
  return session;
}

// Between the tabs of this browser, which have one session. The server ends the one before while its answer with the new
// one is still on the way, so that a tab which hears of the end first finds that nobody is signed in.
let channel: BroadcastChannel | undefined;

function tabs(): BroadcastChannel {
  channel ??= new BroadcastChannel("offtake.session");
  return channel;
}

/** Called when another tab has signed in. */
export function onSignedInElsewhere(listener: () => void): () => void {
  tabs().addEventListener("message", listener);
  return () => tabs().removeEventListener("message", listener);
}

export async function signOut(): Promise<void> {
  await call(SESSION_PATH, { method: "DELETE" });
}

export interface LinkSecret {
  secret: { code: string } | { token: string };
  next: string;
}

/** Takes the secret out of the address, so that it is in no history, no referrer and no screenshot. */
export function takeLinkSecret(location: Location, history: History): LinkSecret | undefined {
  const hash = new URLSearchParams(location.hash.replace(/^#/, ""));
  const code = hash.get("code");
  const token = hash.get("token");
  if (!code && !token) return undefined;
  const wanted = new URLSearchParams(location.search).get("next") ?? "/";
  const next = /^\/(?![/\\])/.test(wanted) ? wanted : "/";
  history.replaceState(null, "", next);
  return { secret: code ? { code } : { token: token ?? "" }, next };
}

// Calls to the server: the session's cookie, the header that makes a write CSRF-proof, and refusals as values with what
// the server said of them.

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

/** A refusal (Kubernetes' Status), or that there was no answer (code 0). */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly causes: StatusCause[];
  readonly retryAfterSeconds: number | undefined;

  constructor(
    message: string,
    code: number,
    reason: string,
    causes: StatusCause[] = [],
    retryAfter?: number,
  ) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.causes = causes;
    this.retryAfterSeconds = retryAfter;
  }

  get unreachable(): boolean {
    return this.code === 0;
  }
}

/** Answers for the session that this browser has. */
export const SESSION_PATH = "/offtake/v1/session";

let csrf = "";
export function setCsrfToken(token: string): void {
  csrf = token;
}

// Somebody signed in anew in another tab: this one's word is of the session before. All calls that were refused for it
// ask for the present one together.
let renewal: Promise<void> | undefined;

function renewCsrfToken(): Promise<void> {
  renewal ??= get<{ csrf?: string }>(SESSION_PATH)
    .then((session) => setCsrfToken(session.csrf ?? ""))
    .finally(() => {
      renewal = undefined;
    });
  return renewal;
}

const isStale = (error: ApiError) =>
  error.code === 403 && error.causes.some((cause) => cause.reason === "CsrfStale");

type Listener = () => void;
const signedOutListeners = new Set<Listener>();
const reachabilityListeners = new Set<(reachable: boolean) => void>();

/** Called when an answer says that the session is over. */
export function onSignedOut(listener: Listener): () => void {
  signedOutListeners.add(listener);
  return () => signedOutListeners.delete(listener);
}

/** Told of each call whether the server answered it. */
export function onReachability(listener: (reachable: boolean) => void): () => void {
  reachabilityListeners.add(listener);
  return () => reachabilityListeners.delete(listener);
}

export interface CallOptions {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal | undefined;
  query?: Record<string, string | number | boolean | readonly string[] | undefined>;
}

export interface Answer<T> {
  value: T;
  warnings: string[];
}

function withQuery(path: string, query: CallOptions["query"]): string {
  if (!query) return path;
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === "") continue;
    if (Array.isArray(value)) for (const one of value) params.append(name, one);
    else params.append(name, String(value));
  }
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}

// Warning: 299 - "text"
function warningsOf(response: Response): string[] {
  const header = response.headers.get("Warning");
  if (!header) return [];
  return [...header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text]) =>
    (text ?? "").replace(/\\(.)/g, "$1"),
  );
}

async function refusal(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const text = await response.text().catch(() => "");
  try {
    const status = JSON.parse(text);
    return new ApiError(
      status.message || response.statusText,
      response.status,
      status.reason || "Unknown",
      status.details?.causes ?? [],
      Number.isNaN(retryAfter) ? undefined : retryAfter,
    );
  } catch {
    return new ApiError(
      text.trim().slice(0, 500) || `the server answered ${response.status} without saying why`,
      response.status,
      "Unknown",
      [],
      Number.isNaN(retryAfter) ? undefined : retryAfter,
    );
  }
}

export async function request(path: string, options: CallOptions = {}): Promise<Response> {
  const shown = csrf;
  try {
    return await attempt(path, options);
  } catch (error) {
    if (!(error instanceof ApiError && isStale(error))) throw error;
    if (csrf === shown) await renewCsrfToken();
    return attempt(path, options);
  }
}

async function attempt(path: string, options: CallOptions): Promise<Response> {
  const method = options.method ?? "GET";
  const headers: Record<string, string> = { Accept: "application/json" };
  let body: string | undefined;
  if (options.body !== undefined) {
    headers["Content-Type"] = options.contentType ?? "application/json";
    body = typeof options.body === "string" ? options.body : JSON.stringify(options.body);
  }
  if (method !== "GET" && csrf) headers["X-Offtake-CSRF"] = csrf;
  let response: Response;
  try {
    response = await fetch(withQuery(path, options.query), {
      method,
      headers,
      body,
      signal: options.signal,
      credentials: "same-origin",
      cache: "no-store",
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    for (const listener of reachabilityListeners) listener(false);
    throw new ApiError("The server does not answer.", 0, "Unreachable");
  }
  // What stands before the server (a proxy) says so when it is away.
  const away = response.status === 502 || response.status === 504;
  for (const listener of reachabilityListeners) listener(!away);
  if (away) throw new ApiError("The server does not answer.", 0, "Unreachable");
  if (response.ok) return response;
  if (response.status === 401) for (const listener of signedOutListeners) listener();
  throw await refusal(response);
}

export async function call<T>(path: string, options: CallOptions = {}): Promise<Answer<T>> {
  const response = await request(path, options);
  const text = await response.text();
  try {
    return { value: (text ? JSON.parse(text) : undefined) as T, warnings: warningsOf(response) };
  } catch {
    throw new ApiError(`the answer of ${path.split("?")[0]} is not JSON`, response.status, "BadAnswer");
  }
}

export async function get<T>(
  path: string,
  query?: CallOptions["query"],
  signal?: AbortSignal | undefined,
): Promise<T> {
  return (await call<T>(path, { query, signal })).value;
}

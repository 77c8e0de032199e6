import { ApiProblem, NO_ANSWER, problemOf } from "./problem";

const ROOT = "/api/v1";

type Listener = () => void;
const signedOutListeners = new Set<Listener>();

/** Calls back whenever the server says that there is no session any more. */
export function onSignedOut(listener: Listener): () => void {
  signedOutListeners.add(listener);
  return () => signedOutListeners.delete(listener);
}

/** Tells everyone that the session is over; a closed live video may be the first to know. */
export function announceSignedOut(): void {
  for (const listener of signedOutListeners) listener();
}

type Asked = string | number | null | undefined | readonly string[];

/** A path below /api/v1 with its query; undefined, null and "" are left out, a list repeats its name. */
export function address(path: string, query: Record<string, Asked> = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined && each !== null && each !== "") search.append(key, String(each));
    }
  }
  const text = search.toString();
  return `${ROOT}${path}${text ? `?${text}` : ""}`;
}

/**
 * Asks the server.
 *
 * @throws ApiProblem with the server's own sentence; status 0 when nothing answered.
 */
export async function call<T>(method: string, url: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const request: RequestInit = {
    method,
    credentials: "same-origin",
    headers: { Accept: "application/json" },
  };
  if (signal) request.signal = signal;
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers = { ...request.headers, "Content-Type": "application/json" };
  }
  const answer = await reach(url, request);
  const text = await answer.text();
  const content = parsed(text);
  if (!answer.ok) {
    // A refused sign-in is a 401 too, but nobody was signed in before it.
    if (answer.status === 401 && !(method === "POST" && url === address("/session"))) announceSignedOut();
    throw problemOf(answer.status, content);
  }
  return content as T;
}

async function reach(url: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, request);
  } catch (error) {
    if (request.signal?.aborted) throw error;
    throw new ApiProblem(0, "No answer", NO_ANSWER);
  }
}

function parsed(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

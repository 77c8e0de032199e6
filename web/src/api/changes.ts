import { address } from "./client";

const KINDS = [
  "camera",
  "segment",
  "gap",
  "state",
  "user",
  "settings",
  "incident",
  "event",
  "storage",
  "job",
] as const;
export type ChangeKind = (typeof KINDS)[number];

export interface Change {
  kind: ChangeKind;
  camera: string | null;
}

type Listener = (change: Change | "all") => void;

const RETRY_MS = 5000;
const listeners = new Set<Listener>();
let source: EventSource | null = null;
let retry: ReturnType<typeof setTimeout> | undefined;
let hasBeenAway = false;

/** Hears of every change on the server; "all" after an absence, when some may have been missed. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener);
  if (!source) open();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) close();
  };
}

function open(): void {
  clearTimeout(retry);
  source = new EventSource(address("/changes"));
  source.onopen = () => {
    if (hasBeenAway) tell("all");
    hasBeenAway = false;
  };
  source.onerror = () => {
    hasBeenAway = true;
    // After a refusal the browser gives up for good; we do not.
    if (source?.readyState === EventSource.CLOSED) {
      close();
      if (listeners.size > 0) retry = setTimeout(open, RETRY_MS);
    }
  };
  for (const kind of KINDS) {
    source.addEventListener(kind, (event) =>
      tell({ kind, camera: cameraOf((event as MessageEvent<string>).data) }),
    );
  }
}

function close(): void {
  clearTimeout(retry);
  source?.close();
  source = null;
}

function tell(change: Change | "all"): void {
  for (const listener of listeners) listener(change);
}

function cameraOf(text: string): string | null {
  try {
    const facts = JSON.parse(text) as { camera?: unknown };
    return typeof facts.camera === "string" ? facts.camera : null;
  } catch {
    return null;
  }
}

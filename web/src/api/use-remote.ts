import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type ChangeKind, onChange } from "./changes";

export interface Remote<T> {
  /** The last answer; stays while a newer one is fetched or fails. */
  value: T | undefined;
  error: unknown;
  refresh: () => void;
}

/** Changes come in bursts; one refresh a second is enough for a person. */
const QUIET_MS = 1000;
const RETRY_MS = 4000;

/**
 * What the server knows, kept fresh: asks at once, again whenever `key` changes, after changes of the named
 * kinds, and every `everyMs` where ages move by themselves.
 */
export function useRemote<T>(
  load: (signal: AbortSignal) => Promise<T>,
  key: string,
  kinds: readonly ChangeKind[] = [],
  everyMs = 0,
): Remote<T> {
  const [answer, setAnswer] = useState<{ key: string; value?: T; error?: unknown }>({ key });
  const latest = useRef(load);
  latest.current = load;
  const running = useRef<AbortController | null>(null);
  const retry = useRef<ReturnType<typeof setTimeout>>(undefined);

  const refresh = useCallback(() => {
    running.current?.abort();
    clearTimeout(retry.current);
    const control = new AbortController();
    running.current = control;
    latest.current(control.signal).then(
      (value) => !control.signal.aborted && setAnswer({ key, value }),
      (error: unknown) => {
        if (control.signal.aborted) return;
        setAnswer((before) => (before.key === key ? { ...before, error } : { key, error }));
        retry.current = setTimeout(refresh, RETRY_MS);
      },
    );
  }, [key]);

  useEffect(() => {
    refresh();
    const timer = everyMs > 0 ? setInterval(refresh, everyMs) : undefined;
    return () => {
      running.current?.abort();
      clearTimeout(retry.current);
      clearInterval(timer);
    };
  }, [refresh, everyMs]);

  useEffect(() => {
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const stop = onChange((change) => {
      if (change !== "all" && !kinds.includes(change.kind)) return;
      waiting ??= setTimeout(() => {
        waiting = undefined;
        refresh();
      }, QUIET_MS);
    });
    return () => {
      stop();
      clearTimeout(waiting);
    };
  }, [refresh, kinds.join()]);

  return {
    value: answer.key === key ? answer.value : undefined,
    error: answer.key === key ? answer.error : undefined,
    refresh,
  };
}

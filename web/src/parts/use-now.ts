import { useEffect, useState } from "preact/hooks";

/** The present, moving on every so often while it is asked for. */
export function useNow(everyMs: number, isWanted = true): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isWanted) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, isWanted]);
  return now;
}

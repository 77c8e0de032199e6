import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Whether an element is on the screen of a page that is looked at. */
export function useVisible(element: RefObject<Element | null>): boolean {
  const [isInView, setInView] = useState(false);
  const [isShown, setShown] = useState(!document.hidden);
  useEffect(() => {
    if (!element.current) return;
    const observer = new IntersectionObserver(
      (entries) => setInView(entries.at(-1)?.isIntersecting ?? false),
      { rootMargin: "80px" },
    );
    observer.observe(element.current);
    const look = () => setShown(!document.hidden);
    document.addEventListener("visibilitychange", look);
    return () => {
      observer.disconnect();
      document.removeEventListener("visibilitychange", look);
    };
  }, [element]);
  return isInView && isShown;
}

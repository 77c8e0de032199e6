import type { ComponentChildren, RefObject } from "preact";
import { useEffect } from "preact/hooks";

interface DisclosureProps {
  element: RefObject<HTMLDetailsElement | null>;
  class: string;
  name: string;
  /** What is always seen; a click opens the rest. */
  summary: ComponentChildren;
  children: ComponentChildren;
}

/** A panel under its button; Escape or a click elsewhere shuts it. */
export function Disclosure({ element, name, summary, children, ...rest }: DisclosureProps) {
  useEffect(() => {
    const leave = (event: Event) => {
      const isLeaving =
        event instanceof KeyboardEvent
          ? event.key === "Escape"
          : !element.current?.contains(event.target as Node);
      if (isLeaving) element.current?.removeAttribute("open");
    };
    document.addEventListener("pointerdown", leave);
    document.addEventListener("keydown", leave);
    return () => {
      document.removeEventListener("pointerdown", leave);
      document.removeEventListener("keydown", leave);
    };
  }, [element]);
  return (
    <details class={rest.class} ref={element}>
      <summary aria-label={name}>{summary}</summary>
      {children}
    </details>
  );
}

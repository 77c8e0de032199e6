import type { ComponentChildren } from "preact";
import { messageOf } from "../api/problem";
import { Icon } from "./icon";

/** What went wrong, in the server's own sentence; nothing when nothing did. */
export function Fault({ error }: { error: unknown }) {
  if (error === undefined || error === null) return null;
  return (
    <p class="notice fault" role="alert">
      <Icon name="warning" />
      <span>{messageOf(error)}</span>
    </p>
  );
}

/** Something worth knowing that is no fault. */
export function Hint({
  icon = "warning",
  children,
}: {
  icon?: "warning" | "unlocked";
  children: ComponentChildren;
}) {
  return (
    <div class="notice hint">
      <Icon name={icon} />
      <div>{children}</div>
    </div>
  );
}

/** A room with nothing in it yet: says why, and what to do. */
export function Empty({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="empty">
      <svg viewBox="0 0 64 64" aria-hidden="true" focusable="false" class="mark">
        <path d="M8 18 20 50 32 22 44 50 56 18" />
        <circle cx="32" cy="11" r="4" />
      </svg>
      <h1>{title}</h1>
      {children}
    </section>
  );
}

/** Said to screen readers and shown quietly while the first answer is under way. */
export const Loading = ({ what }: { what: string }) => (
  <p class="loading quiet" role="status">
    Loading {what} …
  </p>
);

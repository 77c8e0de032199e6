import type { ComponentChildren } from "preact";

/** The page before anyone is signed in: the mark, one form, nothing that tells what is behind it. */
export function Gate({
  title,
  lead,
  children,
}: {
  title: string;
  lead: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <main class="gate">
      <div class="card">
        <p class="wordmark">
          <svg viewBox="0 0 32 24" aria-hidden="true" focusable="false">
            <path d="M4 6 10 21 16 8 22 21 28 6" />
            <circle cx="16" cy="3" r="2.2" />
          </svg>
          <span>watchkeep</span>
        </p>
        <h1>{title}</h1>
        <p class="quiet">{lead}</p>
        {children}
      </div>
    </main>
  );
}

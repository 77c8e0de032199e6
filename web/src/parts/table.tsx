import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface TableProps {
  caption: string;
  columns: readonly (string | { text: string; isNumber: true })[];
  children: ComponentChildren;
}

/** A table that scrolls by itself, by keyboard too, and never makes the page wider than the screen. */
export function Table({ caption, columns, children }: TableProps) {
  const id = useId();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section class="table" tabIndex={0} aria-labelledby={id}>
      <table>
        <caption id={id} class="unseen">
          {caption}
        </caption>
        <thead>
          <tr>
            {columns.map((column) =>
              typeof column === "string" ? (
                <th key={column} scope="col">
                  {column}
                </th>
              ) : (
                <th key={column.text} scope="col" class="number">
                  {column.text}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

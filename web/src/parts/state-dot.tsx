export type Tone = "good" | "busy" | "bad" | "off";

/** A coloured dot with its word; colour is never alone. */
export function StateDot({
  tone,
  word,
  isWordHidden = false,
}: {
  tone: Tone;
  word: string;
  isWordHidden?: boolean;
}) {
  return (
    <span class={`state ${tone}`} title={isWordHidden ? word : undefined}>
      <i aria-hidden="true" />
      <span class={isWordHidden ? "unseen" : ""}>{word}</span>
    </span>
  );
}

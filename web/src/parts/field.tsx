import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

/** What a text field may be told beyond its label and value; the browser's own names. */
interface Native {
  type?: "text" | "password" | "number" | "datetime-local";
  name?: string;
  required?: boolean;
  disabled?: boolean;
  autofocus?: boolean;
  autocomplete?: string;
  autocapitalize?: string;
  inputMode?: "url";
  spellcheck?: boolean;
  placeholder?: string;
  minLength?: number;
  maxLength?: number;
  min?: number;
  max?: number;
  step?: number;
  "aria-invalid"?: boolean;
  onBlur?: () => void;
}

interface FieldProps extends Native {
  label: string;
  value: string;
  onInput: (value: string) => void;
  hint?: ComponentChildren;
}

/** A labelled text field with an optional hint, tied together for screen readers. */
export function Field({ label, value, onInput, hint, ...rest }: FieldProps) {
  const id = useId();
  const native = rest as Record<string, unknown>;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...native}
        id={id}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
        aria-describedby={hint ? `${id}-hint` : undefined}
      />
      {hint && (
        <small id={`${id}-hint`} class="quiet">
          {hint}
        </small>
      )}
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: readonly (readonly [value: string, text: string])[];
  onChange: (value: string) => void;
  isLabelHidden?: boolean;
}

/** A labelled native select. */
export function Choice({ label, value, options, onChange, isLabelHidden = false }: ChoiceProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={isLabelHidden ? "unseen" : ""}>
        {label}
      </label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

interface TickProps {
  label: ComponentChildren;
  isTicked: boolean;
  onChange: (isTicked: boolean) => void;
  disabled?: boolean;
}

export function Tick({ label, isTicked, onChange, disabled = false }: TickProps) {
  return (
    <label class="tick">
      <input
        type="checkbox"
        checked={isTicked}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>{label}</span>
    </label>
  );
}

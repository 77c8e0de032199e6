import { useRef, useState } from "preact/hooks";
import { changePassword, signOut } from "../api/endpoints";
import { Dialog } from "../parts/dialog";
import { Disclosure } from "../parts/disclosure";
import { Field } from "../parts/field";
import { Icon } from "../parts/icon";
import { Fault } from "../parts/notice";
import { useSubmit } from "../parts/use-submit";
import { applyTheme, storedTheme, type Theme } from "./theme";

interface AccountProps {
  name: string;
  onSignedOut: () => void;
  onHelp: () => void;
}

const THEMES: [Theme, string][] = [
  ["system", "System"],
  ["dark", "Dark"],
  ["light", "Light"],
];

/** Who is signed in, and what belongs to them: theme, password, signing out. */
export function Account({ name, onSignedOut, onHelp }: AccountProps) {
  const menu = useRef<HTMLDetailsElement>(null);
  const [theme, setTheme] = useState(storedTheme);
  const [isChanging, setChanging] = useState(false);
  const { isBusy, run } = useSubmit();
  const shut = () => menu.current?.removeAttribute("open");
  return (
    <Disclosure
      element={menu}
      class="account"
      name={`Account of ${name}`}
      summary={
        <>
          <Icon name="account" />
          <span>{name}</span>
        </>
      }
    >
      <div class="menu">
        <fieldset class="segmented">
          <legend>Theme</legend>
          {THEMES.map(([value, text]) => (
            <label key={value}>
              <input
                type="radio"
                name="theme"
                checked={theme === value}
                onChange={() => {
                  setTheme(value);
                  applyTheme(value);
                }}
              />
              <span>{text}</span>
            </label>
          ))}
        </fieldset>
        <button
          type="button"
          class="plain"
          onClick={() => {
            shut();
            onHelp();
          }}
        >
          Keyboard help
        </button>
        <button
          type="button"
          class="plain"
          onClick={() => {
            shut();
            setChanging(true);
          }}
        >
          Change password
        </button>
        <button
          type="button"
          class="plain"
          disabled={isBusy}
          onClick={async () => {
            // Whatever the server says, this browser shows nothing more.
            await run(signOut);
            onSignedOut();
          }}
        >
          Sign out
        </button>
      </div>
      {isChanging && <PasswordDialog onClose={() => setChanging(false)} />}
    </Disclosure>
  );
}

function PasswordDialog({ onClose }: { onClose: () => void }) {
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const { isBusy, error, run } = useSubmit();
  const submit = async (event: Event) => {
    event.preventDefault();
    if (await run(() => changePassword(old, fresh))) onClose();
  };
  return (
    <Dialog title="Change password" onClose={onClose}>
      <form onSubmit={submit}>
        <Field
          label="Password now"
          type="password"
          autocomplete="current-password"
          required
          value={old}
          onInput={setOld}
        />
        <Field
          label="New password"
          type="password"
          autocomplete="new-password"
          required
          minLength={12}
          value={fresh}
          onInput={setFresh}
          hint="At least 12 characters. Other sessions of yours end."
        />
        <Fault error={error} />
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="first" disabled={isBusy}>
            Change password
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

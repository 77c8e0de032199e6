import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { setUp } from "../api/endpoints";
import type { Session } from "../api/types";
import { Field } from "../parts/field";
import { Fault } from "../parts/notice";
import { useSubmit } from "../parts/use-submit";
import { Gate } from "./gate";

/** The link that the terminal prints carries the token behind the #, so that no server log sees it. */
const tokenFromAddress = () => new URLSearchParams(location.hash.slice(1)).get("token") ?? "";

export function FirstStart({ onDone }: { onDone: (session: Session) => void }) {
  const { route } = useLocation();
  const [token, setToken] = useState(tokenFromAddress);
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const { isBusy, error, run } = useSubmit();
  const differs = again !== "" && again !== password;
  const submit = (event: Event) => {
    event.preventDefault();
    if (again !== password) return;
    void run(async () => {
      const session = await setUp(token.trim(), name, password);
      route("/cameras", true);
      onDone(session);
    });
  };
  return (
    <Gate
      title="First start"
      lead="Nobody can sign in yet. Make the first administrator; everyone else is added later, under People."
    >
      <form onSubmit={submit}>
        <Field
          label="Set-up token"
          name="token"
          autocomplete="off"
          spellcheck={false}
          required
          value={token}
          onInput={setToken}
          hint="The start of Watchkeep says in which file it stands."
        />
        <Field
          label="Name"
          name="username"
          autocomplete="username"
          autocapitalize="none"
          required
          value={name}
          onInput={setName}
        />
        <Field
          label="Password"
          name="password"
          type="password"
          autocomplete="new-password"
          required
          minLength={12}
          value={password}
          onInput={setPassword}
          hint="At least 12 characters; a few words do well."
        />
        <Field
          label="Password again"
          name="again"
          type="password"
          autocomplete="new-password"
          required
          value={again}
          onInput={setAgain}
          aria-invalid={differs}
          hint={differs ? "The two passwords differ." : undefined}
        />
        <Fault error={error} />
        <button type="submit" class="first" disabled={isBusy || differs}>
          {isBusy ? "Setting up …" : "Create the administrator"}
        </button>
      </form>
    </Gate>
  );
}

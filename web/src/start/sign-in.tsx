import { useState } from "preact/hooks";
import { signIn } from "../api/endpoints";
import type { Session } from "../api/types";
import { Field } from "../parts/field";
import { Fault } from "../parts/notice";
import { useSubmit } from "../parts/use-submit";
import { Gate } from "./gate";

export function SignIn({ site, onDone }: { site: string; onDone: (session: Session) => void }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const { isBusy, error, run } = useSubmit();
  const submit = (event: Event) => {
    event.preventDefault();
    void run(async () => onDone(await signIn(name, password)));
  };
  return (
    <Gate title="Sign in" lead={site}>
      <form onSubmit={submit}>
        <Field
          label="Name"
          name="username"
          autocomplete="username"
          autocapitalize="none"
          required
          autofocus
          value={name}
          onInput={setName}
        />
        <Field
          label="Password"
          name="password"
          type="password"
          autocomplete="current-password"
          required
          value={password}
          onInput={setPassword}
        />
        <Fault error={error} />
        <button type="submit" class="first" disabled={isBusy}>
          {isBusy ? "Signing in …" : "Sign in"}
        </button>
      </form>
    </Gate>
  );
}

import { render } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { LocationProvider } from "preact-iso";
import { onSignedOut } from "./api/client";
import { getSession } from "./api/endpoints";
import type { Session } from "./api/types";
import { Fault, Loading } from "./parts/notice";
import { Shell } from "./shell/shell";
import { applyTheme, storedTheme } from "./shell/theme";
import { FirstStart } from "./start/first-start";
import { SignIn } from "./start/sign-in";

const RETRY_MS = 3000;

/** Decides between the three faces of the page: first start, sign-in, and the rooms. */
function Page() {
  const [session, setSession] = useState<Session | null>(null);
  const [error, setError] = useState<unknown>(null);
  const ask = useCallback(() => {
    getSession().then(
      (answer) => {
        setError(null);
        setSession(answer);
      },
      (fault: unknown) => {
        setError(fault);
        setTimeout(ask, RETRY_MS);
      },
    );
  }, []);
  useEffect(() => {
    ask();
    return onSignedOut(() => setSession((now) => (now?.user ? { ...now, user: null } : now)));
  }, [ask]);
  if (!session)
    return <main class="gate">{error ? <Fault error={error} /> : <Loading what="the page" />}</main>;
  if (session.user) {
    const leave = () => setSession({ ...session, user: null });
    return <Shell session={session} onSignedOut={leave} />;
  }
  if (session.needs_setup) return <FirstStart onDone={setSession} />;
  return <SignIn site={session.site.name} onDone={setSession} />;
}

applyTheme(storedTheme());
const root = document.getElementById("page");
if (root) {
  render(
    <LocationProvider>
      <Page />
    </LocationProvider>,
    root,
  );
}

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Session } from "./types";

export const SessionContext = createContext<Session | null>(null);

/** The session of whoever looks at a room; rooms are only shown to someone signed in. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("A room was shown without a session.");
  return session;
}

/** Whether the signed-in user may do something to the installation as a whole. */
export function useMay(action: string): boolean {
  return useSession().user?.actions.includes(action) ?? false;
}

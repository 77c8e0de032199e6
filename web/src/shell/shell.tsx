import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { ErrorBoundary, lazy, Route, Router, useLocation } from "preact-iso";
import { SessionContext } from "../api/session-context";
import type { Session } from "../api/types";
import { Empty } from "../parts/notice";
import { ZoneContext } from "../time/zone";
import { Alarms } from "./alarms";
import { Help } from "./help";
import { isWithin, ROOMS, roomsFor } from "./rooms";
import { GroupLine, TopLine } from "./top-line";
import { useKeys } from "./use-keys";

const Live = lazy(() => import("../live/live-room"));
const Play = lazy(() => import("../play/play-room"));
const Review = lazy(() => import("../review/review-room"));
const Analytics = lazy(() => import("../analytics/analytics-room"));
const Rules = lazy(() => import("../cameras/rules-room"));
const Cameras = lazy(() => import("../cameras/cameras-room"));
const Storage = lazy(() => import("../storage/storage-room"));
const Holds = lazy(() => import("../holds/holds-room"));
const Jobs = lazy(() => import("../jobs/jobs-room"));
const Retention = lazy(() => import("../retention/retention-room"));
const People = lazy(() => import("../people/people-room"));
const Audit = lazy(() => import("../audit/audit-room"));

/** The page of someone signed in: the top line, and the room that the address names. */
export function Shell({ session, onSignedOut }: { session: Session; onSignedOut: () => void }) {
  const { path, route } = useLocation();
  const [isHelping, setHelping] = useState(false);
  const rooms = useMemo(() => roomsFor(session.user?.actions ?? []), [session]);
  const help = useCallback(() => setHelping(true), []);
  useKeys(rooms, route, help);
  useTitle(path, session.site.name);
  useEffect(() => {
    if (path === "/" || path === "/setup" || path === "/sign-in") route("/live", true);
  }, [path]);
  return (
    <SessionContext.Provider value={session}>
      <ZoneContext.Provider value={session.site.zone}>
        <a class="skip" href="#room">
          Skip to the room
        </a>
        <TopLine session={session} rooms={rooms} path={path} onSignedOut={onSignedOut} onHelp={help} />
        <Alarms />
        <GroupLine rooms={rooms} path={path} />
        <main id="room" tabIndex={-1}>
          <ErrorBoundary>
            <Router>
              <Route path="/" component={Nothing} />
              <Route path="/setup" component={Nothing} />
              <Route path="/sign-in" component={Nothing} />
              <Route path="/live" component={Live} />
              <Route path="/play/:camera?" component={Play} />
              <Route path="/review" component={Review} />
              <Route path="/analytics" component={Analytics} />
              <Route path="/cameras/:camera?" component={Cameras} />
              <Route path="/cameras/:camera/rules/:rule?" component={Rules} />
              <Route path="/storage" component={Storage} />
              <Route path="/holds" component={Holds} />
              <Route path="/jobs" component={Jobs} />
              <Route path="/retention" component={Retention} />
              <Route path="/people" component={People} />
              <Route path="/audit" component={Audit} />
              <Route default component={Nowhere} />
            </Router>
          </ErrorBoundary>
        </main>
        {isHelping && <Help rooms={rooms} onClose={() => setHelping(false)} />}
      </ZoneContext.Provider>
    </SessionContext.Provider>
  );
}

const Nothing = () => null;

const Nowhere = () => (
  <Empty title="There is no such room">
    <p>
      <a href="/live">Go to the live pictures</a>
    </p>
  </Empty>
);

function useTitle(path: string, site: string): void {
  useEffect(() => {
    const room = ROOMS.find((sign) => isWithin(path, sign));
    document.title = [room?.name, site, "Watchkeep"].filter(Boolean).join(" · ");
  }, [path, site]);
}

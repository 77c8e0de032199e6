import { useEffect, useRef, useState } from "preact/hooks";
import { getDetector } from "../api/event-endpoints";
import type { Detecting } from "../api/event-types";
import { useMay } from "../api/session-context";
import { useRemote } from "../api/use-remote";
import { detectingSentence, detectingTone } from "../parts/detecting";
import { DetectorFacts } from "../parts/detector-facts";
import { Disclosure } from "../parts/disclosure";
import { Fault } from "../parts/notice";
import { counted } from "../parts/quantities";
import { StateDot } from "../parts/state-dot";

/** Whether anything is detected, and with what; a click tells more. */
export function DetectorLine({ detecting }: { detecting: Detecting }) {
  const element = useRef<HTMLDetailsElement>(null);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const look = () => setOpen(element.current?.open ?? false);
    element.current?.addEventListener("toggle", look);
    return () => element.current?.removeEventListener("toggle", look);
  }, []);
  const sentence = detectingSentence(detecting);
  return (
    <Disclosure
      element={element}
      class="account detecting"
      name={`${sentence}. More about detection`}
      summary={
        <span title={sentence}>
          <StateDot tone={detectingTone(detecting)} word={sentence} />
        </span>
      }
    >
      <div class="menu">
        <p>
          <strong>{sentence}</strong>
        </p>
        {detecting.phase === "ready" && (
          <p class="quiet">
            Watching {detecting.watching} of {counted(detecting.total, "camera")}.
          </p>
        )}
        {isOpen && <Facts />}
        <p>
          <a href="/cameras" onClick={() => element.current?.removeAttribute("open")}>
            How each camera fares
          </a>
        </p>
      </div>
    </Disclosure>
  );
}

const EVERY_MS = 5000;

function Facts() {
  return useMay("see_status") ? <AskedFacts /> : null;
}

function AskedFacts() {
  const { value, error } = useRemote(getDetector, "detector", [], EVERY_MS);
  return value ? <DetectorFacts detector={value} /> : <Fault error={error} />;
}

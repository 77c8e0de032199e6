import { switchDemo } from "../api/endpoints";
import type { Health } from "../api/types";
import { Icon } from "../parts/icon";
import { Fault } from "../parts/notice";
import { useSubmit } from "../parts/use-submit";

interface DemoProps {
  demo: Health["demo"] | undefined;
  error?: unknown;
  onChange: () => void;
}

/** One of the two ways on when there is no camera: the demonstration cameras, with their progress. */
export function DemoCard({ demo, error, onChange }: DemoProps) {
  const act = useSubmit();
  const start = async () => {
    await act.run(() => switchDemo(true));
    onChange();
  };
  return (
    <section class="card">
      <Icon name="play" />
      <h2>See it with demonstration cameras</h2>
      <p class="quiet">
        Two simulated cameras play recorded streets over the network, exactly as real ones would. They can be
        removed at any time.
      </p>
      <Fault error={act.error ?? error} />
      {demo && demo.state !== "off" ? (
        <Progress demo={demo} />
      ) : (
        <p>
          <button type="button" disabled={act.isBusy} onClick={start}>
            Start the demonstration cameras
          </button>
        </p>
      )}
    </section>
  );
}

/** Above the list while the demonstration is on or being prepared. */
export function DemoLine({ demo, onChange }: DemoProps) {
  const act = useSubmit();
  if (!demo || demo.state === "off") return null;
  const stop = async () => {
    await act.run(() => switchDemo(false));
    onChange();
  };
  return (
    <div class="card demo">
      {demo.state === "preparing" ? <Progress demo={demo} /> : <p>The demonstration cameras are on.</p>}
      <button type="button" disabled={act.isBusy} onClick={stop}>
        Stop the demonstration
      </button>
      <Fault error={act.error} />
    </div>
  );
}

function Progress({ demo }: { demo: Health["demo"] }) {
  return (
    <div class="progress">
      <progress value={demo.progress} max={1} aria-label="Preparing the demonstration cameras" />
      <p class="quiet" role="status">
        {demo.detail || "Preparing …"}
      </p>
    </div>
  );
}

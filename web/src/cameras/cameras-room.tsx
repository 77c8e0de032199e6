import { useState } from "preact/hooks";
import { useLocation, useRoute } from "preact-iso";
import { changeCamera, getHealth, listCameras } from "../api/endpoints";
import { getDetector } from "../api/event-endpoints";
import type { Detector } from "../api/event-types";
import { useMay, useSession } from "../api/session-context";
import type { Camera } from "../api/types";
import { useRemote } from "../api/use-remote";
import { detectingSentence, detectingTone } from "../parts/detecting";
import { DetectorFacts } from "../parts/detector-facts";
import { Icon } from "../parts/icon";
import { Empty, Fault, Hint, Loading } from "../parts/notice";
import { counted } from "../parts/quantities";
import { StateDot } from "../parts/state-dot";
import { useSubmit } from "../parts/use-submit";
import { CameraForm } from "./camera-form";
import { CameraRow } from "./camera-row";
import { DemoCard, DemoLine } from "./demo";
import { RemoveDialog } from "./remove-dialog";

/** Which cameras there are, how they are, and how to add one. */
export default function CamerasRoom() {
  const { params } = useRoute();
  const { value: cameras, error, refresh } = useRemote(listCameras, "cameras", ["camera", "state"]);
  const mayConfigure = useMay("configure");
  const { route } = useLocation();
  if (!cameras) return error ? <Fault error={error} /> : <Loading what="cameras" />;
  const leave = () => {
    refresh();
    route("/cameras");
  };
  if (params.camera === "new") return <CameraForm camera={null} onDone={leave} />;
  const edited = cameras.find(({ id }) => id === params.camera);
  if (edited) return <CameraForm key={edited.id} camera={edited} onDone={leave} />;
  if (params.camera) {
    return (
      <Empty title="There is no such camera">
        <p>
          <a class="button" href="/cameras">
            All cameras
          </a>
        </p>
      </Empty>
    );
  }
  if (cameras.length === 0)
    return mayConfigure ? (
      <TwoWays />
    ) : (
      <Empty title="No cameras">
        <p class="quiet">No camera is shared with you.</p>
      </Empty>
    );
  return <CameraList cameras={cameras} mayConfigure={mayConfigure} error={error} refresh={refresh} />;
}

const DEMO_EVERY_MS = 1500;
const useDemo = () => useRemote(getHealth, "demo", ["camera", "settings"], DEMO_EVERY_MS);

const DETECTOR_EVERY_MS = 5000;

/** Undefined for those who may not ask, and until it is known. */
function useDetector(): Detector | undefined {
  const mayAsk = useMay("see_status");
  const { value } = useRemote(
    (signal) => (mayAsk ? getDetector(signal) : Promise.resolve(null)),
    `detector ${mayAsk}`,
    [],
    DETECTOR_EVERY_MS,
  );
  return value ?? undefined;
}

function DetectorCard({ detector }: { detector: Detector }) {
  return (
    <details class="card as-table">
      <summary>
        <StateDot tone={detectingTone(detector)} word={detectingSentence(detector)} />
      </summary>
      <DetectorFacts detector={detector} />
    </details>
  );
}

function TwoWays() {
  const demo = useDemo();
  return (
    <>
      <div class="bar">
        <h1>Cameras</h1>
      </div>
      <div class="ways">
        <section class="card">
          <Icon name="cameras" />
          <h2>Add a camera</h2>
          <p class="quiet">
            By its address (RTSP), or a video file that plays as if it were one. You see its picture before
            anything is saved.
          </p>
          <p>
            <a class="button first" href="/cameras/new">
              Add a camera
            </a>
          </p>
        </section>
        <DemoCard demo={demo.value?.demo} error={demo.error} onChange={demo.refresh} />
      </div>
    </>
  );
}

interface CameraListProps {
  cameras: Camera[];
  mayConfigure: boolean;
  error: unknown;
  refresh: () => void;
}

function CameraList({ cameras, mayConfigure, error, refresh }: CameraListProps) {
  const [removed, setRemoved] = useState<Camera | null>(null);
  const demo = useDemo();
  const detector = useDetector();
  const act = useSubmit();
  const legs =
    useSession().clear_text_legs ||
    cameras.filter((c) => c.streams.some((s) => s.state?.is_clear_text)).length;
  const toggle = async (camera: Camera) => {
    await act.run(() => changeCamera(camera.id, { is_enabled: !camera.is_enabled }));
    refresh();
  };
  return (
    <>
      <div class="bar">
        <h1>Cameras</h1>
        {mayConfigure && (
          <a class="button first" href="/cameras/new">
            <Icon name="plus" /> Add a camera
          </a>
        )}
      </div>
      <Fault error={error ?? act.error} />
      {legs > 0 && (
        <Hint icon="unlocked">
          <strong>{counted(legs, "clear-text leg")}.</strong> The pictures of{" "}
          {legs === 1 ? "one camera" : `${legs} cameras`} cross the network unencrypted, because the camera is
          asked by plain RTSP or HTTP. Where it offers RTSPS, change its address to <code>rtsps://</code>;
          else keep it on a network of its own. Stored footage is always sealed.
        </Hint>
      )}
      {mayConfigure && <DemoLine demo={demo.value?.demo} onChange={demo.refresh} />}
      {detector && <DetectorCard detector={detector} />}
      <ul class="rows">
        {cameras.map((camera) => (
          <CameraRow
            key={camera.id}
            camera={camera}
            watched={detector?.cameras.find((watched) => watched.camera === camera.id)}
            isBusy={act.isBusy}
            onToggle={() => toggle(camera)}
            onRemove={() => setRemoved(camera)}
          />
        ))}
      </ul>
      {removed && (
        <RemoveDialog
          camera={removed}
          onClose={(isRemoved) => {
            setRemoved(null);
            if (isRemoved) refresh();
          }}
        />
      )}
    </>
  );
}

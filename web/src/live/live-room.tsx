import { useLocation } from "preact-iso";
import { listCameras } from "../api/endpoints";
import { useMay } from "../api/session-context";
import { useRemote } from "../api/use-remote";
import { Empty, Fault, Loading } from "../parts/notice";
import { Tile } from "./tile";

const COLUMNS = ["auto", "1", "2", "3", "4"] as const;

/** The cameras as they are now. */
export default function LiveRoom() {
  const { query, route } = useLocation();
  const { value: cameras, error } = useRemote(listCameras, "cameras", ["camera", "state"]);
  const mayConfigure = useMay("configure");
  const columns = COLUMNS.find((choice) => choice === query.columns) ?? "auto";
  if (!cameras) return error ? <Fault error={error} /> : <Loading what="cameras" />;
  if (cameras.length === 0) return <NoCameras mayConfigure={mayConfigure} />;
  return (
    <>
      <div class="bar">
        <h1>Live</h1>
        <fieldset class="segmented wide-only">
          <legend>Columns</legend>
          {COLUMNS.map((choice) => (
            <label key={choice}>
              <input
                type="radio"
                name="columns"
                checked={choice === columns}
                onChange={() => route(choice === "auto" ? "/live" : `/live?columns=${choice}`, true)}
              />
              <span>{choice}</span>
            </label>
          ))}
        </fieldset>
      </div>
      <Fault error={error} />
      <div class={`grid columns-${columns === "auto" ? fitting(cameras.length) : columns}`}>
        {cameras.map((camera) => (
          <Tile key={camera.id} camera={camera} />
        ))}
      </div>
    </>
  );
}

/** As many columns as make a grid about as wide as high. */
const fitting = (count: number) => (count <= 1 ? 1 : count <= 4 ? 2 : count <= 9 ? 3 : 4);

function NoCameras({ mayConfigure }: { mayConfigure: boolean }) {
  return (
    <Empty title="No cameras yet">
      {mayConfigure ? (
        <>
          <p class="quiet">
            Add a camera by its address, or let the demonstration cameras show what this is.
          </p>
          <p class="actions">
            <a class="button first" href="/cameras/new">
              Add a camera
            </a>
            <a class="button" href="/cameras">
              See the demonstration
            </a>
          </p>
        </>
      ) : (
        <p class="quiet">No camera is shared with you. An administrator can change that under People.</p>
      )}
    </Empty>
  );
}

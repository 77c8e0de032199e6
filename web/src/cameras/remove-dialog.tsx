import { getStorage, removeCamera } from "../api/endpoints";
import type { Camera } from "../api/types";
import { useRemote } from "../api/use-remote";
import { Dialog } from "../parts/dialog";
import { Fault } from "../parts/notice";
import { bytes } from "../parts/quantities";
import { Time } from "../parts/time";
import { useSubmit } from "../parts/use-submit";

/** Says what goes and what stays before a camera is removed. */
export function RemoveDialog({ camera, onClose }: { camera: Camera; onClose: (isRemoved: boolean) => void }) {
  const { value } = useRemote(getStorage, "storage");
  const { isBusy, error, run } = useSubmit();
  const use = value?.cameras.find(({ id }) => id === camera.id);
  const remove = async () => {
    if (await run(() => removeCamera(camera.id))) onClose(true);
  };
  return (
    <Dialog title={`Remove ${camera.name}?`} onClose={() => onClose(false)}>
      <ul class="plain-list">
        <li>Recording stops at once, and the camera leaves every list.</li>
        <li>
          Its footage stays
          {use && use.bytes > 0 && (
            <>
              {" "}
              ({bytes(use.bytes)}, oldest <Time at={use.oldest} />)
            </>
          )}{" "}
          and is deleted when it is {camera.retention_days} days old. Nothing is deleted now.
        </li>
        <li>
          Its id <code>{camera.id}</code> is never given to another camera.
        </li>
      </ul>
      <p class="quiet">To stop recording for a while only, switch it off instead.</p>
      <Fault error={error} />
      <footer>
        <button type="button" onClick={() => onClose(false)}>
          Keep it
        </button>
        <button type="button" class="danger first" disabled={isBusy} onClick={remove}>
          Remove the camera
        </button>
      </footer>
    </Dialog>
  );
}

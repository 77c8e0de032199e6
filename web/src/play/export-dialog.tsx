import { useState } from "preact/hooks";
import { exportAddress } from "../api/endpoints";
import type { Camera } from "../api/types";
import { Dialog } from "../parts/dialog";
import { Field, Tick } from "../parts/field";
import { fromLocal, iso, length, toLocal } from "../time/format";
import { useZone } from "../time/zone";

const AROUND_MS = 30_000;

/** Hands out a stretch of footage as one MP4 file. */
export function ExportDialog({ camera, at, onClose }: { camera: Camera; at: number; onClose: () => void }) {
  const zone = useZone();
  const [from, setFrom] = useState(() => toLocal(at - AROUND_MS, zone));
  const [to, setTo] = useState(() => toLocal(Math.min(at + AROUND_MS, Date.now()), zone));
  const [withAudio, setWithAudio] = useState(camera.audio);
  const fromMs = fromLocal(from, zone);
  const toMs = fromLocal(to, zone);
  const isRight = fromMs !== null && toMs !== null && toMs > fromMs;
  return (
    <Dialog title={`Export from ${camera.name}`} onClose={onClose}>
      <div class="pair">
        <Field label="From" type="datetime-local" step={1} value={from} onInput={setFrom} />
        <Field label="To" type="datetime-local" step={1} value={to} onInput={setTo} />
      </div>
      <p class="quiet">
        {isRight
          ? `${length((toMs - fromMs) / 1000)} in the site's time (${zone}). The file begins at the key picture before.`
          : "The end must come after the start."}
      </p>
      <Tick label="With the sound that was recorded" isTicked={withAudio} onChange={setWithAudio} />
      <footer>
        <button type="button" onClick={onClose}>
          Close
        </button>
        {isRight && (
          <a
            class="button first"
            href={exportAddress(camera.id, iso(fromMs), iso(toMs), withAudio)}
            download={`${camera.id}-${from.replaceAll(":", "")}.mp4`}
          >
            Download MP4
          </a>
        )}
      </footer>
    </Dialog>
  );
}

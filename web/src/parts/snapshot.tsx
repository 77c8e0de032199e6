import { useState } from "preact/hooks";
import type { Edges } from "../api/event-types";
import { Icon } from "./icon";

interface SnapshotProps {
  address: string | null;
  /** Around what the picture is about. */
  box: Edges | null;
  /** "" where the words beside it say it all. */
  alt: string;
}

/** The picture of an event, with the object framed; loaded when it comes into view. */
export function Snapshot({ address, box, alt }: SnapshotProps) {
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  const [isBroken, setBroken] = useState(false);
  if (!address || isBroken) {
    return (
      <span class="snapshot none">
        <Icon name="review" />
        <small>{isBroken ? "The picture could not be shown" : "No picture yet"}</small>
      </span>
    );
  }
  return (
    <span class="snapshot">
      <img
        src={address}
        alt={alt}
        loading="lazy"
        decoding="async"
        onLoad={({ currentTarget: { naturalWidth: width, naturalHeight: height } }) =>
          setSize({ width, height })
        }
        onError={() => setBroken(true)}
      />
      {size && box && <Frame box={box} {...size} />}
    </span>
  );
}

/** Cut exactly as the picture below it is, whatever the two shapes. */
function Frame({ box: [left, top, right, bottom], width, height }: { box: Edges } & Record<Side, number>) {
  const place = {
    x: left * width,
    y: top * height,
    width: (right - left) * width,
    height: (bottom - top) * height,
  };
  return (
    <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <rect class="rim" {...place} />
      <rect {...place} />
    </svg>
  );
}

type Side = "width" | "height";

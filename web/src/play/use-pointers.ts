import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { lengthOf, pan, timeAt, type View, zoom } from "./view";

interface Gestures {
  view: View;
  onView: (view: View) => void;
  onHover: (ms: number | null) => void;
  onPick: (ms: number) => void;
}

/** A finger trembles this much without meaning to drag. */
const DRAG_PX = 5;
const WHEEL_ZOOM = 0.0016;

/** Wheel zooms about the pointer, sideways wheel and dragging move, two fingers pinch, a click picks. */
export function usePointers(box: RefObject<HTMLElement | null>, gestures: Gestures): void {
  const latest = useRef(gestures);
  latest.current = gestures;
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const down = new Map<number, number>();
    let travelled = 0;
    const inBox = (clientX: number) => clientX - element.getBoundingClientRect().left;
    const momentAt = (x: number) => timeAt(latest.current.view, element.clientWidth, x);
    // Several moves may come before the next drawing; each must build on the one before.
    const show = (view: View) => {
      latest.current = { ...latest.current, view };
      latest.current.onView(view);
    };

    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const { view } = latest.current;
      const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
      if (isSideways) {
        const moved = (event.deltaX || event.deltaY) * pixels;
        show(pan(view, (moved / element.clientWidth) * lengthOf(view)));
      } else {
        show(zoom(view, Math.exp(event.deltaY * pixels * WHEEL_ZOOM), momentAt(inBox(event.clientX))));
      }
    };
    const press = (event: PointerEvent) => {
      if (event.button !== 0) return;
      if (down.size === 0) travelled = 0;
      down.set(event.pointerId, inBox(event.clientX));
      element.setPointerCapture(event.pointerId);
    };
    const move = (event: PointerEvent) => {
      const x = inBox(event.clientX);
      const before = down.get(event.pointerId);
      if (before === undefined) {
        if (event.pointerType !== "touch") latest.current.onHover(momentAt(x));
        return;
      }
      travelled += Math.abs(x - before);
      if (travelled < DRAG_PX) return;
      latest.current.onHover(null);
      const { view } = latest.current;
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
      if (other === undefined) {
        show(pan(view, ((before - x) / element.clientWidth) * lengthOf(view)));
      } else {
        const factor = Math.abs(before - other) / Math.max(8, Math.abs(x - other));
        show(zoom(view, factor, momentAt(other)));
      }
      down.set(event.pointerId, x);
    };
    const release = (event: PointerEvent) => {
      const wasDown = down.delete(event.pointerId);
      if (wasDown && down.size === 0 && travelled < DRAG_PX && event.type === "pointerup") {
        latest.current.onPick(momentAt(inBox(event.clientX)));
      }
    };
    const leave = () => latest.current.onHover(null);

    element.addEventListener("wheel", wheel, { passive: false });
    element.addEventListener("pointerdown", press);
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", release);
    element.addEventListener("pointercancel", release);
    element.addEventListener("pointerleave", leave);
    return () => {
      element.removeEventListener("wheel", wheel);
      element.removeEventListener("pointerdown", press);
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerup", release);
      element.removeEventListener("pointercancel", release);
      element.removeEventListener("pointerleave", leave);
    };
  }, [box]);
}

import type { Held } from "../parts/holding";
import type { Stretch } from "./spans";
import { type Tick, ticks, type View, xOf } from "./view";

export interface Picture {
  view: View;
  stretches: readonly Stretch[];
  held: readonly Held[];
  /** The picture on show. */
  at: number | null;
  /** Where the keyboard's marker or the pointer is. */
  marker: number | null;
  now: number;
  zone: string;
}

const BAND_TOP = 8;
const AXIS_HEIGHT = 24;

type Ink = (name: string) => string;

/** Draws the timeline: a band of what was recorded, the local clock below it, and the two lines. */
export function paint(canvas: HTMLCanvasElement, picture: Picture): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const scale = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const style = getComputedStyle(canvas);
  const ink: Ink = (name) => style.getPropertyValue(name).trim();
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  const band = { top: BAND_TOP, height: height - BAND_TOP - AXIS_HEIGHT };
  paintTicks(context, ink, ticks(picture.view, width, picture.zone), picture.view, width, height);
  for (const stretch of picture.stretches) paintStretch(context, ink, stretch, picture.view, width, band);
  for (const held of picture.held) paintHeld(context, ink("--notice"), held, picture.view, width);
  paintLine(
    context,
    ink("--quiet"),
    xOf(picture.view, width, picture.now),
    0,
    height - AXIS_HEIGHT,
    1,
    [3, 3],
  );
  if (picture.marker !== null) {
    paintLine(
      context,
      ink("--text"),
      xOf(picture.view, width, picture.marker),
      2,
      height - AXIS_HEIGHT,
      1.5,
      [],
    );
  }
  if (picture.at !== null)
    paintHead(
      context,
      ink("--head"),
      ink("--surface"),
      xOf(picture.view, width, picture.at),
      height - AXIS_HEIGHT,
    );
}

function paintTicks(
  context: CanvasRenderingContext2D,
  ink: Ink,
  found: Tick[],
  view: View,
  width: number,
  height: number,
): void {
  context.font = `11px ${ink("--font") || "sans-serif"}`;
  context.textBaseline = "middle";
  for (const { at, text, isMajor } of found) {
    const x = Math.round(xOf(view, width, at)) + 0.5;
    paintLine(context, ink(isMajor ? "--quiet" : "--line"), x, BAND_TOP, height - AXIS_HEIGHT + 4, 1, []);
    context.fillStyle = ink(isMajor ? "--text" : "--quiet");
    const half = context.measureText(text).width / 2;
    context.fillText(text, Math.min(width - 2 * half, Math.max(0, x - half)), height - AXIS_HEIGHT / 2 + 1);
  }
}

interface Band {
  top: number;
  height: number;
}

/** Colour is never alone: footage fills the band, a gap is a low striped block; a thin line is what was
 * before, a thicker one what nobody wants recorded. */
function paintStretch(
  context: CanvasRenderingContext2D,
  ink: Ink,
  stretch: Stretch,
  view: View,
  width: number,
  band: Band,
): void {
  // Whole pixels, so that neighbours touch without a seam.
  const left = Math.round(Math.max(0, xOf(view, width, stretch.start)));
  const right = Math.round(Math.min(width, xOf(view, width, stretch.end)));
  if (right < 0 || left > width || stretch.coverage === "ahead") return;
  // The shortest gap stays visible at the widest zoom.
  const extent = Math.max(right - left, stretch.coverage === "gap" ? 2 : 1);
  const bottom = band.top + band.height;
  if (stretch.coverage === "unwanted") {
    context.fillStyle = ink("--line");
    context.fillRect(left, bottom - band.height * 0.12, extent, band.height * 0.12);
  } else if (stretch.coverage === "before") {
    context.fillStyle = ink("--line");
    context.fillRect(left, bottom - 3, extent, 3);
  } else if (stretch.coverage === "gap") {
    paintGap(context, ink("--gap"), left, bottom - band.height * 0.55, extent, band.height * 0.55);
  } else {
    const height = band.height * Math.max(0.12, stretch.share);
    context.fillStyle = ink(stretch.coverage === "open" ? "--open" : "--recorded");
    context.fillRect(left, bottom - height, extent, height);
    if (stretch.lost > 0) {
      context.fillStyle = ink("--gap");
      context.fillRect(left, band.top, extent, 3);
    }
  }
}

/** A clamp over the band: what lies under it is held. */
function paintHeld(
  context: CanvasRenderingContext2D,
  colour: string,
  held: Held,
  view: View,
  width: number,
): void {
  const start = xOf(view, width, held.start);
  const end = xOf(view, width, held.end);
  if (end < 0 || start > width) return;
  const left = Math.round(Math.max(-2, start));
  const right = Math.max(left + 4, Math.round(Math.min(width + 2, end)));
  context.fillStyle = colour;
  context.fillRect(left, 1, right - left, 3);
  for (const foot of [left, right - 2]) context.fillRect(foot, 1, 2, BAND_TOP + 4);
}

function paintGap(
  context: CanvasRenderingContext2D,
  colour: string,
  left: number,
  top: number,
  width: number,
  height: number,
): void {
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.fillStyle = colour;
  context.globalAlpha = 0.25;
  context.fillRect(left, top, width, height);
  context.globalAlpha = 1;
  context.fillRect(left, top, width, 2);
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.beginPath();
  const first = Math.floor(left / 8) * 8 - height;
  for (let x = first; x < left + width; x += 8) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.stroke();
  context.restore();
}

function paintLine(
  context: CanvasRenderingContext2D,
  colour: string,
  x: number,
  top: number,
  bottom: number,
  width: number,
  dash: number[],
): void {
  context.save();
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(x, top);
  context.lineTo(x, bottom);
  context.stroke();
  context.restore();
}

function paintHead(
  context: CanvasRenderingContext2D,
  colour: string,
  ground: string,
  x: number,
  bottom: number,
): void {
  // The rim keeps the line apart from footage of a similar colour.
  paintLine(context, ground, x, 0, bottom, 5, []);
  paintLine(context, colour, x, 0, bottom, 2, []);
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(x - 6, 0);
  context.lineTo(x + 6, 0);
  context.lineTo(x, 8);
  context.closePath();
  context.fill();
}

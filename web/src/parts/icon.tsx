// Line drawings on a 24-unit grid; they take the colour of the text and say nothing to a screen reader.
const PATHS = {
  live: "M3 7h11a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H3zM16 11l5-3v8l-5-3",
  play: "M7 4.5v15l12-7.5z",
  pause: "M8 5v14M16 5v14",
  review:
    "M4 8V4h4M20 8V4h-4M4 16v4h4M20 16v4h-4M12 13a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4zM8 18c.5-2 2-3 4-3s3.5 1 4 3",
  analytics: "M4 20h16M7 20v-7M12 20V5M17 20v-10",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  tick: "M5 12.5l4.5 4.5L19 7.5",
  up: "M12 19V6M6 11l6-6 6 6",
  cameras: "M4 8h9l4-3v14l-4-3H4zM20 9v6",
  storage:
    "M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3zM4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3",
  jobs: "M4 6h2M4 12h2M4 18h2M9 6h11M9 12h11M9 18h6",
  retention: "M7 3h10M7 21h10M8 3c0 6 8 6.5 8 9s-8 3-8 9M16 3c0 6-8 6.5-8 9s8 3 8 9",
  people:
    "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM2 21c0-4 3-6.5 7-6.5s7 2.5 7 6.5M16 3.5a4 4 0 0 1 0 7M18.5 15c2.2.9 3.5 3 3.5 6",
  audit: "M6 3h9l4 4v14H6zM9.5 12h6M9.5 16h6M9.5 8h3",
  back: "M11 6l-6 6 6 6M19 6l-6 6 6 6",
  forth: "M13 6l6 6-6 6M5 6l6 6-6 6",
  stepBack: "M15 6l-7 6 7 6zM19 6v12",
  stepForth: "M9 6l7 6-7 6zM5 6v12",
  sound: "M4 9v6h4l5 4V5L8 9zM16 8.5a5 5 0 0 1 0 7M18.5 6a8.5 8.5 0 0 1 0 12",
  silent: "M4 9v6h4l5 4V5L8 9zM16.5 9.5l5 5M21.5 9.5l-5 5",
  next: "M5 5l9 7-9 7zM18 5v14",
  previous: "M19 5l-9 7 9 7zM6 5v14",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  now: "M12 7v5l3 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  save: "M12 4v11M7 11l5 5 5-5M5 20h14",
  account: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.6-4 3.5-6 7.5-6s6.9 2 7.5 6",
  warning: "M12 4l9.5 16h-19zM12 10v4.5M12 17.2v.3",
  hold: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  unlocked: "M6 11h12v9H6zM9 11V8a3.5 3.5 0 0 1 6.8-1.2",
  close: "M6 6l12 12M18 6L6 18",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

import { clock, instant, length, moment, utc } from "../time/format";
import { useZone } from "../time/zone";

interface TimeProps {
  at: string | number | null;
  form?: "moment" | "clock" | "ago";
}

/** An instant in the site's zone; hovering shows UTC. A dash where there is none. */
export function Time({ at, form = "moment" }: TimeProps) {
  const zone = useZone();
  const ms = typeof at === "number" ? at : instant(at);
  if (ms === null) return <span class="quiet">–</span>;
  const text = {
    moment: () => moment(ms, zone),
    clock: () => clock(ms, zone),
    ago: () => `${length((Date.now() - ms) / 1000)} ago`,
  }[form]();
  return (
    <time
      dateTime={new Date(ms).toISOString()}
      title={form === "ago" ? `${moment(ms, zone)} (${utc(ms)})` : utc(ms)}
    >
      {text}
    </time>
  );
}

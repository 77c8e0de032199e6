import type { Job, Stint } from "../api/job-types";
import type { Tone } from "../parts/state-dot";
import { length } from "../time/format";

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const two = (text: string) => text.padStart(2, "0");
const isNumber = (text: string) => /^\d+$/.test(text);

/** Cron's five fields in words where they are simple, else as they are written. */
export function scheduleWords(schedule: string | null): string {
  if (schedule === null) return "when it is asked for";
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = schedule.split(" ");
  const isEveryDay = day === "*" && month === "*" && weekday === "*";
  if (isEveryDay && hour === "*" && minute.startsWith("*/")) return `every ${minute.slice(2)} minutes`;
  if (isEveryDay && hour === "*" && isNumber(minute)) return `every hour at :${two(minute)}`;
  if (isNumber(minute) && isNumber(hour) && month === "*") {
    const at = `${two(hour)}:${two(minute)} UTC`;
    if (isEveryDay) return `every day, ${at}`;
    if (day === "*" && isNumber(weekday)) return `every ${DAYS[Number(weekday)]}, ${at}`;
    if (isNumber(day) && weekday === "*") return `on the ${day}. of the month, ${at}`;
  }
  return `${schedule} (UTC)`;
}

export const toneOf = (stint: Stint | null): Tone =>
  stint === null
    ? "off"
    : ({ waiting: "busy", running: "busy", done: "good", failed: "bad", cancelled: "off" } as const)[
        stint.state
      ];

/** "Running, 40 %", "Waiting for its second attempt". */
export function stateWords(stint: Stint): string {
  if (stint.state === "running") {
    const share = stint.progress > 0 ? `, ${Math.round(stint.progress * 100)} %` : "";
    return stint.is_ending ? "Ending" : `Running${share}`;
  }
  if (stint.state === "waiting") return stint.attempts > 0 ? `Waiting to try again` : "Waiting";
  return { done: "Done", failed: "Failed", cancelled: "Cancelled" }[stint.state];
}

/** How long its last attempt took; empty when it never began or is not over. */
export function tookWords({ started_at, ended_at }: Stint): string {
  if (started_at === null || ended_at === null) return "";
  const seconds = (Date.parse(ended_at) - Date.parse(started_at)) / 1000;
  return seconds < 1 ? "under a second" : length(seconds);
}

export const canRun = (job: Job) => job.current === null || job.current.state === "waiting";

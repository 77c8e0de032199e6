import type { RecordingMode, Weekday, WeekSpan } from "../api/types";
import { Choice, Field, Tick } from "../parts/field";

export const MODE_SAYS: Record<RecordingMode, string> = {
  continuous: "Always",
  motion: "While something moves",
  events: "While an event is open",
  off: "Not recorded",
};
const MODES = Object.entries(MODE_SAYS) as [RecordingMode, string][];
const DAYS: readonly [Weekday, string][] = [
  ["mon", "Mon"],
  ["tue", "Tue"],
  ["wed", "Wed"],
  ["thu", "Thu"],
  ["fri", "Fri"],
  ["sat", "Sat"],
  ["sun", "Sun"],
];

interface ModesProps {
  mode: RecordingMode;
  schedule: readonly WeekSpan[];
  onChange: (mode: RecordingMode, schedule: WeekSpan[]) => void;
}

/** What of a stream is recorded, and the spans of the week in which it is something else. */
export function Modes({ mode, schedule, onChange }: ModesProps) {
  const asks = [mode, ...schedule.map((span) => span.mode)].some(
    (each) => each === "motion" || each === "events",
  );
  const put = (place: number, part: Partial<WeekSpan>) =>
    onChange(
      mode,
      schedule.map((span, number) => (number === place ? { ...span, ...part } : span)),
    );
  return (
    <>
      <Choice
        label="Record"
        value={mode}
        options={MODES}
        onChange={(value) => onChange(value as RecordingMode, [...schedule])}
      />
      {schedule.map((span, place) => (
        <fieldset class="card" key={place}>
          <legend>Span {place + 1}</legend>
          <div class="ticks">
            {DAYS.map(([day, text]) => (
              <Tick
                key={day}
                label={text}
                isTicked={span.days.includes(day)}
                onChange={(isTicked) =>
                  put(place, {
                    days: DAYS.map(([each]) => each).filter((each) =>
                      each === day ? isTicked : span.days.includes(each),
                    ),
                  })
                }
              />
            ))}
          </div>
          <div class="pair">
            <Field
              label="From"
              value={span.start}
              onInput={(start) => put(place, { start })}
              placeholder="22:00"
              required
              maxLength={5}
            />
            <Field
              label="To"
              value={span.end}
              onInput={(end) => put(place, { end })}
              placeholder="06:00"
              required
              maxLength={5}
            />
            <Choice
              label="Then"
              value={span.mode}
              options={MODES}
              onChange={(value) => put(place, { mode: value as RecordingMode })}
            />
          </div>
          <div class="actions">
            <button
              type="button"
              onClick={() =>
                onChange(
                  mode,
                  schedule.filter((_, number) => number !== place),
                )
              }
            >
              Remove span {place + 1}
            </button>
          </div>
        </fieldset>
      ))}
      <div class="actions">
        <button type="button" onClick={() => onChange(mode, [...schedule, NEW_SPAN])}>
          Add a span of the week
        </button>
      </div>
      {asks && (
        <small class="quiet">
          Some seconds before and after are recorded, too. When the analyst is away, behind, or cannot look at
          the camera, everything is recorded.
        </small>
      )}
    </>
  );
}

const NEW_SPAN: WeekSpan = {
  days: ["mon", "tue", "wed", "thu", "fri"],
  start: "08:00",
  end: "18:00",
  mode: "off",
};

import { useRef, useState } from "preact/hooks";
import type { Forecast, ForecastPoint, TierForecast } from "../api/retention-types";
import { day, dayAndMonth, instant } from "../time/format";
import { useZone } from "../time/zone";
import { dayMarks, daysAhead, fullSays, missSays, plotOf } from "./forecast";
import { bytes, counted } from "./quantities";

const MOST_MARKS = 8;

/** What will lie on each tier, day by day, with its band and its limit; and how well this has done before. */
export function ForecastCard({ forecast }: { forecast: Forecast }) {
  const zone = useZone();
  const miss = missSays(forecast, zone);
  return (
    <section class="card forecast" aria-label="Forecast">
      <div class="bar small">
        <h2>Forecast</h2>
        <p class="quiet">
          {forecast.spread === null
            ? "Not enough data: three days of footage are needed."
            : `Learnt of ${counted(forecast.days_known, "day")}; a day differs by ${(forecast.spread * 100).toFixed(0)} %. The band holds nine times in ten.`}
        </p>
      </div>
      {forecast.tiers.map((tier) => (
        <TierLine key={tier.name} tier={tier} forecast={forecast} />
      ))}
      {miss && <p class="quiet">{miss}</p>}
    </section>
  );
}

function TierLine({ tier, forecast }: { tier: TierForecast; forecast: Forecast }) {
  const zone = useZone();
  const [picked, setPicked] = useState<number | null>(null);
  const point = picked === null ? undefined : tier.line[picked];
  return (
    <div>
      <p>
        <strong>{tier.name}</strong>: {fullSays(tier, forecast, zone)}.
      </p>
      <p class={`readout ${point ? "" : "quiet"}`}>
        {point ? (
          <>
            <strong class="number">{day(instant(point[0]) ?? 0, zone)}</strong>
            <span>{pointSays(point)}</span>
          </>
        ) : (
          "Pick a day with the pointer or the arrow keys to read it."
        )}
      </p>
      <Plot tier={tier} forecast={forecast} picked={picked} onPick={setPicked} />
    </div>
  );
}

/** "1.2 TB, between 1.1 TB and 1.3 TB" */
const pointSays = ([, low, expected, high]: ForecastPoint) =>
  low === high ? bytes(expected) : `${bytes(expected)}, between ${bytes(low)} and ${bytes(high)}`;

interface PlotProps {
  tier: TierForecast;
  forecast: Forecast;
  picked: number | null;
  onPick: (index: number | null) => void;
}

function Plot({ tier, forecast, picked, onPick }: PlotProps) {
  const zone = useZone();
  const plot = useRef<HTMLDivElement>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const { band, line, limit, top } = plotOf(tier);
  const last = Math.max(0, tier.line.length - 1);
  const said = picked ?? 0;
  const chosen = hovered ?? picked;
  const spoken = tier.line[said];
  const indexAt = (clientX: number) => {
    const box = plot.current?.getBoundingClientRect();
    return box ? Math.min(last, Math.max(0, Math.round(((clientX - box.left) / box.width) * last))) : null;
  };
  const press = (event: KeyboardEvent) => {
    const moves: Record<string, number> = {
      ArrowLeft: said - 1,
      ArrowDown: said - 1,
      ArrowRight: said + 1,
      ArrowUp: said + 1,
      PageDown: said - 7,
      PageUp: said + 7,
      Home: 0,
      End: last,
    };
    const next = moves[event.key];
    if (event.key === "Escape") onPick(null);
    else if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    else onPick(Math.min(last, Math.max(0, next)));
    event.preventDefault();
  };
  return (
    <div class="forecast-chart">
      <div
        ref={plot}
        class="plot"
        role="slider"
        tabIndex={0}
        aria-label={`What will lie on ${tier.name}`}
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={said}
        aria-valuetext={
          spoken ? `in ${counted(daysAhead(forecast, spoken[0]), "day")}: ${pointSays(spoken)}` : "not known"
        }
        onKeyDown={press}
        onPointerMove={(event) => event.pointerType === "mouse" && setHovered(indexAt(event.clientX))}
        onPointerLeave={() => setHovered(null)}
        onClick={(event) => onPick(indexAt(event.clientX))}
      >
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
          <polygon class="band" points={band} />
          <polyline class="expected" points={line} />
          {limit !== null && <line class="limit" x1="0" x2="100" y1={limit} y2={limit} />}
        </svg>
        <small aria-hidden="true">{bytes(top)}</small>
        {limit !== null && (
          <small class="limit" aria-hidden="true" style={{ top: `${limit}%` }}>
            room: {bytes(tier.capacity_bytes ?? 0)}
          </small>
        )}
        {chosen !== null && <i class="pick" style={{ left: `${(chosen / Math.max(1, last)) * 100}%` }} />}
      </div>
      <div class="axis" aria-hidden="true">
        {dayMarks(tier.line, MOST_MARKS).map(({ index, ms }) => (
          <span key={index} style={{ left: `${(index / Math.max(1, last)) * 100}%` }}>
            {dayAndMonth(ms, zone)}
          </span>
        ))}
      </div>
    </div>
  );
}

import { useState } from "preact/hooks";
import { actOn, type JobAct, listJobs } from "../api/job-endpoints";
import type { Job, Stint } from "../api/job-types";
import { useRemote } from "../api/use-remote";
import { Fault, Loading } from "../parts/notice";
import { StateDot } from "../parts/state-dot";
import { Time } from "../parts/time";
import { useSubmit } from "../parts/use-submit";
import { HistoryDialog } from "./history-dialog";
import { canRun, scheduleWords, stateWords, toneOf, tookWords } from "./words";

const EVERY_MS = 30_000;

/** What the recorder does for itself: what runs now, what ran and how it ended, what is next. */
export default function JobsRoom() {
  const { value: jobs, error, refresh } = useRemote(listJobs, "jobs", ["job"], EVERY_MS);
  const [shown, setShown] = useState<Job | null>(null);
  const { isBusy, error: refused, run } = useSubmit();
  if (!jobs) return error ? <Fault error={error} /> : <Loading what="jobs" />;
  const act = async (job: Job, what: JobAct) => {
    await run(() => actOn(job.kind, what));
    refresh();
  };
  const running = jobs.filter(({ current }) => current?.state === "running").length;
  return (
    <>
      <div class="bar">
        <h1>Jobs</h1>
        <p class="quiet" role="status">
          {running === 0 ? "Nothing runs now" : `${running} running`}
        </p>
      </div>
      <Fault error={error ?? refused} />
      <div class="jobs">
        {jobs.map((job) => (
          <JobCard key={job.kind} job={job} isBusy={isBusy} onAct={act} onHistory={() => setShown(job)} />
        ))}
      </div>
      {shown && <HistoryDialog job={shown} onClose={() => setShown(null)} />}
    </>
  );
}

interface CardProps {
  job: Job;
  isBusy: boolean;
  onAct: (job: Job, what: JobAct) => void;
  onHistory: () => void;
}

function JobCard({ job, isBusy, onAct, onHistory }: CardProps) {
  const { current, last } = job;
  const button = (what: JobAct, text: string) => (
    <button
      type="button"
      disabled={isBusy}
      onClick={() => onAct(job, what)}
      aria-label={`${text}: ${job.title}`}
    >
      {text}
    </button>
  );
  return (
    <section class="card job" data-job={job.kind} aria-label={job.title}>
      <header>
        <h2>{job.title}</h2>
        <p class="quiet">{job.purpose}</p>
      </header>
      <dl class="figures">
        <div>
          <dt>Now</dt>
          <dd>{current ? <Current stint={current} /> : <StateDot tone="off" word="Not running" />}</dd>
        </div>
        <div>
          <dt>Last</dt>
          <dd>{last ? <Last stint={last} /> : <span class="quiet">never yet</span>}</dd>
        </div>
        <div>
          <dt>Next</dt>
          <dd>
            {job.paused_by ? (
              <StateDot tone="off" word={`Paused by ${job.paused_by}`} />
            ) : (
              job.next_at && <Time at={job.next_at} />
            )}
            <small class="quiet">{scheduleWords(job.schedule)}</small>
          </dd>
        </div>
      </dl>
      <footer class="actions">
        {canRun(job) && button("run", "Run now")}
        {job.schedule !== null && (job.paused_by ? button("resume", "Resume") : button("pause", "Pause"))}
        {current && !current.is_ending && button("cancel", "Cancel")}
        <button type="button" class="plain" onClick={onHistory} aria-label={`History: ${job.title}`}>
          History
        </button>
      </footer>
    </section>
  );
}

function Current({ stint }: { stint: Stint }) {
  return (
    <>
      <StateDot tone={toneOf(stint)} word={stateWords(stint)} />
      {stint.state === "running" && (
        <progress aria-label="Progress" max={1} value={stint.progress > 0 ? stint.progress : undefined} />
      )}
      {stint.detail && <small class="quiet">{stint.detail}</small>}
      {stint.attempts > 0 && stint.outcome && <small class="bad-text">{stint.outcome}</small>}
      {stint.next_at && (
        <small class="quiet">
          again at <Time at={stint.next_at} form="clock" />
        </small>
      )}
    </>
  );
}

function Last({ stint }: { stint: Stint }) {
  const took = tookWords(stint);
  return (
    <>
      <StateDot tone={toneOf(stint)} word={stateWords(stint)} />
      <small class="quiet">
        <Time at={stint.ended_at} form="ago" />
        {took && `, took ${took}`}
      </small>
      {stint.outcome && <small class={stint.state === "failed" ? "bad-text" : ""}>{stint.outcome}</small>}
    </>
  );
}

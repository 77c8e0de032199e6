import { readHistory } from "../api/job-endpoints";
import type { Job, Stint } from "../api/job-types";
import { useRemote } from "../api/use-remote";
import { Dialog } from "../parts/dialog";
import { Fault, Loading } from "../parts/notice";
import { StateDot } from "../parts/state-dot";
import { Table } from "../parts/table";
import { Time } from "../parts/time";
import { stateWords, toneOf, tookWords } from "./words";

const MOST = 50;

/** When a job was done, newest first, and what came of it. */
export function HistoryDialog({ job, onClose }: { job: Job; onClose: () => void }) {
  const { value, error } = useRemote((signal) => readHistory(job.kind, MOST, signal), `history ${job.kind}`, [
    "job",
  ]);
  return (
    <Dialog title={`${job.title}: history`} onClose={onClose} shape="theatre">
      <Fault error={error} />
      {!value && !error && <Loading what="its history" />}
      {value?.items.length === 0 && <p class="quiet">It has never run.</p>}
      {value && value.items.length > 0 && (
        <Table caption={`History of ${job.title}`} columns={["When", "For", "State", "Took", "Outcome"]}>
          {value.items.map((stint) => (
            <Line key={stint.id} stint={stint} />
          ))}
        </Table>
      )}
    </Dialog>
  );
}

function Line({ stint }: { stint: Stint }) {
  return (
    <tr>
      <td class="number">
        <Time at={stint.started_at ?? stint.made_at} />
      </td>
      <td>
        {stint.asked_by ?? (
          <>
            schedule, <Time at={stint.due_at} form="clock" />
          </>
        )}
      </td>
      <td>
        <StateDot tone={toneOf(stint)} word={stateWords(stint)} />
        {stint.attempts > 1 && <small class="quiet"> {stint.attempts} attempts</small>}
      </td>
      <td class="number">{tookWords(stint)}</td>
      <td>{stint.outcome || stint.detail}</td>
    </tr>
  );
}

export type StintState = "waiting" | "running" | "done" | "failed" | "cancelled";

/** One time that a job is done. */
export interface Stint {
  id: number;
  state: StintState;
  due_at: string | null;
  asked_by: string | null;
  attempts: number;
  progress: number;
  detail: string;
  outcome: string;
  made_at: string;
  started_at: string | null;
  ended_at: string | null;
  next_at: string | null;
  is_ending: boolean;
}

export interface Job {
  kind: string;
  title: string;
  purpose: string;
  schedule: string | null;
  paused_by: string | null;
  next_at: string | null;
  current: Stint | null;
  last: Stint | null;
}

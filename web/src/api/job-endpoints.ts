import { address, call } from "./client";
import type { Job, Stint } from "./job-types";
import type { Page } from "./types";

export const listJobs = (signal?: AbortSignal) =>
  call<Page<Job>>("GET", address("/jobs"), undefined, signal).then(({ items }) => items);
export const readHistory = (job: string, limit: number, signal?: AbortSignal) =>
  call<{ items: Stint[]; next: number | null }>(
    "GET",
    address(`/jobs/${encodeURIComponent(job)}/history`, { limit }),
    undefined,
    signal,
  );

export type JobAct = "run" | "pause" | "resume" | "cancel";
export const actOn = (job: string, act: JobAct) =>
  call<Job>("POST", address(`/jobs/${encodeURIComponent(job)}/${act}`));

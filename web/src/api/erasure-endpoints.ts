import { address, call } from "./client";

/** An order to erase a span for good. */
export interface Erasure {
  id: string;
  cameras: string[];
  start: string;
  end: string;
  state: "ordered" | "done" | "refused";
  told: string;
  receipt: string | null;
}

export const orderErasure = (camera: string, start: string, end: string, reason: string) =>
  call<Erasure>("POST", address("/erasures"), {
    cameras: [camera],
    start,
    end,
    reason,
    confirmation: "erase",
  });
export const readErasure = (erasure: string, signal?: AbortSignal) =>
  call<Erasure>("GET", address(`/erasures/${encodeURIComponent(erasure)}`), undefined, signal);

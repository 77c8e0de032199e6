// What the page asks of retention and the forecast.
import { address, call } from "./client";
import type { CameraRules, Forecast, Going, WhatIf, Why } from "./retention-types";

const items = async <T>(path: string, signal?: AbortSignal): Promise<T[]> =>
  (await call<{ items: T[] }>("GET", path, undefined, signal)).items;

export const getForecast = (signal?: AbortSignal) =>
  call<Forecast>("GET", address("/forecast"), undefined, signal);
export const listRules = (signal?: AbortSignal) => items<CameraRules>(address("/retention"), signal);
export const listDeletions = (days: number, signal?: AbortSignal) =>
  items<Going>(address("/retention/deletions", { days }), signal);
export const askWhatIf = (days: Record<string, number>, signal?: AbortSignal) =>
  call<WhatIf>("POST", address("/retention/what-if"), { days }, signal);
export const explain = (camera: string, at: string, signal?: AbortSignal) =>
  items<Why>(address(`/cameras/${encodeURIComponent(camera)}/why`, { at }), signal);

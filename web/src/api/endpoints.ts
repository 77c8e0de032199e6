// One function per thing the page asks the server for.
import { address, call } from "./client";
import type {
  AuditEntry,
  AuditFilter,
  Camera,
  CameraChange,
  CameraDraft,
  Health,
  Page,
  Probe,
  ProbeRequest,
  Role,
  Session,
  StorageUse,
  StreamRole,
  Timeline,
  User,
  UserChange,
  UserDraft,
} from "./types";

const id = encodeURIComponent;

export const getSession = (signal?: AbortSignal) =>
  call<Session>("GET", address("/session"), undefined, signal);
export const setUp = (token: string, name: string, password: string) =>
  call<Session>("POST", address("/setup"), { token, name, password });
export const signIn = (name: string, password: string) =>
  call<Session>("POST", address("/session"), { name, password });
export const signOut = () => call<void>("DELETE", address("/session"));
export const changePassword = (old: string, fresh: string) =>
  call<void>("PUT", address("/session/password"), { old, new: fresh });

export const getHealth = (signal?: AbortSignal) => call<Health>("GET", address("/health"), undefined, signal);
export const switchDemo = (on: boolean) => call<void>("POST", address("/demo"), { on });
export const getStorage = (signal?: AbortSignal) =>
  call<StorageUse>("GET", address("/storage"), undefined, signal);

/** Follows the cursor to the end: lists of cameras, users and roles are short. */
async function everything<T>(path: string, signal?: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await call("GET", address(path, { cursor }), undefined, signal);
    items.push(...page.items);
    cursor = page.next ?? null;
  } while (cursor);
  return items;
}

export const listCameras = (signal?: AbortSignal) => everything<Camera>("/cameras", signal);
export const addCamera = (draft: CameraDraft) => call<Camera>("POST", address("/cameras"), draft);
export const changeCamera = (camera: string, change: CameraChange) =>
  call<Camera>("PATCH", address(`/cameras/${id(camera)}`), change);
export const removeCamera = (camera: string) => call<void>("DELETE", address(`/cameras/${id(camera)}`));
export const testCamera = (request: ProbeRequest) => call<Probe>("POST", address("/cameras/test"), request);

export const getTimeline = (
  camera: string,
  from: string,
  to: string,
  buckets: number,
  signal?: AbortSignal,
) =>
  call<Timeline>(
    "GET",
    address(`/cameras/${id(camera)}/timeline`, { from, to, role: "main", buckets }),
    undefined,
    signal,
  );
export const playlistAddress = (
  camera: string,
  from: string,
  to: string,
  role: StreamRole,
  withAudio = false,
) => address(`/cameras/${id(camera)}/playlist.m3u8`, { from, to, role, audio: String(withAudio) });
export const exportAddress = (camera: string, from: string, to: string, withAudio: boolean) =>
  address(`/cameras/${id(camera)}/export.mp4`, { from, to, role: "main", audio: String(withAudio) });
export const liveAddress = (camera: string, role: StreamRole) => {
  const url = new URL(address(`/cameras/${id(camera)}/live`, { role }), location.href);
  url.protocol = location.protocol === "http:" ? "ws:" : "wss:";
  return url.href;
};

export const listUsers = (signal?: AbortSignal) => everything<User>("/users", signal);
export const addUser = (draft: UserDraft) => call<User>("POST", address("/users"), draft);
export const changeUser = (user: string, change: UserChange) =>
  call<User>("PATCH", address(`/users/${id(user)}`), change);
export const removeUser = (user: string) => call<void>("DELETE", address(`/users/${id(user)}`));

export const listRoles = (signal?: AbortSignal) => everything<Role>("/roles", signal);
export const addRole = (name: string, actions: string[]) =>
  call<Role>("POST", address("/roles"), { name, actions });
export const changeRole = (name: string, actions: string[]) =>
  call<Role>("PATCH", address(`/roles/${id(name)}`), { actions });
export const removeRole = (name: string) => call<void>("DELETE", address(`/roles/${id(name)}`));

export const readAudit = (filter: AuditFilter, limit: number, signal?: AbortSignal) =>
  call<Page<AuditEntry>>("GET", address("/audit", { ...filter, limit }), undefined, signal);

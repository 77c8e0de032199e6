import { useState } from "preact/hooks";
import { changeUser, listCameras, listRoles, listUsers, removeUser } from "../api/endpoints";
import { useSession } from "../api/session-context";
import type { Camera, Grant, Role, User } from "../api/types";
import { useRemote } from "../api/use-remote";
import { Dialog } from "../parts/dialog";
import { Icon } from "../parts/icon";
import { Fault, Loading } from "../parts/notice";
import { StateDot } from "../parts/state-dot";
import { Table } from "../parts/table";
import { Time } from "../parts/time";
import { useSubmit } from "../parts/use-submit";
import { Roles } from "./roles";
import { UserDialog } from "./user-dialog";

/** Who may do what, on which cameras. */
export default function PeopleRoom() {
  const users = useRemote(listUsers, "users", ["user"]);
  const roles = useRemote(listRoles, "roles", ["user", "settings"]);
  const cameras = useRemote(listCameras, "cameras", ["camera"]);
  const error = users.error ?? roles.error ?? cameras.error;
  if (!users.value || !roles.value || !cameras.value)
    return error ? <Fault error={error} /> : <Loading what="people" />;
  return (
    <>
      <Users users={users.value} roles={roles.value} cameras={cameras.value} refresh={users.refresh} />
      <Fault error={error} />
      <Roles roles={roles.value} refresh={roles.refresh} />
    </>
  );
}

interface UsersProps {
  users: User[];
  roles: Role[];
  cameras: Camera[];
  refresh: () => void;
}

type Open = { kind: "edit"; user: User | null } | { kind: "remove"; user: User } | null;

function Users({ users, roles, cameras, refresh }: UsersProps) {
  const self = useSession().user?.id;
  const [open, setOpen] = useState<Open>(null);
  const act = useSubmit();
  const toggle = async (user: User) => {
    await act.run(() => changeUser(user.id, { is_disabled: !user.is_disabled }));
    refresh();
  };
  const shut = (isChanged: boolean) => {
    setOpen(null);
    if (isChanged) refresh();
  };
  return (
    <>
      <div class="bar">
        <h1>People</h1>
        <button type="button" class="first" onClick={() => setOpen({ kind: "edit", user: null })}>
          <Icon name="plus" /> Add a person
        </button>
      </div>
      <Fault error={act.error} />
      <Table caption="People" columns={["Name", "State", "May do", "Added", "Change"]}>
        {users.map((user) => (
          <tr key={user.id} data-user={user.name}>
            <th scope="row">
              {user.name}
              {user.id === self && <span class="quiet"> (you)</span>}
            </th>
            <td>
              <StateDot
                tone={user.is_disabled ? "off" : "good"}
                word={user.is_disabled ? "disabled" : "may sign in"}
              />
            </td>
            <td>
              {user.grants.length === 0 ? (
                <span class="quiet">nothing</span>
              ) : (
                user.grants.map((grant) => (
                  <GrantLine key={`${grant.role} ${grant.cameras}`} grant={grant} cameras={cameras} />
                ))
              )}
            </td>
            <td>
              <Time at={user.created_at ?? null} />
            </td>
            <td>
              <div class="actions">
                <button
                  type="button"
                  onClick={() => setOpen({ kind: "edit", user })}
                  aria-label={`Edit ${user.name}`}
                >
                  Edit
                </button>
                <button
                  type="button"
                  disabled={act.isBusy || user.id === self}
                  onClick={() => toggle(user)}
                  aria-label={`${user.is_disabled ? "Enable" : "Disable"} ${user.name}`}
                >
                  {user.is_disabled ? "Enable" : "Disable"}
                </button>
                <button
                  type="button"
                  class="danger"
                  disabled={user.id === self}
                  onClick={() => setOpen({ kind: "remove", user })}
                  aria-label={`Remove ${user.name}`}
                >
                  Remove
                </button>
              </div>
            </td>
          </tr>
        ))}
      </Table>
      {open?.kind === "edit" && (
        <UserDialog user={open.user} roles={roles} cameras={cameras} onClose={shut} />
      )}
      {open?.kind === "remove" && <RemoveUser user={open.user} onClose={shut} />}
    </>
  );
}

function GrantLine({ grant, cameras }: { grant: Grant; cameras: Camera[] }) {
  const nameOf = (id: string) => cameras.find((camera) => camera.id === id)?.name ?? id;
  return (
    <div>
      <span class="badge">{grant.role}</span>{" "}
      {grant.cameras === null
        ? "on every camera"
        : `on ${grant.cameras.map(nameOf).join(", ") || "no camera"}`}
    </div>
  );
}

function RemoveUser({ user, onClose }: { user: User; onClose: (isChanged: boolean) => void }) {
  const { isBusy, error, run } = useSubmit();
  const remove = async () => {
    if (await run(() => removeUser(user.id))) onClose(true);
  };
  return (
    <Dialog title={`Remove ${user.name}?`} onClose={() => onClose(false)}>
      <p>Their sessions end at once. What they did stays in the audit, under their name.</p>
      <Fault error={error} />
      <footer>
        <button type="button" onClick={() => onClose(false)}>
          Keep them
        </button>
        <button type="button" class="danger first" disabled={isBusy} onClick={remove}>
          Remove
        </button>
      </footer>
    </Dialog>
  );
}

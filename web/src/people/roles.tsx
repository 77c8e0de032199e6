import { useState } from "preact/hooks";
import { addRole, changeRole, removeRole } from "../api/endpoints";
import type { Role } from "../api/types";
import { Dialog } from "../parts/dialog";
import { Field, Tick } from "../parts/field";
import { Icon } from "../parts/icon";
import { Fault } from "../parts/notice";
import { Table } from "../parts/table";
import { useSubmit } from "../parts/use-submit";
import { spoken, titled } from "../parts/words";

/** Roles across, actions down: who may do what at a glance. The presets stay as they are. */
export function Roles({ roles, refresh }: { roles: Role[]; refresh: () => void }) {
  const [edited, setEdited] = useState<Role | "new" | null>(null);
  const { isBusy, error, run } = useSubmit();
  const actions = actionsOf(roles);
  const remove = async (role: Role) => {
    await run(() => removeRole(role.name));
    refresh();
  };
  return (
    <>
      <div class="bar">
        <h2>Roles</h2>
        <button type="button" onClick={() => setEdited("new")}>
          <Icon name="plus" /> Add a role
        </button>
      </div>
      <Fault error={error} />
      <Table caption="Actions by role" columns={["Action", ...roles.map(({ name }) => name)]}>
        {actions.map((action) => (
          <tr key={action}>
            <th scope="row">{titled(action)}</th>
            {roles.map((role) => (
              <td key={role.name}>
                {role.actions.includes(action) ? <span class="yes">yes</span> : <span class="quiet">–</span>}
              </td>
            ))}
          </tr>
        ))}
        <tr>
          <th scope="row">Change</th>
          {roles.map((role) => (
            <td key={role.name}>
              {role.is_preset ? (
                <span class="quiet">preset</span>
              ) : (
                <span class="actions">
                  <button
                    type="button"
                    onClick={() => setEdited(role)}
                    aria-label={`Edit the role ${role.name}`}
                  >
                    Edit
                  </button>
                  <button
                    type="button"
                    class="danger"
                    disabled={isBusy}
                    onClick={() => remove(role)}
                    aria-label={`Remove the role ${role.name}`}
                  >
                    Remove
                  </button>
                </span>
              )}
            </td>
          ))}
        </tr>
      </Table>
      {edited && (
        <RoleDialog
          role={edited === "new" ? null : edited}
          actions={actions}
          onClose={(isChanged) => {
            setEdited(null);
            if (isChanged) refresh();
          }}
        />
      )}
    </>
  );
}

/** Every action there is: the administrator has all of them. */
const actionsOf = (roles: Role[]) => [...new Set(roles.flatMap((role) => role.actions))];

interface RoleDialogProps {
  role: Role | null;
  actions: string[];
  onClose: (isChanged: boolean) => void;
}

function RoleDialog({ role, actions, onClose }: RoleDialogProps) {
  const [name, setName] = useState(role?.name ?? "");
  const [chosen, setChosen] = useState<string[]>(role?.actions ?? ["view_live", "see_status"]);
  const { isBusy, error, run } = useSubmit();
  const submit = async (event: Event) => {
    event.preventDefault();
    if (await run(() => (role ? changeRole(role.name, chosen) : addRole(name.trim(), chosen)))) onClose(true);
  };
  return (
    <Dialog title={role ? `Edit the role ${role.name}` : "Add a role"} onClose={() => onClose(false)}>
      <form onSubmit={submit}>
        {!role && (
          <Field
            label="Name"
            required
            maxLength={40}
            autocapitalize="none"
            value={name}
            onInput={setName}
            placeholder="night watch"
          />
        )}
        <fieldset>
          <legend>May do</legend>
          <div class="ticks">
            {actions.map((action) => (
              <Tick
                key={action}
                label={spoken(action)}
                isTicked={chosen.includes(action)}
                onChange={(isTicked) =>
                  setChosen(isTicked ? [...chosen, action] : chosen.filter((other) => other !== action))
                }
              />
            ))}
          </div>
        </fieldset>
        <Fault error={error} />
        <footer>
          <button type="button" onClick={() => onClose(false)}>
            Cancel
          </button>
          <button type="submit" class="first" disabled={isBusy || chosen.length === 0}>
            {role ? "Save" : "Add"}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

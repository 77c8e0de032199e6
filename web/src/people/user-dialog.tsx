import { useState } from "preact/hooks";
import { addUser, changeUser } from "../api/endpoints";
import type { Camera, Grant, Role, User } from "../api/types";
import { Dialog } from "../parts/dialog";
import { Choice, Field, Tick } from "../parts/field";
import { Icon } from "../parts/icon";
import { Fault } from "../parts/notice";
import { useSubmit } from "../parts/use-submit";

interface UserDialogProps {
  user: User | null;
  roles: Role[];
  cameras: Camera[];
  onClose: (isChanged: boolean) => void;
}

/** Adds a person, or changes what they may do: roles, each on some cameras or on all. */
export function UserDialog({ user, roles, cameras, onClose }: UserDialogProps) {
  const [name, setName] = useState(user?.name ?? "");
  const [password, setPassword] = useState("");
  const [grants, setGrants] = useState<Grant[]>(user?.grants ?? [{ role: "viewer", cameras: null }]);
  const { isBusy, error, run } = useSubmit();
  const submit = async (event: Event) => {
    event.preventDefault();
    const save = () =>
      user
        ? changeUser(user.id, { grants, ...(password && { password }) })
        : addUser({ name: name.trim(), password, grants });
    if (await run(save)) onClose(true);
  };
  const replace = (index: number, grant: Grant) =>
    setGrants(grants.map((old, i) => (i === index ? grant : old)));
  return (
    <Dialog title={user ? `Edit ${user.name}` : "Add a person"} onClose={() => onClose(false)} shape="wide">
      <form onSubmit={submit}>
        <div class="pair">
          {!user && (
            <Field
              label="Name"
              autocomplete="off"
              autocapitalize="none"
              required
              value={name}
              onInput={setName}
            />
          )}
          <Field
            label={user ? "New password" : "Password"}
            type="password"
            autocomplete="new-password"
            required={!user}
            minLength={12}
            value={password}
            onInput={setPassword}
            hint={user ? "Left empty, it stays as it is." : "At least 12 characters. They can change it."}
          />
        </div>
        <h3>May do</h3>
        {grants.map((grant, index) => (
          <GrantFields
            key={index}
            grant={grant}
            roles={roles}
            cameras={cameras}
            onChange={(next) => replace(index, next)}
            onRemove={() => setGrants(grants.filter((_, i) => i !== index))}
          />
        ))}
        {grants.length === 0 && <p class="quiet">Nothing: they can sign in and change their password.</p>}
        <p>
          <button
            type="button"
            onClick={() => setGrants([...grants, { role: roles.at(-1)?.name ?? "viewer", cameras: null }])}
          >
            <Icon name="plus" /> Another role
          </button>
        </p>
        <Fault error={error} />
        <footer>
          <button type="button" onClick={() => onClose(false)}>
            Cancel
          </button>
          <button type="submit" class="first" disabled={isBusy}>
            {user ? "Save" : "Add"}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

interface GrantFieldsProps {
  grant: Grant;
  roles: Role[];
  cameras: Camera[];
  onChange: (grant: Grant) => void;
  onRemove: () => void;
}

function GrantFields({ grant, roles, cameras, onChange, onRemove }: GrantFieldsProps) {
  const chosen = grant.cameras;
  const tick = (id: string, isTicked: boolean) =>
    onChange({
      ...grant,
      cameras: isTicked ? [...(chosen ?? []), id] : (chosen ?? []).filter((other) => other !== id),
    });
  return (
    <fieldset class="card grant">
      <legend class="unseen">Role {grant.role}</legend>
      <Choice
        label="Role"
        value={grant.role}
        options={roles.map((role) => [role.name, role.name] as const)}
        onChange={(role) => onChange({ ...grant, role })}
      />
      <div class="ticks">
        <Tick
          label="Every camera, those added later too"
          isTicked={chosen === null}
          onChange={(isAll) => onChange({ ...grant, cameras: isAll ? null : [] })}
        />
        {chosen !== null &&
          cameras.map((camera) => (
            <Tick
              key={camera.id}
              label={camera.name}
              isTicked={chosen.includes(camera.id)}
              onChange={(isTicked) => tick(camera.id, isTicked)}
            />
          ))}
      </div>
      <button type="button" class="plain" onClick={onRemove} aria-label={`Take the role ${grant.role} away`}>
        <Icon name="close" />
      </button>
    </fieldset>
  );
}

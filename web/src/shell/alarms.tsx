import { getHealth } from "../api/endpoints";
import { useRemote } from "../api/use-remote";
import { Icon } from "../parts/icon";

const EVERY_MS = 20_000;

/** What people should do something about, above every room: a doubted catalog, damaged footage. */
export function Alarms() {
  const { value } = useRemote(getHealth, "health", ["camera", "state", "gap", "settings"], EVERY_MS);
  if (!value?.alarms?.length) return null;
  return (
    <div class="alarms" role="alert">
      {value.alarms.map((sentence) => (
        <p key={sentence} class="notice fault">
          <Icon name="warning" />
          <span>{sentence}</span>
        </p>
      ))}
    </div>
  );
}

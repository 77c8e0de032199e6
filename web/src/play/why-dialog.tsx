import type { ComponentChildren } from "preact";
import { explain } from "../api/retention-endpoints";
import type { Why } from "../api/retention-types";
import type { Camera } from "../api/types";
import { useRemote } from "../api/use-remote";
import { Dialog } from "../parts/dialog";
import { Fault, Loading } from "../parts/notice";
import { bytes } from "../parts/quantities";
import { Time } from "../parts/time";
import { iso } from "../time/format";

/** Why the footage of the moment that is shown is here, and when it goes; or when and why it went. */
export function WhyDialog({ camera, at, onClose }: { camera: Camera; at: number; onClose: () => void }) {
  const when = iso(at);
  const { value, error } = useRemote((signal) => explain(camera.id, when, signal), `${camera.id} ${when}`);
  return (
    <Dialog title={`Why is this here? ${camera.name}`} onClose={onClose}>
      <p>
        <Time at={at} />
      </p>
      <Fault error={error} />
      {!value && !error && <Loading what="the reason" />}
      {value?.map((why) => (
        <Reason key={why.role} why={why} isOnly={value.length === 1} />
      ))}
      <footer>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </footer>
    </Dialog>
  );
}

const HERE: Record<Why["here"], string> = {
  stored: "It is stored",
  deleted: "It was deleted",
  gap: "It was never recorded",
  nothing: "There is nothing",
};

function Reason({ why, isOnly }: { why: Why; isOnly: boolean }) {
  const { fate } = why;
  return (
    <section aria-label={`${why.role} stream`}>
      {!isOnly && <h3>{why.role} stream</h3>}
      <dl class="figures">
        <Fact name={HERE[why.here]}>{why.reason}</Fact>
        {why.data_class && <Fact name="As">{why.data_class.replaceAll("_", " ")}</Fact>}
        {fate && (
          <Fact name="Goes">
            {fate.goes_at === null ? "not by its age" : <Time at={fate.goes_at} />}
            {fate.is_due && " (due)"}
          </Fact>
        )}
        {fate?.rule && (
          <Fact name="Which rule">
            {fate.rule.data_class.replaceAll("_", " ")} is kept {fate.rule.keep_days} d, says the{" "}
            {fate.rule.origin}
          </Fact>
        )}
        {why.deleted_at && (
          <Fact name="Deleted">
            <Time at={why.deleted_at} />
          </Fact>
        )}
        {why.from && (
          <Fact name={why.segment ? "Segment" : "Span"}>
            <Time at={why.from} /> to <Time at={why.to} form="clock" />
            {why.bytes > 0 && `, ${bytes(why.bytes)}`}
          </Fact>
        )}
        {why.place && (
          <Fact name="Lies on">
            <code>{why.place}</code>
          </Fact>
        )}
      </dl>
    </section>
  );
}

const Fact = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

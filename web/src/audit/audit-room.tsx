import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { listCameras, readAudit } from "../api/endpoints";
import type { AuditEntry, AuditFilter } from "../api/types";
import { useRemote } from "../api/use-remote";
import { Choice, Field } from "../parts/field";
import { Fault, Loading } from "../parts/notice";
import { Table } from "../parts/table";
import { Time } from "../parts/time";
import { useSubmit } from "../parts/use-submit";
import { spoken } from "../parts/words";
import { fromLocal, iso } from "../time/format";
import { useZone } from "../time/zone";
import { factsLine } from "./facts";

const PAGE = 50;

/** Who did what, and what was refused; filtered by the address, read page by page. */
export default function AuditRoom() {
  const { query } = useLocation();
  const zone = useZone();
  const filter = filterOf(query, zone);
  const key = JSON.stringify(filter);
  const first = useRemote((signal) => readAudit(filter, PAGE, signal), key, []);
  const [more, setMore] = useState<AuditEntry[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const next = useSubmit();
  useEffect(() => {
    setMore([]);
    setCursor(first.value?.next ?? null);
  }, [first.value]);
  const readOn = () =>
    next.run(async () => {
      const page = await readAudit({ ...filter, cursor: cursor ?? "" }, PAGE);
      setMore([...more, ...page.items]);
      setCursor(page.next);
    });
  const entries = first.value ? [...first.value.items, ...more] : [];
  return (
    <>
      <div class="bar">
        <h1>Audit</h1>
        <button type="button" onClick={first.refresh}>
          Read anew
        </button>
      </div>
      <Filters query={query} />
      <Fault error={first.error ?? next.error} />
      {!first.value && !first.error && <Loading what="the audit" />}
      {first.value && entries.length === 0 && <p class="quiet">No entry matches.</p>}
      {entries.length > 0 && <Entries entries={entries} />}
      {cursor && (
        <p>
          <button type="button" disabled={next.isBusy} onClick={readOn}>
            Show older entries
          </button>
        </p>
      )}
    </>
  );
}

function filterOf(query: Record<string, string>, zone: string): AuditFilter {
  const at = (text: string | undefined) =>
    text ? fromLocal(text.length === 10 ? `${text}T00:00:00` : text, zone) : null;
  const from = at(query.from);
  const to = at(query.to);
  return {
    ...(query.subject && { subject: query.subject }),
    ...(query.camera && { camera: query.camera }),
    ...(from !== null && { from: iso(from) }),
    ...(to !== null && { to: iso(to) }),
  };
}

function Filters({ query }: { query: Record<string, string> }) {
  const { route } = useLocation();
  const cameras = useRemote(listCameras, "cameras", ["camera"]);
  const [subject, setSubject] = useState(query.subject ?? "");
  const go = (part: Record<string, string>) => {
    const search = new URLSearchParams(
      Object.entries({ ...query, ...part }).filter(([, value]) => value !== ""),
    );
    route(`/audit${search.size > 0 ? `?${search}` : ""}`, true);
  };
  return (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        go({ subject: subject.trim() });
      }}
    >
      <Field
        label="Who"
        value={subject}
        onInput={setSubject}
        onBlur={() => go({ subject: subject.trim() })}
        placeholder="anyone"
        autocapitalize="none"
        autocomplete="off"
      />
      <Choice
        label="Camera"
        value={query.camera ?? ""}
        options={[["", "any"], ...(cameras.value ?? []).map(({ id, name }) => [id, name] as const)]}
        onChange={(camera) => go({ camera })}
      />
      <Field label="From" type="datetime-local" value={query.from ?? ""} onInput={(from) => go({ from })} />
      <Field label="To" type="datetime-local" value={query.to ?? ""} onInput={(to) => go({ to })} />
    </form>
  );
}

function Entries({ entries }: { entries: AuditEntry[] }) {
  const zone = useZone();
  return (
    <Table
      caption="Audit entries, newest first"
      columns={["When", "Who", "Did", "To", "Outcome", "Why, and facts"]}
    >
      {entries.map((entry) => (
        <tr key={entry.id} class={entry.outcome}>
          <td class="number">
            <Time at={entry.at} />
          </td>
          <td>
            {entry.subject}
            <br />
            <small class="quiet number">{entry.address}</small>
          </td>
          <td>{spoken(entry.action)}</td>
          <td>{entry.target}</td>
          <td>
            <span class={`badge ${entry.outcome === "allowed" ? "good" : "bad"}`}>{entry.outcome}</span>
          </td>
          <td>
            {entry.reason}
            {Object.keys(entry.facts).length > 0 && (
              <small class="quiet facts-line">{factsLine(entry.facts, zone)}</small>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

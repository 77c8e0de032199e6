/** What the server said was wrong (RFC 9457), or that it said nothing. Its message is a sentence to show. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly title: string;
  /** The part of a body that was wrong, as "points"; "" where the server named none. */
  readonly field: string;

  constructor(status: number, title: string, detail: string, field = "") {
    super(detail);
    this.name = "ApiProblem";
    this.status = status;
    this.title = title;
    this.field = field;
  }

  /** Whether the same request may succeed a little later. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 503 || this.status === 429;
  }
}

export const NO_ANSWER =
  "The recorder does not answer. Recording goes on without this page; it tries again by itself.";

const BY_STATUS: Record<number, string> = {
  401: "You are not signed in.",
  403: "Your roles do not allow this.",
  404: "This is not there, or not for you.",
  410: "This footage was erased.",
  413: "That is more than the server takes at once.",
  429: "Too many tries. Wait a little and try again.",
  503: "The server cannot do this right now. Try again shortly.",
};

/** A problem body as far as the page reads it; `places` says what in a body did not fit. */
interface Body {
  title?: unknown;
  detail?: unknown;
  field?: unknown;
  places?: { place: string; sentence: string }[];
}

/** One sentence out of whatever came back: the problem's own, with the places it names, or the status alone. */
export function problemOf(status: number, body: unknown): ApiProblem {
  const problem: Body = typeof body === "object" && body !== null ? body : {};
  const title = typeof problem.title === "string" ? problem.title : `Status ${status}`;
  const said = typeof problem.detail === "string" ? problem.detail.trim() : "";
  const places = (problem.places ?? []).map(({ place, sentence }) => `${place}: ${sentence}`).join("; ");
  const detail = [said, places].filter(Boolean).join(" ");
  return new ApiProblem(
    status,
    title,
    detail || (BY_STATUS[status] ?? `The server answered with status ${status}.`),
    typeof problem.field === "string" ? problem.field : (problem.places?.[0]?.place.split(".")[1] ?? ""),
  );
}

/** The sentence of any thrown thing. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

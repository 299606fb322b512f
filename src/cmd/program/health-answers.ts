/** A check of a program's health: null when it is well, else what is wrong. */
export interface HealthCheck {
  readonly name: string;
  check(): string | null;
}

/** An answer of a few words. */
export interface PlainAnswer {
  readonly status: number;
  readonly body: string;
  /** Default: plain text. */
  readonly type?: string;
}

/** What Go's servers say of paths that they do not know. */
export const notFoundAnswer: PlainAnswer = { status: 404, body: '404 page not found\n' };

const kinds: ReadonlySet<string> = new Set(['healthz', 'livez', 'readyz']);
const ping: HealthCheck = { name: 'ping', check: () => null };

/** Whether a path is about health: `/healthz`, or one of its checks as `/healthz/ping`. */
export function isHealthPath(path: string): boolean {
  return kinds.has(path.split('/')[1] ?? '');
}

/** All checks, or the one that the path names; in words with `?verbose` or when one fails, as Kubernetes' components answer. */
export function healthAnswer(
  path: string,
  query: string,
  checks: readonly HealthCheck[],
): PlainAnswer {
  const [, kind = '', name] = path.split('/');
  const asked = [ping, ...checks].filter((each) => name === undefined || each.name === name);
  if (asked.length === 0) return notFoundAnswer;
  const outcomes = asked.map((each) => ({ name: each.name, problem: each.check() }));
  const lines = outcomes.map((each) =>
    each.problem === null ? `[+]${each.name} ok\n` : `[-]${each.name} failed: ${each.problem}\n`,
  );
  if (outcomes.some(({ problem }) => problem !== null)) {
    return { status: 500, body: `${lines.join('')}${kind} check failed\n` };
  }
  const isVerbose = new URLSearchParams(query).has('verbose');
  return { status: 200, body: isVerbose ? `${lines.join('')}${kind} check passed\n` : 'ok' };
}

import type { HttpHandler, HttpResponse, HttpRoutes } from '../../rpc/http-routes.js';
import { AlarmType, RangeRequest } from '../../wire/gen/etcdserverpb.js';
import { StoreError } from '../errors.js';
import type { ApiContext } from './context.js';

/** Resolves when all is well; otherwise rejects with what is wrong. */
type Check = (context: ApiContext, signal: AbortSignal) => Promise<void>;

const checks = {
  /** No member's data has been found to differ. */
  async data_corruption(context) {
    if (context.alarms().some(({ alarm }) => alarm === AlarmType.CORRUPT)) {
      throw new Error('alarm activated: CORRUPT');
    }
  },
  /** This member by itself can read. */
  async serializable_read(context) {
    await readOne(context);
  },
  /** A quorum answers, and this member keeps up with it. */
  async linearizable_read(context, signal) {
    await context.readBarrier(signal);
    await readOne(context);
  },
  /** Clients are served in full. */
  async non_learner(context) {
    if (context.members.get(context.memberId)?.isLearner === true) {
      throw new StoreError('not-supported-for-learner');
    }
  },
} as const satisfies Record<string, Check>;

type CheckName = keyof typeof checks;

/** Restarting this process may help when one of these fails. */
const livezChecks: readonly CheckName[] = ['serializable_read'];
/** Clients are better sent elsewhere when one of these fails. */
const readyzChecks: readonly CheckName[] = [
  'data_corruption',
  'serializable_read',
  'linearizable_read',
  'non_learner',
];

/**
 * Kubernetes' probes as etcd (3.4.29, 3.5.11 and later) has them: /livez and /readyz, and each of their checks alone at
 * `/readyz/<check>`. 200 `ok`, or 503 with a line for every check; `?verbose` has the lines also when all is well,
 * `?exclude=<check>`, which may be given several times, leaves one out.
 */
export function probeRoutes(context: ApiContext): HttpRoutes {
  return new Map([
    ...routesOf(context, '/livez', livezChecks),
    ...routesOf(context, '/readyz', readyzChecks),
  ]);
}

function routesOf(
  context: ApiContext,
  path: string,
  names: readonly CheckName[],
): [string, HttpHandler][] {
  const probe =
    (some: readonly CheckName[]): HttpHandler =>
    ({ query, signal }) =>
      runChecks(context, some, query, signal);
  return [
    [path, probe(names)],
    ...names.map((name): [string, HttpHandler] => [`${path}/${name}`, probe([name])]),
  ];
}

async function runChecks(
  context: ApiContext,
  names: readonly CheckName[],
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const excluded = new Set(query.getAll('exclude').filter((name) => name !== ''));
  const outcomes = await Promise.all(
    names.map(async (name) =>
      excluded.has(name)
        ? { isOk: true, line: `[+]${name} excluded: ok\n` }
        : outcomeOf(name, checks[name](context, signal)),
    ),
  );
  const report = outcomes.map(({ line }) => line).join('') + unmatched(excluded, names);
  if (!outcomes.every(({ isOk }) => isOk)) {
    context.logger.warn('a health probe fails', { report });
    return text(503, `${report}\n`);
  }
  return text(200, `${query.has('verbose') ? report : ''}ok\n`);
}

async function outcomeOf(
  name: CheckName,
  check: Promise<void>,
): Promise<{ readonly isOk: boolean; readonly line: string }> {
  try {
    await check;
    return { isOk: true, line: `[+]${name} ok\n` };
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return { isOk: false, line: `[-]${name} failed: ${what}\n` };
  }
}

/** A misspelt exclusion is told of, since it would go unnoticed while all is well. */
function unmatched(excluded: ReadonlySet<string>, names: readonly CheckName[]): string {
  const known: ReadonlySet<string> = new Set(names);
  const unknown = [...excluded].filter((name) => !known.has(name)).sort();
  if (unknown.length === 0) return '';
  const quoted = unknown.map((name) => JSON.stringify(name)).join(', ');
  return `warn: some health checks cannot be excluded: no matches for ${quoted}\n`;
}

async function readOne(context: ApiContext): Promise<void> {
  await context.mvcc.range(RangeRequest.create({ key: Buffer.from('health'), limit: 1 }));
}

function text(status: number, body: string): HttpResponse {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

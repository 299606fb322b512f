import type { Exchange } from '../exchange.js';
import type { PlainRoutes } from './plain-routes.js';

/** One thing that must be well. */
export interface HealthCheck {
  readonly name: string;
  /** Resolves with what is wrong, or null. May reject, too. */
  check(): Promise<string | null> | string | null;
}

/** The three questions, and what each looks at. */
export interface HealthChecks {
  /** Everything, as older clients ask. */
  readonly healthz: readonly HealthCheck[];
  /** Whether the process should be restarted. */
  readonly livez: readonly HealthCheck[];
  /** Whether requests should be sent here. */
  readonly readyz: readonly HealthCheck[];
}

/** Is told what came of each look. */
export type ObserveHealth = (group: string, name: string, isWell: boolean) => void;

/** Serves `/healthz`, `/livez` and `/readyz`, each check at a path of its own below, `?verbose` and `?exclude=`. */
export function addHealthRoutes(
  routes: PlainRoutes,
  groups: HealthChecks,
  observe: ObserveHealth = () => {},
): void {
  for (const [group, checks] of Object.entries(groups) as [string, readonly HealthCheck[]][]) {
    routes.exact(`/${group}`, (exchange) => answer(exchange, checks, { group, observe }));
    routes.below(`/${group}`, async (exchange) => {
      const name = exchange.info.path.slice(group.length + 2);
      const check = checks.find((one) => one.name === name);
      if (check === undefined) exchange.sendText(404, '404 page not found\n');
      else await answerOne(exchange, check, { group, observe });
    });
  }
}

/** What is asked, and who is told. */
interface Asked {
  readonly group: string;
  readonly observe: ObserveHealth;
}

async function answerOne(exchange: Exchange, check: HealthCheck, asked: Asked): Promise<void> {
  const problem = await run(check, asked);
  if (problem === null) exchange.sendText(200, 'ok');
  else exchange.sendText(500, `internal server error: ${problem}\n`);
}

async function answer(
  exchange: Exchange,
  checks: readonly HealthCheck[],
  asked: Asked,
): Promise<void> {
  const { group } = asked;
  const excluded = new Set(exchange.query.getAll('exclude').filter((name) => name !== ''));
  const lines: string[] = [];
  let isWell = true;
  for (const check of checks) {
    if (excluded.delete(check.name)) {
      lines.push(`[+]${check.name} excluded: ok`);
      continue;
    }
    const problem = await run(check, asked);
    // Why is in the log: who may ask for health need not be one who may know.
    lines.push(
      problem === null ? `[+]${check.name} ok` : `[-]${check.name} failed: reason withheld`,
    );
    if (problem !== null) isWell = false;
  }
  if (excluded.size > 0) {
    const names = [...excluded].map((name) => JSON.stringify(name)).join(', ');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  const text = `${lines.join('\n')}\n`;
  if (!isWell) exchange.sendText(500, `${text}${group} check failed\n`);
  else if (exchange.query.has('verbose')) exchange.sendText(200, `${text}${group} check passed\n`);
  else exchange.sendText(200, 'ok');
}

async function run(check: HealthCheck, { group, observe }: Asked): Promise<string | null> {
  const problem = await problemOf(check);
  observe(group, check.name, problem === null);
  return problem;
}

async function problemOf(check: HealthCheck): Promise<string | null> {
  try {
    return await check.check();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

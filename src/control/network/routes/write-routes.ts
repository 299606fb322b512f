import { type RunCommand, runToSuccess } from '../../../host/command.js';
import type { PodRoute } from './plan-routes.js';

/** Marks our routes among those of the kernel, so that they are found again by whoever comes after us. */
const routeProtocol = '70';
const versions = [4, 6] as const;

/**
 * Brings the routes of this node to the given ones, whoever of us made those that are there. Rejects with CommandError when one is
 * refused (its node is on no network of ours); the others are made.
 */
export async function writeRoutes(run: RunCommand, routes: readonly PodRoute[]): Promise<void> {
  const problems: unknown[] = [];
  for (const version of versions) {
    const own = routes.filter((route) => route.version === version);
    const wanted = new Map(own.map(({ cidr, via }) => [cidr, via]));
    const existing = await routesOf(run, version);
    for (const [cidr, via] of existing) {
      if (wanted.has(cidr)) continue;
      await ip(run, version, ['route', 'del', cidr, 'via', via, 'proto', routeProtocol]);
    }
    for (const [cidr, via] of wanted) {
      if (existing.get(cidr) === via) continue;
      const words = ['route', 'replace', cidr, 'via', via, 'proto', routeProtocol];
      await ip(run, version, words).catch((error: unknown) => problems.push(error));
    }
  }
  if (problems.length > 0) throw problems[0];
}

async function routesOf(run: RunCommand, version: 4 | 6): Promise<ReadonlyMap<string, string>> {
  const text = await ip(run, version, ['-j', 'route', 'show', 'proto', routeProtocol]);
  const rows = JSON.parse(text.trim() || '[]') as { dst?: string; gateway?: string }[];
  return new Map(
    rows.flatMap(({ dst, gateway }): [string, string][] =>
      dst === undefined || gateway === undefined ? [] : [[withLength(dst, version), gateway]],
    ),
  );
}

/** A route to one address is shown without its length. */
function withLength(cidr: string, version: 4 | 6): string {
  return cidr.includes('/') ? cidr : `${cidr}/${version === 4 ? 32 : 128}`;
}

function ip(run: RunCommand, version: 4 | 6, args: readonly string[]): Promise<string> {
  return runToSuccess(run, { command: 'ip', args: [`-${version}`, ...args] });
}

/**
 * Plain requests over HTTP/2: `node dist/bench/web.js [ROUNDS]`. A GET answered with 2 KB and the header fields of a Kubernetes API
 * server, 8 connections with 100 requests under way on each, loaded by h2load (Debian: nghttp2-client); our own engine and node:http2,
 * plain and over TLS, in turns. Rows are the medians; the processor time is that of the server's process alone.
 */
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { numberArgument } from './arguments.js';
import { printRows } from './print-rows.js';
import { median } from './side-by-side/measurement.js';
import type { WebServerKind } from './web/server-process.js';

/** Requests of a round: some seconds each, and enough for the compiler to have settled. */
const requestsOf: Readonly<Record<WebServerKind, number>> = {
  'http2 plain': 150_000,
  'http2 TLS': 100_000,
  'node:http2 plain': 30_000,
  'node:http2 TLS': 30_000,
};

interface Round {
  readonly perSecond: number;
  readonly cpuUs: number;
}

async function main(rounds: number): Promise<void> {
  const kinds = Object.keys(requestsOf) as WebServerKind[];
  const found = new Map<WebServerKind, Round[]>(kinds.map((kind) => [kind, []]));
  for (let i = 0; i < rounds; i++) {
    for (const kind of kinds) found.get(kind)?.push(await roundOf(kind));
  }
  printRows(
    [...found].map(([name, rounds]) => ({
      name,
      perSecond: median(rounds.map(({ perSecond }) => perSecond)),
      cpuUs: median(rounds.map(({ cpuUs }) => cpuUs)),
    })),
  );
}

/** A fresh server under h2load, after a run that warms it up. */
async function roundOf(kind: WebServerKind): Promise<Round> {
  const server = fork(fileURLToPath(new URL('./web/server-process.js', import.meta.url)), [kind]);
  try {
    const [{ url }] = (await once(server, 'message')) as [{ readonly url: string }];
    const cpuUs = async () => {
      server.send('cpu');
      const [answer] = (await once(server, 'message')) as [{ readonly cpuUs: number }];
      return answer.cpuUs;
    };
    const requests = requestsOf[kind];
    h2load(url, requests);
    const before = await cpuUs();
    const perSecond = h2load(url, requests);
    return { perSecond, cpuUs: ((await cpuUs()) - before) / requests };
  } finally {
    server.kill();
  }
}

/** Requests a second; fails when any did not succeed. */
function h2load(url: string, requests: number): number {
  const args = ['-c', '8', '-m', '100', '-t', '1', '-n', String(requests), url];
  const text = execFileSync('h2load', args, { encoding: 'utf8' });
  const rate = /finished in [\d.]+m?s, ([\d.]+) req\/s/.exec(text)?.[1];
  if (rate === undefined || !text.includes(`${requests} succeeded`)) {
    throw new Error(`h2load failed:\n${text}`);
  }
  return Number(rate);
}

await main(numberArgument(3));

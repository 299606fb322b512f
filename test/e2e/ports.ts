import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { holdName } from '../../src/host/held-name.js';

/**
 * Below what kernels hand out for outgoing connections, so that a port found free is not taken by somebody's client before
 * the member listens on it.
 */
const firstPort = 20_000;
const portCount = 10_000;

const given = new Set<number>();

/** Free loopback ports. No other test that runs at the same time gets them: this process holds their names until it ends. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  let offset = randomInt(portCount);
  for (let tries = 0; tries < portCount; tries++) {
    if (ports.length === count) return ports;
    offset = (offset + 1) % portCount;
    const port = firstPort + offset;
    if (given.has(port) || !(await isFree(port))) continue;
    if ((await holdName(`flotilla-test-port-${port}`)) === null) continue;
    given.add(port);
    ports.push(port);
  }
  throw new Error(`no ${count} free ports from ${firstPort} on`);
}

/** Whether nobody listens on this loopback port. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () =>
      server.close(() => resolve(true)),
    );
  });
}

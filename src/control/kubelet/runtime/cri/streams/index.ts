import type { Duplex } from 'node:stream';
import type { Clock } from '../../../../../base/clock.js';
import type { AttachRequest, ProcessSession } from '../../container-runtime.js';
import { RuntimeError } from '../../runtime-error.js';

/** Talks with a command or a container where the runtime says. */
export async function openSession(
  url: string,
  _streams: AttachRequest,
  _parts: { readonly clock: Clock },
): Promise<ProcessSession> {
  throw new RuntimeError('unsupported', `no stream to ${url} can be opened`);
}

/** A connection to a port of a sandbox. */
export async function forwardPort(url: string, _port: number): Promise<Duplex> {
  throw new RuntimeError('unsupported', `no stream to ${url} can be opened`);
}

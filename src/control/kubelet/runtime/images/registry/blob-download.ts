import { type Clock, sleep, type Timer } from '../../../../../base/clock.js';
import { type BlobFile, openBlobFile } from '../../../../../host/blob-file.js';
import { fileDigest } from '../../../../../host/digest.js';
import { removeTree } from '../../../../../host/state-files.js';
import type { WebClientResponse } from '../../../../../rpc/index.js';
import type { Descriptor } from './manifest.js';
import { RegistryError } from './registry-error.js';
import { asRegistryError, type RegistrySession } from './registry-session.js';

/** How often a connection that broke is taken up again. */
const attemptsMax = 5;
/** The first pause before that; the later ones are longer. */
const pauseMs = 200;
/** Nothing comes for so long: the connection is given up. */
const silenceMsMax = 30_000;

/**
 * Fetches a blob into a file. What a broken connection, or a process that was killed, has left there is gone on from. Rejects with
 * RegistryError; a file that is not what the digest says is removed.
 */
export async function downloadBlob(
  session: RegistrySession,
  blob: Descriptor,
  path: string,
  clock: Clock,
): Promise<void> {
  const file = await openBlobFile(path);
  try {
    for (let attempt = 1; file.size < blob.size; attempt += 1) {
      try {
        await fetchRest(session, blob, file, clock);
      } catch (error) {
        const isBroken = error instanceof RegistryError && error.isBroken;
        if (!isBroken || attempt === attemptsMax) throw error;
        await sleep(clock, pauseMs * attempt);
      }
    }
  } finally {
    await file.close();
  }
  const digest = await fileDigest(path);
  if (digest === blob.digest && file.size === blob.size) return;
  await removeTree(path);
  throw new RegistryError(`the registry sends ${digest} for ${blob.digest}`);
}

async function fetchRest(
  session: RegistrySession,
  blob: Descriptor,
  file: BlobFile,
  clock: Clock,
): Promise<void> {
  const silence = new Silence(clock);
  try {
    const range = file.size === 0 ? {} : { range: `bytes=${file.size}-` };
    const path = `blobs/${blob.digest}`;
    const response = await session.open({ path, headers: range, signal: silence.signal });
    if (!isFrom(response, file.size)) await file.empty();
    for await (const chunk of response.body) {
      silence.broken();
      if (file.size + chunk.length > blob.size) {
        await file.empty();
        throw new RegistryError(
          `the registry sends more than ${blob.size} bytes for ${blob.digest}`,
        );
      }
      await file.append(chunk);
    }
    if (file.size < blob.size) {
      throw new RegistryError(`${path}: the answer ended too early`, { isBroken: true });
    }
  } catch (error) {
    throw asRegistryError(error);
  } finally {
    silence.end();
  }
}

/** Whether the answer goes on where the file ends; a registry may not know ranges, and sends all. */
function isFrom({ status, headers }: WebClientResponse, offset: number): boolean {
  if (offset === 0) return true;
  return status === 206 && (headers.get('content-range') ?? '').startsWith(`bytes ${offset}-`);
}

/** Aborts when nothing has come for too long. */
class Silence {
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  #timer: Timer;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  broken(): void {
    this.#clock.clearTimer(this.#timer);
    this.#timer = this.#start();
  }

  end(): void {
    this.#clock.clearTimer(this.#timer);
  }

  #start(): Timer {
    return this.#clock.setTimer(silenceMsMax, () => this.#abort.abort());
  }
}

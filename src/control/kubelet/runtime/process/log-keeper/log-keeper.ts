import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../../../../base/clock.js';
import { type LocalListener, listenLocal } from '../../../../../host/local-socket.js';
import { fileFacts, listNames, readTextIfPresent } from '../../../../../host/state-files.js';
import type { ContainerRecord } from '../container-record.js';
import { RuntimePaths } from '../runtime-paths.js';
import { firstLine, type KeeperAnswer, type KeeperRequest } from './keeper-protocol.js';
import { KeptLog } from './kept-log.js';

/** It ends when it has had neither containers nor clients for so long. */
const idleMs = 3000;

/**
 * The one process per node that writes the logs of the containers of the process runtime, so that they are written while
 * the kubelet is away. It can be killed at any time: the outputs wait in their FIFOs, whose other ends the containers'
 * supervisors hold, until another keeper goes on.
 */
export class LogKeeper {
  readonly #paths: RuntimePaths;
  readonly #clock: Clock;
  readonly #logs = new Map<string, KeptLog>();
  readonly #clients = new Set<Duplex>();
  #listener: LocalListener | null = null;
  #idleTimer: Timer | null = null;
  #onIdle: () => void = () => undefined;

  constructor(root: string, clock: Clock) {
    this.#paths = new RuntimePaths(root);
    this.#clock = clock;
  }

  /** Takes up what runs already and serves. Rejects with EADDRINUSE when another keeper does. Resolves when it has been idle. */
  async run(): Promise<void> {
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    this.#listener = await listenLocal(this.#paths.logKeeperSocket, (stream) =>
      this.#onClient(stream),
    );
    for (const id of await listNames(this.#paths.containers)) await this.#maybeTakeUp(id);
    this.#maybeIdle();
    await idle;
    await this.#listener.close();
  }

  async #maybeTakeUp(id: string): Promise<void> {
    const directory = this.#paths.container(id);
    if ((await fileFacts(`${directory}/exit`)) !== null) return;
    if ((await fileFacts(`${directory}/stdout`)) === null) return;
    await this.#watch(id).catch(() => undefined);
  }

  async #watch(id: string): Promise<KeptLog> {
    const present = this.#logs.get(id);
    if (present !== undefined) return present;
    const directory = this.#paths.container(id);
    const text = await readTextIfPresent(`${directory}/container.json`);
    if (text === null) throw new Error(`container '${id}' is not there`);
    const { logPath } = JSON.parse(text) as ContainerRecord;
    const log = new KeptLog(this.#clock, directory, logPath, () => {
      this.#logs.delete(id);
      this.#maybeIdle();
    });
    this.#logs.set(id, log);
    try {
      await log.open();
    } catch (error) {
      log.close();
      this.#logs.delete(id);
      this.#maybeIdle();
      throw error;
    }
    return log;
  }

  #onClient(stream: Duplex): void {
    this.#clients.add(stream);
    this.#maybeIdle();
    stream.once('close', () => {
      this.#clients.delete(stream);
      this.#maybeIdle();
    });
    let bytes: Buffer = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const request = firstLine(bytes);
      if (request === null) return;
      stream.off('data', onData);
      stream.resume();
      this.#answer(stream, request.line).catch(() => stream.destroy());
    };
    stream.on('data', onData);
  }

  async #answer(stream: Duplex, line: string): Promise<void> {
    const request = JSON.parse(line) as KeeperRequest;
    const say = (error: string) => {
      const answer: KeeperAnswer = { error };
      stream.write(`${JSON.stringify(answer)}\n`);
    };
    try {
      if (request.op === 'watch') await this.#watch(request.id);
      if (request.op === 'reopen') await this.#logs.get(request.id)?.reopen();
    } catch (error) {
      say((error as Error).message);
      return;
    }
    say('');
    if (request.op !== 'attach') return;
    const log = this.#logs.get(request.id);
    if (log === undefined) stream.end();
    else log.attach(stream);
  }

  #maybeIdle(): void {
    if (this.#idleTimer !== null) this.#clock.clearTimer(this.#idleTimer);
    this.#idleTimer = null;
    if (this.#logs.size > 0 || this.#clients.size > 0) return;
    this.#idleTimer = this.#clock.setTimer(idleMs, () => this.#onIdle());
  }
}

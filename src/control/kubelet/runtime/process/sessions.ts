import { join } from 'node:path';
import { PassThrough, type Writable } from 'node:stream';
import type { Clock } from '../../../../base/clock.js';
import {
  isSuperuser,
  runProgram,
  sendSignal,
  startTalking,
} from '../../../../host/child-process.js';
import { writeFifo } from '../../../../host/local-socket.js';
import { readTextIfPresent } from '../../../../host/state-files.js';
import type {
  AttachRequest,
  ExecRequest,
  ExecResult,
  ProcessSession,
} from '../container-runtime.js';
import { RuntimeError } from '../runtime-error.js';
import type { ContainerTable, KnownContainer } from './container-table.js';
import { execCommand } from './exec-command.js';
import { FrameReader } from './log-keeper/keeper-protocol.js';
import type { LogKeeperClient } from './log-keeper/log-keeper-client.js';
import { toolEnvironment } from './namespaces.js';
import type { RuntimePaths } from './runtime-paths.js';
import { resizeTerminal, TerminalSize } from './terminal-size.js';

/** What sessions are made with. */
export interface SessionParts {
  readonly paths: RuntimePaths;
  readonly table: ContainerTable;
  readonly keeper: LogKeeperClient;
  readonly clock: Clock;
}

/** Commands in running containers, and talking with their first process. */
export class Sessions {
  readonly #paths: RuntimePaths;
  readonly #table: ContainerTable;
  readonly #keeper: LogKeeperClient;
  readonly #clock: Clock;
  readonly #open = new Set<ProcessSession>();

  constructor(parts: SessionParts) {
    this.#paths = parts.paths;
    this.#table = parts.table;
    this.#keeper = parts.keeper;
    this.#clock = parts.clock;
  }

  async execSync(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult> {
    const outcome = await runProgram(await this.#command(id, command, false), {
      env: toolEnvironment,
      ...(timeoutMs > 0 ? { timeoutMs } : {}),
    });
    if (outcome.hasTimedOut) {
      const seconds = Math.ceil(timeoutMs / 1000);
      throw new RuntimeError(
        'timeout',
        `command ${JSON.stringify(command.join(' '))} timed out after ${seconds}s`,
      );
    }
    return outcome;
  }

  async exec(id: string, request: ExecRequest): Promise<ProcessSession> {
    const argv = await this.#command(id, request.command, request.tty);
    const child = await startTalking(argv, { env: toolEnvironment, cwd: '/' });
    if (!request.stdin && !request.tty) child.stdin.end();
    if (!request.stdout) child.stdout.resume();
    if (!request.stderr || request.tty) child.stderr.resume();
    const size = new TerminalSize(child.pid, this.#clock);
    void child.ended.finally(() => size.close());
    const session: ProcessSession = {
      stdin: request.stdin ? child.stdin : null,
      stdout: request.stdout ? child.stdout : null,
      stderr: request.stderr && !request.tty ? child.stderr : null,
      resize: (columns, rows) => {
        if (request.tty) size.set(columns, rows);
      },
      ended: child.ended,
      close: () => {
        child.stdin.destroy();
        child.kill('SIGHUP');
      },
    };
    return this.#track(session);
  }

  async attach(id: string, request: AttachRequest): Promise<ProcessSession> {
    const { record } = this.#running(id);
    const { stream, rest } = await this.#keeper.attach(id);
    const stdout = request.stdout ? new PassThrough() : null;
    const stderr = request.stderr && !record.config.tty ? new PassThrough() : null;
    const stdin = request.stdin && record.config.stdin ? await this.#openStdin(id) : null;
    const frames = new FrameReader();
    const onData = (chunk: Buffer) => {
      for (const frame of frames.add(chunk)) {
        const output = frame.stream === 1 ? stdout : stderr;
        if (output === null || output.write(frame.bytes)) continue;
        stream.pause();
        output.once('drain', () => stream.resume());
      }
    };
    const ended = new Promise<number>((resolve) => {
      stream.once('close', () => {
        stdout?.end();
        stderr?.end();
        stdin?.destroy();
        resolve(0);
      });
    });
    if (rest.length > 0) onData(rest);
    stream.on('data', onData);
    stream.resume();
    const session: ProcessSession = {
      stdin,
      stdout,
      stderr,
      resize: (columns, rows) => void this.#resizeContainer(id, columns, rows),
      ended,
      close: () => stream.destroy(),
    };
    return this.#track(session);
  }

  /** Ends all that is going on; containers go on. */
  close(): void {
    for (const session of this.#open) session.close();
  }

  #track(session: ProcessSession): ProcessSession {
    this.#open.add(session);
    void session.ended.finally(() => this.#open.delete(session));
    return session;
  }

  #running(id: string): KnownContainer & { readonly process: { readonly kind: 'running' } } {
    const known = this.#table.get(id);
    if (known.process.kind !== 'running') {
      throw new RuntimeError('failed', `container "${id}" is not running`);
    }
    return known as KnownContainer & { readonly process: { readonly kind: 'running' } };
  }

  async #command(id: string, argv: readonly string[], hasTty: boolean): Promise<readonly string[]> {
    await this.#table.refresh(id);
    const { record, process } = this.#table.get(id);
    if (process.kind !== 'running') {
      throw new RuntimeError('failed', `container "${id}" is not running`);
    }
    const canChangeUser = isSuperuser();
    return execCommand({
      paths: this.#paths,
      record,
      pid: process.pid,
      argv,
      hasTty,
      canChangeUser,
    });
  }

  /** A writer on the container's input. With `stdinOnce` the input ends when this one has. */
  async #openStdin(id: string): Promise<Writable> {
    const directory = this.#paths.container(id);
    const writer = await writeFifo(join(directory, 'stdin'));
    if (!this.#table.get(id).record.config.stdinOnce) return writer;
    writer.once('close', () => {
      void readTextIfPresent(join(directory, 'stdin-holder')).then((holder) => {
        if (holder !== null && this.#table.get(id).process.kind === 'running') {
          sendSignal(Number(holder), 'SIGTERM');
        }
      });
    });
    return writer;
  }

  async #resizeContainer(id: string, columns: number, rows: number): Promise<void> {
    if (!this.#table.get(id).record.config.tty) return;
    const supervisor = await readTextIfPresent(join(this.#paths.container(id), 'script'));
    if (supervisor !== null) await resizeTerminal(Number(supervisor), columns, rows);
  }
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePorts } from '../e2e/ports.js';

/** Which server the live tests run against: ours, or the one that it must be like. */
export const serverKind = process.env.FLOTILLA_TEST_SERVER === 'etcd' ? 'etcd' : 'flotilla';

/** Why live tests cannot run here, or false. Ours is always there; etcd may not be installed. */
export const skipReason: string | false =
  serverKind === 'etcd' && spawnSync('etcd', ['--version']).error !== undefined
    ? 'etcd is not installed'
    : false;

const readyLine = 'ready to serve client requests';
const readyMsMax = 120_000;

/** A member of a test cluster: a process of its own. */
export class TestMember {
  readonly endpoint: string;
  readonly #args: readonly string[];
  #process: ChildProcess | null = null;
  /** The last lines that the process logged, for when it does not start. */
  readonly #log: string[] = [];

  constructor(endpoint: string, args: readonly string[]) {
    this.endpoint = endpoint;
    this.#args = args;
  }

  /** Starts the process and waits until it serves. */
  async start(): Promise<void> {
    const [command, first] =
      serverKind === 'etcd'
        ? ['etcd', []]
        : [process.execPath, [join(process.cwd(), 'bin/flotilla'), 'store']];
    const env = { ...process.env, ETCD_UNSUPPORTED_ARCH: process.arch };
    const child = spawn(command as string, [...(first as string[]), ...this.#args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
    });
    this.#process = child;
    await this.#untilReady(child);
  }

  /** Sends a signal without waiting for anything. */
  signal(name: NodeJS.Signals): void {
    this.#process?.kill(name);
  }

  /** Ends the process at once (SIGKILL, also when it is stopped) and waits until it is gone. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) =>
        reject(new Error(`the server ${why}:\n${this.#log.slice(-20).join('\n')}`));
      const timer = setTimeout(() => fail('is not ready in time'), readyMsMax);
      child.once('exit', (code) => fail(`exited with ${code}`));
      child.once('error', (error) => fail(`cannot be started: ${error.message}`));
      for (const stream of [child.stdout, child.stderr]) {
        if (stream === null) continue;
        createInterface({ input: stream }).on('line', (line) => {
          this.#log.push(line);
          if (this.#log.length > 200) this.#log.shift();
          if (!line.includes(readyLine)) return;
          clearTimeout(timer);
          resolve();
        });
      }
    });
  }
}

/** A cluster of its own for one test file, on free ports and a fresh directory. */
export class TestCluster {
  readonly members: readonly TestMember[];
  readonly #dir: string;

  private constructor(members: readonly TestMember[], dir: string) {
    this.members = members;
    this.#dir = dir;
  }

  static async start(size = 1): Promise<TestCluster> {
    const dir = mkdtempSync(join(tmpdir(), 'flotilla-test-'));
    const ports = await freePorts(size * 2);
    const names = Array.from({ length: size }, (_, i) => `m${i}`);
    const client = names.map((_, i) => `http://127.0.0.1:${ports[i * 2]}`);
    const peer = names.map((_, i) => `http://127.0.0.1:${ports[i * 2 + 1]}`);
    const initialCluster = names.map((name, i) => `${name}=${peer[i]}`).join(',');
    const members = names.map((name, i) => {
      const args = [
        ...['--name', name, '--data-dir', join(dir, name)],
        ...['--listen-client-urls', client[i]!, '--advertise-client-urls', client[i]!],
        ...['--listen-peer-urls', peer[i]!, '--initial-advertise-peer-urls', peer[i]!],
        ...['--initial-cluster', initialCluster, '--initial-cluster-token', 'test'],
        ...['--initial-cluster-state', 'new'],
      ];
      return new TestMember(client[i]!, args);
    });
    await Promise.all(members.map((member) => member.start()));
    return new TestCluster(members, dir);
  }

  get endpoints(): readonly string[] {
    return this.members.map((member) => member.endpoint);
  }

  /** Kills every member and removes their data. */
  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

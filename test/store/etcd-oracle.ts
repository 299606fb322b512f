import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../e2e/ports.js';

/** A real etcd with an empty store, asked through its JSON gateway. */
export class EtcdOracle {
  readonly #process: ChildProcess;
  readonly #dir: string;
  readonly #url: string;

  private constructor(process: ChildProcess, dir: string, url: string) {
    this.#process = process;
    this.#dir = dir;
    this.#url = url;
  }

  /** Whether the machine has one. */
  static isInstalled(): boolean {
    try {
      execFileSync('etcd', ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  }

  static async start(): Promise<EtcdOracle> {
    const dir = mkdtempSync(join(tmpdir(), 'etcd-oracle-'));
    const [client = '', peer = ''] = (await freePorts(2)).map((port) => `http://127.0.0.1:${port}`);
    const args = ['--data-dir', dir, '--log-level', 'error', '--max-txn-ops', '1000'];
    args.push('--listen-client-urls', client, '--advertise-client-urls', client);
    args.push('--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer);
    args.push('--initial-cluster', `default=${peer}`);
    const process = spawn('etcd', args, { stdio: 'ignore' });
    const oracle = new EtcdOracle(process, dir, client);
    const deadline = Date.now() + 60_000;
    for (;;) {
      try {
        await oracle.ask('/v3/maintenance/status', {});
        return oracle;
      } catch (error) {
        if (Date.now() > deadline) {
          oracle.stop();
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** One request; the response as JSON, `{ error }` when refused. */
  async ask(path: string, body: unknown): Promise<Record<string, unknown>> {
    const response = await fetch(this.#url + path, { method: 'POST', body: JSON.stringify(body) });
    return (await response.json()) as Record<string, unknown>;
  }

  stop(): void {
    this.#process.kill('SIGKILL');
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

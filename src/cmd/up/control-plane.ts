import { join } from 'node:path';
import { type Clock, sleep } from '../../base/clock.js';
import { WebClient, WebClientError } from '../../rpc/index.js';
import type { Console } from './console.js';
import {
  type ControlFiles,
  openControlFiles,
  readCertificate,
  writeKubeconfig,
} from './control-files.js';
import { controlSteps } from './guide.js';
import { tailOf } from './log-tail.js';
import { type ClusterProgram, type MemberExit, MemberProcess } from './member-process.js';
import { type ClusterPlan, endpointOf } from './plan.js';
import { UpError } from './up-error.js';

/** What it runs with. */
export interface ControlPlaneOptions {
  readonly plan: ClusterPlan;
  readonly dir: string;
  readonly port: number;
  readonly clock: Clock;
  readonly console: Console;
  /** Aborted when the run is over. */
  readonly ended: AbortSignal;
}

const pollMs = 100;
const askMs = 2000;
const failedStartsMax = 3;

/** The API server and the controllers of a cluster whose store serves, as processes of their own. */
export class ControlPlane {
  readonly #options: ControlPlaneOptions;
  readonly #processes: MemberProcess[] = [];
  readonly #runs: Promise<void>[] = [];
  /** Ends of the API server before it first served. */
  #failedStarts = 0;
  #isServing = false;

  constructor(options: ControlPlaneOptions) {
    this.#options = options;
  }

  /** Resolves when it has ended. Throws {@link UpError} when it never serves. */
  async run(): Promise<void> {
    const { console, port, ended, dir } = this.#options;
    const files = await openControlFiles(dir);
    this.#start('apiserver', this.#serverFlags(files));
    const certificate = await this.#untilReady(files);
    if (certificate !== null) {
      this.#isServing = true;
      await writeKubeconfig(files, { url: this.#url, certificate });
      this.#start('controller-manager', [
        `--kubeconfig=${files.kubeconfig}`,
        '--secure-port=0',
        '--leader-elect=false',
      ]);
      console.good(`the API server serves on 127.0.0.1:${port}`);
      for (const line of controlSteps(files.kubeconfig)) console.line(line);
    }
    if (!ended.aborted) await Promise.all(this.#runs);
  }

  /** The controllers first: they would only fail without the API server. */
  async stop(): Promise<void> {
    for (const each of [...this.#processes].reverse()) await each.stop();
    await Promise.all(this.#runs);
  }

  kill(): void {
    for (const each of this.#processes) each.kill();
  }

  get #url(): string {
    return `https://127.0.0.1:${this.#options.port}`;
  }

  #serverFlags(files: ControlFiles): string[] {
    const { plan, port } = this.#options;
    const servers = plan.members.map((member) => `http://${endpointOf(member)}`);
    return [
      `--etcd-servers=${servers.join(',')}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${port}`,
      `--cert-dir=${files.certDir}`,
      `--token-auth-file=${files.tokenFile}`,
      `--service-account-signing-key-file=${files.signingKeyFile}`,
      `--service-account-key-file=${files.signingKeyFile}`,
      '--authorization-mode=Node,RBAC',
    ];
  }

  #start(program: ClusterProgram, flags: readonly string[]): void {
    const { dir, clock, console, ended } = this.#options;
    // Who stops what runs has begun already.
    if (ended.aborted) return;
    const logPath = join(dir, `${program}.log`);
    const child = new MemberProcess({
      ...{ program, flags, logPath, clock },
      listener: {
        onStart: (pid) => console.line(`${program} started as process ${pid}`),
        onEnd: (exit, retryMs) => {
          if (program === 'apiserver' && !this.#isServing) this.#failedStarts++;
          console.bad(`${program} ${endOf(exit)}; starting it again in ${retryMs / 1000} s`);
        },
      },
    });
    this.#processes.push(child);
    this.#runs.push(child.start());
  }

  /** The certificate of the API server once it is ready; null when the run was over before. */
  async #untilReady(files: ControlFiles): Promise<string | null> {
    const { clock, ended, dir } = this.#options;
    const web = new WebClient({ clock });
    try {
      while (!ended.aborted) {
        if (this.#failedStarts >= failedStartsMax) {
          const log = join(dir, 'apiserver.log');
          const what = `the API server ended ${this.#failedStarts} times before it served`;
          throw new UpError(`${what}; the end of ${log}:\n${await tailOf(log)}`);
        }
        const certificate = await readCertificate(files).catch(() => null); // Not made yet.
        if (certificate !== null && (await this.#isReady(web, certificate))) return certificate;
        await sleep(clock, pollMs, ended).catch(() => {}); // The run is over.
      }
      return null;
    } finally {
      web.close();
    }
  }

  async #isReady(web: WebClient, ca: string): Promise<boolean> {
    try {
      const response = await web.request({
        url: `${this.#url}/readyz`,
        tls: { ca },
        timeoutMs: askMs,
      });
      response.cancel();
      return response.status === 200;
    } catch (error) {
      if (!(error instanceof WebClientError)) throw error;
      return false;
    }
  }
}

function endOf({ code, signal }: MemberExit): string {
  return signal === null ? `ended with code ${code}` : `ended by ${signal}`;
}

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
import { electedPrograms } from './elected-programs.js';
import { controlSteps } from './guide.js';
import { tailOf } from './log-tail.js';
import { type ClusterProgram, type MemberExit, MemberProcess } from './member-process.js';
import { type ClusterPlan, storeUrls } from './plan.js';
import { UpError } from './up-error.js';

/** What it runs with. */
export interface ControlPlaneOptions {
  readonly plan: ClusterPlan;
  readonly dir: string;
  readonly port: number;
  /** Of each program besides the API server. */
  readonly replicas: number;
  readonly clock: Clock;
  readonly console: Console;
  /** Aborted when the run is over. */
  readonly ended: AbortSignal;
}

const pollMs = 100;
const askMs = 2000;
const failedStartsMax = 3;

/** The API server, the controllers and the scheduler of a cluster whose store serves, as processes of their own. */
export class ControlPlane {
  readonly #options: ControlPlaneOptions;
  /** The API server first. */
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
    const { console, port, ended, dir, plan, replicas } = this.#options;
    const files = await openControlFiles(dir);
    this.#start('apiserver', 'apiserver', this.#serverFlags(files));
    const certificate = await this.#untilReady(files);
    if (certificate !== null) {
      this.#isServing = true;
      await writeKubeconfig(files, { url: this.#url, certificate });
      console.good(`the API server serves on 127.0.0.1:${port}`);
      for (const { program, name, flags } of electedPrograms(plan, files, replicas)) {
        this.#start(program, name, flags);
      }
      for (const line of controlSteps(files.kubeconfig)) console.line(line);
    }
    if (!ended.aborted) await Promise.all(this.#runs);
  }

  /** The API server last: the others would only fail without it. */
  async stop(): Promise<void> {
    const [server, ...others] = this.#processes;
    await Promise.all(others.map((each) => each.stop()));
    await server?.stop();
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
    return [
      `--etcd-servers=${storeUrls(plan).join(',')}`,
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

  #start(program: ClusterProgram, name: string, flags: readonly string[]): void {
    const { dir, clock, console, ended } = this.#options;
    // Who stops what runs has begun already.
    if (ended.aborted) return;
    const logPath = join(dir, `${name}.log`);
    const child = new MemberProcess({
      ...{ program, flags, logPath, clock },
      listener: {
        onStart: (pid) => console.line(`${name} started as process ${pid}`),
        onEnd: (exit, retryMs) => {
          if (program === 'apiserver' && !this.#isServing) this.#failedStarts++;
          console.bad(`${name} ${endOf(exit)}; starting it again in ${retryMs / 1000} s`);
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

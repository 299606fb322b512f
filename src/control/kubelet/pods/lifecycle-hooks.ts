import { type Clock, sleep } from '../../../base/clock.js';
import { type WebClient, WebClientError } from '../../../rpc/index.js';
import type { LifecycleHandler } from '../../api/gen/core-v1.js';
import { httpActionHeaders, httpActionUrl, type ProbeTarget } from '../probes/prober.js';
import type { ContainerRuntime } from '../runtime/container-runtime.js';
import { RuntimeError } from '../runtime/runtime-error.js';

/** Runs what containers want to have done after their start and before their stop. */
export interface LifecycleHooks {
  /** Resolves with null when it went well, else with what went wrong. */
  run(handler: LifecycleHandler, target: ProbeTarget, timeoutMs: number): Promise<string | null>;
}

const agent = 'kube-lifecycle/1.36';

/** Hooks that are commands in the container, requests to it, or pauses. */
export class NodeHooks implements LifecycleHooks {
  readonly #runtime: ContainerRuntime;
  readonly #web: WebClient;
  readonly #clock: Clock;

  constructor(runtime: ContainerRuntime, web: WebClient, clock: Clock) {
    this.#runtime = runtime;
    this.#web = web;
    this.#clock = clock;
  }

  async run(
    { exec, httpGet, sleep: pause }: LifecycleHandler,
    target: ProbeTarget,
    timeoutMs: number,
  ): Promise<string | null> {
    if (exec !== undefined) return this.#exec(target, exec.command ?? [], timeoutMs);
    if (pause !== undefined) {
      await sleep(this.#clock, Math.min(timeoutMs, (pause.seconds ?? 0) * 1000));
      return null;
    }
    if (httpGet === undefined) return null;
    const url = httpActionUrl(httpGet, target);
    if (url === null) return `couldn't find port: ${JSON.stringify(httpGet.port)}`;
    try {
      const headers = httpActionHeaders(httpGet, agent);
      const response = await this.#web.request({
        ...{ url, headers, timeoutMs, tls: { isUnverified: true } },
      });
      response.cancel();
      return response.status < 400 ? null : `HTTP hook failed with statuscode: ${response.status}`;
    } catch (error) {
      if (!(error instanceof WebClientError)) throw error;
      return error.message;
    }
  }

  async #exec(
    { containerId }: ProbeTarget,
    command: readonly string[],
    timeoutMs: number,
  ): Promise<string | null> {
    try {
      const { exitCode, stdout, stderr } = await this.#runtime.execSync(
        containerId,
        command,
        timeoutMs,
      );
      if (exitCode === 0) return null;
      const output = Buffer.concat([stdout, stderr]).toString();
      const words = command.map((word) => word).join(' ');
      return `command '${words}' exited with ${exitCode}: ${output}`;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      return error.message;
    }
  }
}

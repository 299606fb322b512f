import type { Clock } from '../../../base/clock.js';
import { connectStream } from '../../../host/net.js';
import { type WebClient, WebClientError, type WebClientResponse } from '../../../rpc/index.js';
import type { HTTPGetAction, Probe } from '../../api/gen/core-v1.js';
import type { ContainerRuntime } from '../runtime/container-runtime.js';
import { RuntimeError } from '../runtime/runtime-error.js';
import { askGrpcHealth } from './grpc-health.js';
import {
  httpActionHeaders,
  httpActionUrl,
  type ProbeAnswer,
  type Prober,
  type ProbeTarget,
  portNumber,
} from './prober.js';

const agent = 'kube-probe/1.36';
const outputBytesMax = 10 * 1024;
const redirectsMax = 10;

/** Asks over the node's network and through the runtime. */
export class NodeProber implements Prober {
  readonly #runtime: ContainerRuntime;
  readonly #web: WebClient;
  readonly #clock: Clock;

  constructor(runtime: ContainerRuntime, web: WebClient, clock: Clock) {
    this.#runtime = runtime;
    this.#web = web;
    this.#clock = clock;
  }

  async probe(target: ProbeTarget, probe: Probe, timeoutMs: number): Promise<ProbeAnswer> {
    const { exec, httpGet, tcpSocket, grpc } = probe;
    if (exec !== undefined) return this.#exec(target, exec.command ?? [], timeoutMs);
    if (httpGet !== undefined) return this.#http(target, httpGet, timeoutMs);
    if (tcpSocket !== undefined) {
      const port = portNumber(tcpSocket.port, target.ports);
      const host = tcpSocket.host ?? target.host;
      return port === null ? unknownPort(tcpSocket.port) : this.#tcp(host, port, timeoutMs);
    }
    if (grpc !== undefined) {
      const { port = 0, service = '' } = grpc;
      const at = { host: target.host, port, service };
      return askGrpcHealth(at, { clock: this.#clock, timeoutMs });
    }
    return { result: 'unknown', output: 'missing probe handler' };
  }

  async #exec({ containerId }: ProbeTarget, command: readonly string[], timeoutMs: number) {
    try {
      const run = await this.#runtime.execSync(containerId, command, timeoutMs);
      const text = Buffer.concat([run.stdout, run.stderr]).subarray(0, outputBytesMax).toString();
      return answer(run.exitCode === 0 ? 'success' : 'failure', text);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      if (error.code !== 'timeout') return answer('unknown', error.message);
      const words = command.map((word) => JSON.stringify(word)).join(' ');
      return answer('failure', `command timed out: ${words} timed out after ${timeoutMs / 1000}s`);
    }
  }

  async #http(target: ProbeTarget, action: HTTPGetAction, timeoutMs: number): Promise<ProbeAnswer> {
    const first = httpActionUrl(action, target);
    if (first === null) return unknownPort(action.port);
    const headers = httpActionHeaders(action, agent);
    let url = first;
    try {
      for (let redirects = 0; ; redirects++) {
        const response = await this.#web.request({
          ...{ url, headers, timeoutMs, tls: { isUnverified: true } },
        });
        const next = redirectOf(response, url);
        if (
          next !== null &&
          next.hostname === new URL(first).hostname &&
          redirects < redirectsMax
        ) {
          response.cancel();
          url = next.href;
          continue;
        }
        return await httpAnswer(response);
      }
    } catch (error) {
      if (!(error instanceof WebClientError)) throw error;
      return answer('failure', `Get ${JSON.stringify(url)}: ${webErrorText(error, url)}`);
    }
  }

  #tcp(host: string, port: number, timeoutMs: number): Promise<ProbeAnswer> {
    const where = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(timeoutMs, () =>
        end(false, `dial tcp ${where}: i/o timeout`),
      );
      const end = (isOpen: boolean, output: string) => {
        this.#clock.clearTimer(timer);
        resolve(answer(isOpen ? 'success' : 'failure', output));
        stream.destroy();
      };
      const stream = connectStream({ host, port }, null, {
        onConnect: () => end(true, ''),
        onData: () => {},
        onClose: ({ refused, message }) =>
          end(false, `dial tcp ${where}: connect: ${refused ? 'connection refused' : message}`),
      });
    });
  }
}

function answer(result: ProbeAnswer['result'], output: string): ProbeAnswer {
  return { result, output };
}

function unknownPort(port: string | number | undefined): ProbeAnswer {
  return answer('unknown', `couldn't find port: ${JSON.stringify(port)}`);
}

function redirectOf({ status, headers }: WebClientResponse, url: string): URL | null {
  const location = headers.get('location');
  if (status < 300 || status >= 400 || location === undefined) return null;
  return URL.canParse(location, url) ? new URL(location, url) : null;
}

async function httpAnswer(response: WebClientResponse): Promise<ProbeAnswer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > outputBytesMax) break;
  }
  const { status } = response;
  const isWell = status >= 200 && status < 400;
  if (!isWell) return answer('failure', `HTTP probe failed with statuscode: ${status}`);
  return answer('success', Buffer.concat(chunks).subarray(0, outputBytesMax).toString());
}

/** As Go's client words it. */
function webErrorText({ code, message, cause }: WebClientError, url: string): string {
  const { hostname, port, protocol } = new URL(url);
  const where = `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
  if (code === 'timeout') {
    return 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
  }
  const system = (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  if (code === 'connect') {
    const texts: Readonly<Record<string, string>> = {
      ECONNREFUSED: 'connection refused',
      EHOSTUNREACH: 'no route to host',
      ENETUNREACH: 'network is unreachable',
    };
    const isRefused = /ECONNREFUSED|refused/.test(`${system} ${message}`);
    const text = texts[system] ?? (isRefused ? 'connection refused' : message);
    return `dial tcp ${where}: connect: ${text}`;
  }
  if (code === 'broken') return /end|hang up|closed/i.test(message) ? 'EOF' : message;
  return message;
}

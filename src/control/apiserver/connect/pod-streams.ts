import type { WebClient } from '../../../rpc/web-client.js';
import { WebClientError } from '../../../rpc/web-errors.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { badRequest, failure } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import { isTrueParameter } from '../request-info.js';
import { chooseContainer } from './container-choice.js';
import { type ForwardTarget, failureText, forwardUpgrade } from './forward.js';
import type { Kubelets } from './kubelets.js';

/** The streams to pods: what the kubelet calls them, and the kind of their options. */
export const podStreams = {
  exec: { kind: 'PodExecOptions', path: 'exec' },
  attach: { kind: 'PodAttachOptions', path: 'attach' },
  portforward: { kind: 'PodPortForwardOptions', path: 'portForward' },
} as const;
export type PodStream = keyof typeof podStreams;

/** What a request for a stream asks, as admission sees it (v1.PodExecOptions and the like). */
export function streamOptions(stream: PodStream, query: URLSearchParams): Record<string, unknown> {
  if (stream === 'portforward') {
    const ports = query.getAll('ports').map(portOf);
    return ports.length === 0 ? {} : { ports };
  }
  const options: Record<string, unknown> = {};
  for (const name of ['stdin', 'stdout', 'stderr', 'tty'])
    if (isTrueParameter(query.get(name))) options[name] = true;
  const container = query.get('container') ?? '';
  if (container !== '') options.container = container;
  if (stream === 'exec') options.command = query.getAll('command');
  return options;
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^[+-]?\d+$/.test(text) && port === (port | 0)) return port;
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** Opens a stream to a pod by its kubelet, in whatever protocol client and kubelet agree on. */
export async function openPodStream(
  exchange: Exchange,
  stream: PodStream,
  pod: Pod,
  parts: {
    readonly kubelets: Kubelets;
    readonly web: WebClient;
    readonly stopping: AbortSignal;
    readonly options: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  const { namespace, name } = exchange.info;
  const query = kubeletQuery(parts.options);
  let path = `/${podStreams[stream].path}/${namespace}/${name}`;
  if (stream !== 'portforward')
    path += `/${chooseContainer(pod, String(parts.options.container ?? ''))}`;
  const nodeName = pod.spec?.nodeName ?? '';
  if (nodeName === '') throw badRequest(`pod ${name} does not have a host assigned`);
  const backend = await parts.kubelets.backendOf(nodeName);
  if (!exchange.isUpgradable) throw badRequest('Upgrade request required');
  const target: ForwardTarget = { backend, path: query === '' ? path : `${path}?${query}` };
  try {
    await forwardUpgrade(exchange, target, parts);
  } catch (error) {
    if (!(error instanceof WebClientError)) throw error;
    throw failure(500, '', `error dialing backend: ${failureText(error, target)}`);
  }
}

const kubeletNames: Readonly<Record<string, string>> = {
  stdin: 'input',
  stdout: 'output',
  stderr: 'error',
  tty: 'tty',
};

/** The kubelet has names of its own for the same options. */
function kubeletQuery(options: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams();
  for (const [name, of] of Object.entries(kubeletNames))
    if (options[name] === true) query.set(of, '1');
  for (const word of (options.command ?? []) as readonly string[]) query.append('command', word);
  for (const port of (options.ports ?? []) as readonly number[]) query.append('port', String(port));
  return query.toString();
}

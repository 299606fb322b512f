import type { Clock } from '../../../base/clock.js';
import type { LogFiles } from '../../../host/log-files.js';
import type { Pod } from '../../api/gen/core-v1.js';
import type { KubeletView } from '../kubelet-view.js';
import { metricText } from '../usage/metric-text.js';
import { ownMetrics, RequestCounts } from '../usage/own-metrics.js';
import { type KubeletHandler, sendJson, sendText } from './call.js';
import { answerContainerLogs } from './container-logs.js';
import { answerHealth } from './health.js';
import { answerNodeLogs } from './node-logs.js';
import { answerPortForward } from './port-forward.js';
import { answerRun } from './run.js';
import { answerCommand } from './streams.js';
import { UsageAnswers, type UsageParts } from './usage-answers.js';

/** What requests are answered with. */
export interface KubeletRouteParts extends UsageParts {
  readonly view: KubeletView;
  readonly clock: Clock;
  readonly logFiles: LogFiles;
  /** The kubelet's own metrics, in Prometheus' text format. */
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>;
  /** Milliseconds without traffic after which a stream is ended; 0 for never. */
  readonly streamIdleMs: number;
  /** What shows and runs things in containers is served (`enableDebuggingHandlers`). */
  readonly hasDebugging: boolean;
}

/** A path with the methods that it answers. Parts in braces stand for any, `**` for one or more. */
interface Route {
  readonly pattern: string;
  readonly methods: readonly string[];
  readonly handler: KubeletHandler;
  /** Served with debugging handlers alone. */
  readonly isDebugging?: boolean;
}

const get = ['GET', 'HEAD'];
const stream = ['GET', 'POST'];

/** Answers requests by their paths. */
export function kubeletRoutes(parts: KubeletRouteParts): KubeletHandler {
  const counts = new RequestCounts();
  const routes = routesOf(parts, counts);
  return (call) => {
    const found = routes.filter(({ pattern }) => matches(pattern, call.parts));
    const route = found.find(({ methods }) => methods.includes(call.request.method));
    if (found.length === 0) return sendText(call, 404, '404: Page Not Found');
    if (route === undefined) return sendText(call, 405, 'Method Not Allowed');
    if (route.isDebugging === true && !parts.hasDebugging) {
      return sendText(call, 405, 'Debug endpoints are disabled.\n');
    }
    counts.add(call.request.method, route.pattern.split('/{')[0] ?? '');
    return route.handler(call);
  };
}

function routesOf(parts: KubeletRouteParts, counts: RequestCounts): readonly Route[] {
  const { view } = parts;
  const usage = new UsageAnswers(parts);
  const streamParts = { view, clock: parts.clock, idleMs: parts.streamIdleMs };
  const logParts = { view, clock: parts.clock, files: parts.logFiles };
  const shown = (pattern: string, handler: KubeletHandler): Route => ({
    ...{ pattern, methods: get, handler },
  });
  const debugging = (
    pattern: string,
    handler: KubeletHandler,
    methods: readonly string[],
  ): Route => ({ pattern, methods, handler, isDebugging: true });
  const container = '{namespace}/{pod}/{container}';
  const containerByUid = '{namespace}/{pod}/{uid}/{container}';
  const exec: KubeletHandler = (call) => answerCommand(call, 'exec', streamParts);
  const attach: KubeletHandler = (call) => answerCommand(call, 'attach', streamParts);
  const run: KubeletHandler = (call) => answerRun(call, view);
  const logs: KubeletHandler = (call) => answerNodeLogs(call, logParts);
  const forward: KubeletHandler = (call) => answerPortForward(call, streamParts);
  return [
    shown('healthz', (call) => answerHealth(call, view)),
    shown('healthz/{check}', (call) => answerHealth(call, view)),
    shown('pods', (call) => sendJson(call, podList(view.pods()))),
    shown('metrics', async (call) => {
      const { type, text } = await parts.metrics();
      // A runtime that cannot be asked is no reason to say nothing.
      const containers = await view.runtime.listContainers().catch(() => []);
      const own = metricText([...ownMetrics(view.nodeName, containers), counts.family]);
      sendText(call, 200, `${text}${own}`, type);
    }),
    shown('metrics/resource', (call) => usage.resource(call)),
    shown('metrics/cadvisor', (call) => usage.cadvisor(call)),
    shown('metrics/probes', (call) => usage.probes(call)),
    shown('stats/summary', (call) => usage.summary(call)),
    debugging(
      'runningpods',
      async (call) => sendJson(call, podList(await view.runningPods())),
      get,
    ),
    debugging('configz', (call) => sendJson(call, { kubeletconfig: view.configuration() }), get),
    debugging(`containerLogs/${container}`, (call) => answerContainerLogs(call, logParts), get),
    debugging(`exec/${container}`, exec, stream),
    debugging(`exec/${containerByUid}`, exec, stream),
    debugging(`attach/${container}`, attach, stream),
    debugging(`attach/${containerByUid}`, attach, stream),
    debugging(`run/${container}`, run, ['POST']),
    debugging(`run/${containerByUid}`, run, ['POST']),
    debugging('portForward/{namespace}/{pod}', forward, stream),
    debugging('portForward/{namespace}/{pod}/{uid}', forward, stream),
    debugging('logs', logs, get),
    debugging('logs/**', logs, get),
  ];
}

function matches(pattern: string, parts: readonly string[]): boolean {
  const wanted = pattern.split('/');
  const isOpen = wanted.at(-1) === '**';
  if (isOpen) wanted.pop();
  return (
    (isOpen ? wanted.length < parts.length : wanted.length === parts.length) &&
    wanted.every((part, at) => (part.startsWith('{') ? parts[at] !== '' : part === parts[at]))
  );
}

function podList(items: readonly Pod[]) {
  return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items };
}

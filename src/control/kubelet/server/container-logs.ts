import type { Clock } from '../../../base/clock.js';
import type { LogFiles } from '../../../host/log-files.js';
import type { ContainerStatus, Pod } from '../../api/gen/core-v1.js';
import type { FoundContainer, KubeletView } from '../kubelet-view.js';
import { LogQueryError, parseLogQuery } from '../logs/log-query.js';
import { readContainerLog } from '../logs/read-container-log.js';
import { containersOf } from '../pods/container-list.js';
import { type KubeletCall, sendText } from './call.js';

/** What logs are read with. */
export interface LogParts {
  readonly view: KubeletView;
  readonly files: LogFiles;
  readonly clock: Clock;
}

/** GET /containerLogs/NAMESPACE/POD/CONTAINER */
export async function answerContainerLogs(call: KubeletCall, parts: LogParts): Promise<void> {
  const [, namespace = '', name = '', container = ''] = call.parts;
  const { view, files, clock } = parts;
  const pod = view.findPod(namespace, name);
  try {
    const query = parseLogQuery(call.query, clock.wallTime());
    if (pod === null) return sendText(call, 404, `pod ${JSON.stringify(name)} does not exist`);
    if (!containersOf(pod).some((each) => each.name === container)) {
      const text = `container ${JSON.stringify(container)} not found in pod ${JSON.stringify(name)}`;
      return sendText(call, 404, text);
    }
    const uid = pod.metadata.uid ?? '';
    const found = await view.findContainer({ namespace, pod: name, uid, container });
    const source = query.isPrevious ? endedBefore(pod, container, found) : found;
    if (found === null || source === null) {
      return sendText(call, 400, absenceText(pod, container, query.isPrevious));
    }
    const isRunning = () =>
      query.isPrevious ? Promise.resolve(false) : runs(view, found.containerId);
    const log = { files, clock, path: source.logPath, query, isRunning };
    await send(call, readContainerLog(log, call.signal));
  } catch (error) {
    if (!(error instanceof LogQueryError)) throw error;
    sendText(call, error.status, error.message);
  }
}

/** The container that the status calls the last one: while the next is waited for, that is the newest. */
function endedBefore(
  pod: Pod,
  container: string,
  found: FoundContainer | null,
): Pick<FoundContainer, 'logPath'> | null {
  if (found === null) return null;
  const { waiting } = statusOf(pod, container)?.state ?? {};
  return waiting !== undefined && found.state === 'exited' ? found : found.previous;
}

async function send(
  { response, signal }: KubeletCall,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  response.start(200, { 'content-type': 'text/plain; charset=utf-8' });
  for await (const chunk of chunks) {
    await response.write(chunk);
    if (signal.aborted) break;
  }
  response.end();
}

async function runs(view: KubeletView, id: FoundContainer['containerId']): Promise<boolean> {
  try {
    const { state } = await view.runtime.containerStatus(id);
    return state === 'running' || state === 'created';
  } catch {
    // It is gone, or the runtime is: nothing more can be said of it.
    return false;
  }
}

/** Why a container has no log, in the words that `kubectl logs` shows. */
export function absenceText(pod: Pod, container: string, isPrevious: boolean): string {
  const [quoted, name] = [JSON.stringify(container), JSON.stringify(pod.metadata.name ?? '')];
  const status = statusOf(pod, container);
  if (isPrevious) return `previous terminated container ${quoted} in pod ${name} not found`;
  if (status === undefined) return `container ${quoted} in pod ${name} is not available`;
  const { waiting, terminated } = status.state ?? {};
  if (terminated !== undefined) return `container ${quoted} in pod ${name} is terminated`;
  const reason = waiting?.reason ?? '';
  const words = waitingWords[reason] ?? reason;
  return words === ''
    ? `container ${quoted} in pod ${name} is waiting to start - no logs yet`
    : `container ${quoted} in pod ${name} is waiting to start: ${words}`;
}

const waitingWords: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
};

function statusOf({ status }: Pod, container: string): ContainerStatus | undefined {
  const { containerStatuses, initContainerStatuses, ephemeralContainerStatuses } = status ?? {};
  return [containerStatuses, initContainerStatuses, ephemeralContainerStatuses]
    .flatMap((list) => list ?? [])
    .find((each) => each.name === container);
}

import { createHash } from 'node:crypto';
import { parse } from 'yaml';
import { type Clock, sleep } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { NodeFiles } from '../../../host/node-files.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { formatTime } from '../../machinery/time.js';

const annotation = {
  source: 'kubernetes.io/config.source',
  hash: 'kubernetes.io/config.hash',
  seen: 'kubernetes.io/config.seen',
  mirror: 'kubernetes.io/config.mirror',
} as const;

/** What static pods are read with. */
export interface StaticPodsParts {
  readonly files: NodeFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nodeName: string;
  /** A folder or a file. */
  readonly path: string;
  readonly checkMs: number;
  readonly onPods: (pods: readonly Pod[]) => void;
}

/** It is run because a file of the node says so. */
export function isStaticPod({ metadata }: Pod): boolean {
  const source = metadata.annotations?.[annotation.source];
  return source !== undefined && source !== 'api';
}

/** It stands in the API for a static pod. */
export function isMirrorPod({ metadata }: Pod): boolean {
  return metadata.annotations?.[annotation.mirror] !== undefined;
}

/** The pod of the API that shows a static pod. Pure. */
export function mirrorOf(pod: Pod, nodeUid: string): Pod {
  const { name = '', namespace = '', labels, annotations = {} } = pod.metadata;
  const hash = annotations[annotation.hash] ?? '';
  const nodeName = pod.spec?.nodeName ?? '';
  const owner = { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeUid, controller: true };
  return {
    metadata: {
      ...{ name, namespace },
      ...(labels === undefined ? {} : { labels }),
      annotations: { ...annotations, [annotation.mirror]: hash },
      ...(nodeUid === '' ? {} : { ownerReferences: [owner] }),
    },
    ...(pod.spec === undefined ? {} : { spec: pod.spec }),
  };
}

/** The mirror shows this very pod, not an earlier one of the file. Pure. */
export function isMirrorOf(mirror: Pod, pod: Pod): boolean {
  const { annotations = {}, deletionTimestamp } = mirror.metadata;
  const isSame = annotations[annotation.mirror] === pod.metadata.annotations?.[annotation.hash];
  return isSame && deletionTimestamp === undefined;
}

/** Reads the pods in a folder, and again from time to time, until the signal aborts. */
export async function followStaticPods(parts: StaticPodsParts, signal: AbortSignal): Promise<void> {
  const { clock, checkMs, onPods } = parts;
  const seen = new Map<string, string>();
  let before = '';
  while (!signal.aborted) {
    const pods = await readAll(parts, seen);
    const now = pods === null ? before : pods.map(({ metadata }) => metadata.uid).join();
    if (pods !== null && now !== before) onPods(pods);
    before = now;
    await sleep(clock, checkMs, signal).catch(() => {}); // Told to stop.
  }
}

/** Null: they cannot be read now, which is no reason to end those that run. */
async function readAll(parts: StaticPodsParts, seen: Map<string, string>): Promise<Pod[] | null> {
  const { files, path, logger } = parts;
  try {
    const kind = await files.kindOf(path);
    const names = kind === 'directory' ? await files.list(path) : [''];
    const pods = new Map<string, Pod>();
    for (const name of names) {
      if (name.startsWith('.')) continue;
      const file = name === '' ? path : `${path}/${name}`;
      if ((await files.kindOf(file)) !== 'file') continue;
      const pod = staticPod(parts, (await files.readText(file)) ?? '', file, seen);
      if (pod !== null) pods.set(pod.metadata.uid ?? '', pod);
    }
    return [...pods.values()];
  } catch (error) {
    logger.warn('static pods cannot be read', { path, error: String(error) });
    return null;
  }
}

/** Null: the file has no pod in it. */
function staticPod(
  { logger, nodeName, clock }: StaticPodsParts,
  text: string,
  file: string,
  seen: Map<string, string>,
): Pod | null {
  const document = readPod(text);
  const name = document?.metadata?.name ?? '';
  if (document === null || document.kind !== 'Pod' || name === '') {
    logger.warn('a file has no pod in it', { file });
    return null;
  }
  const hash = createHash('sha256').update(`${nodeName}\n${file}\n${text}`).digest('hex');
  const short = hash.slice(0, 32);
  if (!seen.has(short)) seen.set(short, formatTime(clock.wallTime()));
  const { metadata, spec = {} } = document;
  const tolerations = [...(spec.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }];
  return {
    ...document,
    metadata: {
      ...metadata,
      name: `${name}-${nodeName}`,
      namespace: metadata.namespace ?? 'default',
      uid: short,
      annotations: {
        ...metadata.annotations,
        [annotation.source]: 'file',
        [annotation.hash]: short,
        [annotation.seen]: seen.get(short) ?? '',
      },
    },
    spec: {
      terminationGracePeriodSeconds: 30,
      ...spec,
      nodeName,
      tolerations,
      enableServiceLinks: spec.enableServiceLinks ?? true,
    },
    status: { phase: 'Pending' },
  };
}

function readPod(text: string): Pod | null {
  try {
    const document = parse(text) as Pod | null;
    return typeof document === 'object' ? document : null;
  } catch {
    return null;
  }
}

import type { Prng } from '../../../../base/prng.js';
import type { Pod } from '../../../api/gen/core-v1.js';
import type { SimulatedPodSettings } from '../settings.js';

/** What annotations on pods begin with that say how they are simulated. */
export const annotationPrefix = 'simulated.flotilla.dev/';

/** How the containers of one pod behave. Times are milliseconds. */
export interface PodBehaviour {
  readonly startMs: number;
  readonly initMs: number;
  readonly readyMs: number;
  /** Null: until the pod is deleted. */
  readonly runMs: number | null;
  /** Of the containers when they end by themselves. */
  readonly exitCode: number;
  readonly stopMs: number;
  /** The reason for which the node refuses the pod; null: it takes it. */
  readonly failReason: string | null;
  /** False: running containers are held unready. */
  readonly mayBeReady: boolean;
  readonly backoffMs: number;
  readonly backoffMsMax: number;
}

/** The settings as a pod's annotations change them. What cannot be read there is as if it were not there. */
export function behaviourOf(pod: Pod, settings: SimulatedPodSettings, prng: Prng): PodBehaviour {
  const { annotations = {} } = pod.metadata;
  const text = (name: string) => annotations[`${annotationPrefix}${name}`];
  const amount = (name: string) => numberIn(text(name));
  const stays = (pod.spec?.restartPolicy ?? 'Always') === 'Always';
  const jitter = 1 + settings.startJitter * (2 * prng.float() - 1);
  const runSeconds = amount('run-seconds');
  return {
    startMs: amount('start-ms') ?? Math.round(settings.startMs * jitter),
    initMs: settings.initMs,
    readyMs: amount('ready-ms') ?? settings.readyMs,
    runMs: runSeconds === null ? (stays ? null : settings.runMs) : runSeconds * 1000,
    exitCode: amount('exit-code') ?? (prng.chance(settings.failureRate) ? 1 : 0),
    stopMs: amount('stop-ms') ?? settings.stopMs,
    failReason: text('fail') ?? null,
    mayBeReady: text('ready') !== 'false',
    backoffMs: settings.backoffMs,
    backoffMsMax: settings.backoffMsMax,
  };
}

function numberIn(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,9}(\.\d{1,3})?$/.test(text) ? Number(text) : null;
}

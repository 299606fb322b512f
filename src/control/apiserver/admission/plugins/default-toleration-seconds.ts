import type { Toleration } from '../../../api/gen/core-v1.js';
import type { AdmissionPlugin } from '../../contracts.js';
import { definePlugin } from '../plugin.js';
import { podOf, specOf } from '../pod-parts.js';

/** Flags --default-not-ready-toleration-seconds and --default-unreachable-toleration-seconds. */
export interface TolerationSecondsOptions {
  readonly notReadySeconds: number;
  readonly unreachableSeconds: number;
}

const notReadyKey = 'node.kubernetes.io/not-ready';
const unreachableKey = 'node.kubernetes.io/unreachable';

/** Lets every pod stay for a while on a node that is not ready or out of reach, unless it says for how long itself. */
export function defaultTolerationSeconds(options: TolerationSecondsOptions): AdmissionPlugin {
  return definePlugin('DefaultTolerationSeconds', ['CREATE', 'UPDATE'], {
    mutate(request) {
      const pod = podOf(request);
      if (pod === null) return;
      const spec = specOf(pod);
      const tolerations = spec.tolerations ?? [];
      const added: Toleration[] = [];
      const add = (key: string, tolerationSeconds: number) => {
        if (!tolerations.some((toleration) => tolerates(toleration, key)))
          added.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds });
      };
      add(notReadyKey, options.notReadySeconds);
      add(unreachableKey, options.unreachableSeconds);
      if (added.length > 0) spec.tolerations = [...tolerations, ...added];
    },
  });
}

function tolerates({ key = '', effect = '' }: Toleration, taintKey: string): boolean {
  return (key === taintKey || key === '') && (effect === 'NoExecute' || effect === '');
}

import type { Clock } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import { dayOf, type NoteTokenUse } from '../authentication/service-account/legacy-token.js';
import type { ServerWrites } from '../registry/server-writes.js';
import type { BootstrapStep } from './bootstrap.js';

const configMaps = { group: '', resource: 'configmaps' };
const secrets = { group: '', resource: 'secrets' };

/** Says since when the use of tokens in secrets is noted: who cleans up waits as long before he takes one for unused. */
export function legacyTokenTrackingStep(writes: ServerWrites, clock: Clock): BootstrapStep {
  return {
    name: 'start-legacy-token-tracking-controller',
    run: () =>
      writes.ensure(configMaps, 'kube-system', {
        ...{ apiVersion: 'v1', kind: 'ConfigMap' },
        metadata: { name: 'kube-apiserver-legacy-service-account-token-tracking' },
        ...{ data: { since: dayOf(clock.wallTime()) } },
      }),
  };
}

/** Writes the labels of used tokens into their secrets, one write a secret at a time. What fails is tried at the next use. */
export function noteTokenUses(
  writes: ServerWrites,
  { logger }: { readonly logger: Logger },
): NoteTokenUse {
  const running = new Set<string>();
  return ({ metadata: { namespace = '', name = '', uid } }, labels) => {
    const key = `${namespace}/${name}`;
    if (running.has(key)) return;
    running.add(key);
    void writes
      .update({ resource: secrets, namespace, name }, (current) =>
        current.metadata.uid === uid
          ? {
              ...current,
              metadata: { ...current.metadata, labels: { ...current.metadata.labels, ...labels } },
            }
          : current,
      )
      .catch((error: unknown) => {
        logger.warn('the use of a token could not be noted', {
          ...{ secret: key, error: error instanceof Error ? error.message : String(error) },
        });
      })
      .finally(() => running.delete(key));
  };
}

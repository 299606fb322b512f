import type { Test } from 'tap';
import { resources } from '../../../../src/control/client/index.js';
import { hostPathClass, pod } from '../manifests.js';
import type { Place } from '../place.js';
import { areServing } from '../pod-views.js';
import type { Scenario } from '../scenario.js';

/** Claims and volumes. */
export const storageScenarios: readonly Scenario[] = [
  {
    name: 'claims',
    title: 'a claim waits for its pod, gets a volume, and is held while it is used',
    run: bindsClaim,
  },
];

async function bindsClaim(t: Test, place: Place): Promise<void> {
  const storageClassName = 'host-path-claims';
  await place.apply(hostPathClass(storageClassName), {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data' },
    spec: {
      ...{ accessModes: ['ReadWriteOnce'], storageClassName },
      resources: { requests: { storage: '1Gi' } },
    },
  });
  const waiting = await place.untilPrinted('describe pvc data', /WaitForFirstConsumer/);
  t.match(waiting, 'waiting for first consumer to be created before binding');
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
  await place.apply(pod('user', { spec: { volumes } }));
  await place.untilPods('its pod runs', areServing(1));
  t.match(await place.kubectl('get pvc data'), /data +Bound +pvc-[0-9a-f-]+ +1Gi +RWO/);
  const volume = (await place.get(resources.persistentVolumeClaims, 'data')).spec?.volumeName ?? '';

  await place.kubectl('delete pvc data --wait=false');
  t.match(await place.kubectl('get pvc data'), /data +Terminating/);
  const { metadata } = await place.get(resources.persistentVolumeClaims, 'data');
  t.same(metadata?.finalizers, ['kubernetes.io/pvc-protection']);
  await place.kubectl('delete pod user');
  await place.kubectl('wait --for=delete pvc/data --timeout=180s');
  await place.kubectl(`wait --for=delete pv/${volume} --timeout=180s`);
}

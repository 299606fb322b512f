import type { Test } from 'tap';
import type { StatefulSet } from '../../../../src/control/api/gen/apps-v1.js';
import { resources } from '../../../../src/control/client/index.js';
import { hostPathClass, template } from '../manifests.js';
import type { Place } from '../place.js';
import { areServing, imageOf, isServing, nameOf } from '../pod-views.js';
import type { Scenario } from '../scenario.js';
import { PodWatch } from '../watch-pods.js';

/** StatefulSets: one after the other, and what becomes of their claims. */
export const statefulSetScenarios: readonly Scenario[] = [
  {
    name: 'stateful',
    title: 'pods of a StatefulSet come, change and go in order; claims as their policy says',
    run: keepsOrder,
  },
];

const storageClass = 'host-path-stateful';

function database(): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db' },
    spec: {
      serviceName: 'db',
      replicas: 3,
      selector: { matchLabels: { app: 'db' } },
      template: template('db', { annotations: { 'simulated.flotilla.dev/ready-ms': '200' } }),
      persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Retain' },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: {
            accessModes: ['ReadWriteOnce'],
            storageClassName: storageClass,
            resources: { requests: { storage: '1Gi' } },
          },
        },
      ],
    },
  };
}

async function keepsOrder(t: Test, place: Place): Promise<void> {
  const outOfOrder: string[] = [];
  const changes: string[] = [];
  const watch = await PodWatch.start(place, (pods, changed) => {
    const serving = new Set(pods.filter(isServing).map(nameOf));
    const ordinal = Number(nameOf(changed).slice('db-'.length));
    const isNew =
      changed.spec?.nodeName === undefined && changed.metadata?.deletionTimestamp === undefined;
    if (isNew && changed.status?.conditions === undefined) {
      changes.push(`+${ordinal}`);
      for (let below = 0; below < ordinal; below++) {
        if (!serving.has(`db-${below}`)) outOfOrder.push(`db-${ordinal} before db-${below}`);
      }
    }
    if (changed.metadata?.deletionTimestamp !== undefined && changes.at(-1) !== `-${ordinal}`) {
      changes.push(`-${ordinal}`);
    }
  });
  await place.apply(hostPathClass(storageClass), database());
  t.match(
    await place.kubectl('rollout status statefulset/db --timeout=180s'),
    'partitioned roll out complete: 3 new pods have been updated...',
  );
  await watch.caughtUp();
  t.same(outOfOrder, []);
  t.same(changes, ['+0', '+1', '+2']);
  t.match(await place.kubectl('get statefulset db'), /db +3\/3/);
  t.same(await claims(place), ['data-db-0', 'data-db-1', 'data-db-2']);

  await changesByPartition(t, place, { watch, changes });
  t.same(outOfOrder, []);

  changes.length = 0;
  await place.kubectl('scale statefulset db --replicas=1');
  await place.untilPods('one pod', areServing(1));
  await watch.caughtUp();
  t.same(changes, ['-2', '-1']);
  await place.until('one claim', async () => (await claims(place)).join() === 'data-db-0');
  await watch.stop();
  await place.kubectl('delete statefulset db');
  await place.untilPods('no pods', (pods) => pods.length === 0);
  t.same(await claims(place), ['data-db-0'], 'claims stay when the set goes');
}

async function changesByPartition(
  t: Test,
  place: Place,
  { watch, changes }: { readonly watch: PodWatch; readonly changes: string[] },
): Promise<void> {
  changes.length = 0;
  const partition = (ordinal: number) =>
    `patch statefulset db -p '{"spec":{"updateStrategy":{"rollingUpdate":{"partition":${ordinal}}}}}'`;
  await place.kubectl(partition(2));
  await place.kubectl('set image statefulset/db main=main:2');
  t.match(
    await place.kubectl('rollout status statefulset/db --timeout=180s'),
    'partitioned roll out complete: 1 new pods have been updated...',
  );
  t.same((await place.pods()).map(imageOf), ['main:1', 'main:1', 'main:2']);
  await place.kubectl(partition(0));
  await place.kubectl('rollout status statefulset/db --timeout=180s');
  t.same((await place.pods()).map(imageOf), ['main:2', 'main:2', 'main:2']);
  await watch.caughtUp();
  t.same(changes, ['-2', '+2', '-1', '+1', '-0', '+0']);
  await place.kubectl('rollout undo statefulset/db');
  await place.untilPods(
    'the former pods',
    (pods) => areServing(3)(pods) && pods.every((pod) => imageOf(pod) === 'main:1'),
  );
}

async function claims(place: Place): Promise<readonly string[]> {
  return (await place.list(resources.persistentVolumeClaims)).map(nameOf);
}

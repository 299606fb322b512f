import type { Test } from 'tap';
import { resources } from '../../../../src/control/client/index.js';
import { deployment } from '../manifests.js';
import type { Place } from '../place.js';
import { areServing, imageOf, isServing, isThere } from '../pod-views.js';
import type { Scenario } from '../scenario.js';
import { PodWatch } from '../watch-pods.js';

/** Deployments: rollouts in all ways that kubectl has. */
export const deploymentScenarios: readonly Scenario[] = [
  {
    name: 'rollout',
    title: 'a deployment is rolled out, changed, undone, paused, resumed and restarted',
    run: rollout,
  },
  {
    name: 'surge',
    title: 'neither a rollout nor scaling in its middle leaves the bounds of surge and unavailable',
    run: staysInBounds,
  },
  {
    name: 'deadline',
    title: 'a rollout that gets nowhere is told of, and undone',
    run: exceedsDeadline,
  },
  {
    name: 'recreate',
    title: 'Recreate never has pods of two templates',
    run: recreates,
  },
];

async function rollout(t: Test, place: Place): Promise<void> {
  await place.kubectl('create deployment web --image=web:1 --replicas=3');
  const done = 'deployment "web" successfully rolled out';
  t.match(await place.kubectl('rollout status deployment/web --timeout=180s'), done);
  t.match(await place.kubectl('get deployment web'), /web +3\/3 +3 +3 +\S+$/);
  const first = (await place.list(resources.replicaSets))[0]?.metadata?.name ?? '';

  await place.kubectl('annotate deployment web kubernetes.io/change-cause=one');
  await place.kubectl('set image deployment/web web=web:2');
  await place.kubectl('annotate deployment web kubernetes.io/change-cause=two');
  t.match(await place.kubectl('rollout status deployment/web --timeout=180s'), done);
  await place.untilPrinted('rollout history deployment/web', /1 +one\n2 +two/);
  t.match(await place.kubectl('rollout history deployment/web --revision=1'), /Image:\s+web:1/);

  t.match(await place.kubectl('rollout undo deployment/web'), 'deployment.apps/web rolled back');
  t.match(await place.kubectl('rollout status deployment/web --timeout=180s'), done);
  const { metadata } = await place.get(resources.deployments, 'web');
  t.equal(metadata?.annotations?.['deployment.kubernetes.io/revision'], '3');
  const sets = await place.list(resources.replicaSets);
  t.same(
    sets.map(({ metadata, spec }) => [metadata?.name === first, spec?.replicas]).sort(),
    [
      [false, 0],
      [true, 3],
    ],
    'the first set is used again',
  );
  await pauses(t, place);

  await place.kubectl('rollout restart deployment/web');
  t.match(await place.kubectl('rollout status deployment/web --timeout=180s'), done);
  const pods = await place.untilPods('the restarted pods', areServing(3));
  for (const { metadata } of pods) {
    t.ok(metadata?.annotations?.['kubectl.kubernetes.io/restartedAt'], `${metadata?.name}`);
  }
  await place.kubectl('scale deployment/web --replicas=1');
  await place.untilPods('one pod', areServing(1));
  await place.untilPrinted('describe deployment web', /ScalingReplicaSet/);
}

async function pauses(t: Test, place: Place): Promise<void> {
  await place.kubectl('rollout pause deployment/web');
  const before = (await place.list(resources.replicaSets)).length;
  await place.kubectl('set image deployment/web web=web:3');
  await place.kubectl('set resources deployment/web --requests=cpu=10m');
  const { status } = await place.until('the paused change is seen', async () => {
    const found = await place.get(resources.deployments, 'web');
    const isSeen = found.status?.observedGeneration === found.metadata?.generation;
    return isSeen ? found : null;
  });
  t.equal(status?.updatedReplicas ?? 0, 0);
  t.equal((await place.list(resources.replicaSets)).length, before, 'no set while it is paused');
  const undo = await place.tryKubectl('rollout undo deployment/web');
  t.equal(undo.code, 1);
  t.match(undo.text, /cannot rollback a paused deployment/);
  await place.kubectl('rollout resume deployment/web');
  await place.kubectl('rollout status deployment/web --timeout=180s');
  const images = (await place.pods()).filter(isThere).map(imageOf);
  t.same(new Set(images), new Set(['web:3']));
}

async function staysInBounds(t: Test, place: Place): Promise<void> {
  const annotations = { 'simulated.flotilla.dev/ready-ms': '300' };
  const more = {
    minReadySeconds: 0,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2, maxUnavailable: 1 } },
  };
  await place.apply(deployment('web', 6, { annotations, more }));
  await place.kubectl('rollout status deployment/web --timeout=180s');
  let most = 0;
  let least = Number.POSITIVE_INFINITY;
  let isGrowing = false;
  const watch = await PodWatch.start(place, (pods) => {
    most = Math.max(most, pods.filter(isThere).length);
    if (!isGrowing) least = Math.min(least, pods.filter(isServing).length);
  });
  await place.kubectl('set image deployment/web main=main:2');
  await place.until('the rollout is in its middle', async () => {
    const { status } = await place.get(resources.deployments, 'web');
    return (status?.updatedReplicas ?? 0) >= 2;
  });
  t.ok(most <= 8, `${most} pods, of 8`);
  t.ok(least >= 5, `${least} serving, of 5`);
  isGrowing = true;
  await place.kubectl('scale deployment/web --replicas=10');
  await place.kubectl('rollout status deployment/web --timeout=180s');
  await place.untilPods('the ten pods', areServing(10));
  await watch.stop();
  t.ok(most > 6 && most <= 12, `${most} pods, of 12`);
  const sets = await place.list(resources.replicaSets);
  t.same(sets.map(({ spec }) => spec?.replicas).sort(), [0, 10]);
}

async function exceedsDeadline(t: Test, place: Place): Promise<void> {
  await place.apply(deployment('stuck', 2));
  await place.kubectl('rollout status deployment/stuck --timeout=180s');
  const change = (spec: object) =>
    place.kubectl(`patch deployment stuck -p '${JSON.stringify({ spec })}'`);
  const annotations = { 'simulated.flotilla.dev/ready': 'false' };
  await change({ template: { metadata: { annotations } } });
  await place.untilPrinted(
    'rollout status deployment/stuck --watch=false',
    /Waiting for deployment "stuck" rollout to finish: \d /,
  );
  await change({ progressDeadlineSeconds: 2 });
  const { text, code } = await place.tryKubectl('rollout status deployment/stuck --timeout=180s');
  t.equal(code, 1);
  t.match(text, /error: deployment "stuck" exceeded its progress deadline/);
  const { status } = await place.get(resources.deployments, 'stuck');
  t.match(
    status?.conditions?.find(({ type }) => type === 'Progressing'),
    {
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: /^ReplicaSet "stuck-\w+" has timed out progressing\.$/,
    },
  );
  t.equal(status?.availableReplicas, 2, 'the former pods serve on');
  await place.kubectl('rollout undo deployment/stuck');
  await place.kubectl('wait deployment/stuck --for=condition=Progressing --timeout=180s');
  await place.untilPods('the former pods', areServing(2));
}

async function recreates(t: Test, place: Place): Promise<void> {
  await place.apply(deployment('web', 3, { more: { strategy: { type: 'Recreate' } } }));
  await place.kubectl('rollout status deployment/web --timeout=180s');
  let templatesMost = 0;
  const watch = await PodWatch.start(place, (pods) => {
    const running = pods.filter(({ status }) => status?.phase !== 'Succeeded');
    const images = running.map(imageOf);
    templatesMost = Math.max(templatesMost, new Set(images).size);
  });
  await place.kubectl('set image deployment/web main=main:2');
  await place.kubectl('rollout status deployment/web --timeout=180s');
  await watch.stop();
  t.equal(templatesMost, 1);
  const pods = await place.untilPods('the new pods', areServing(3));
  t.same(new Set(pods.map(imageOf)), new Set(['main:2']));
}

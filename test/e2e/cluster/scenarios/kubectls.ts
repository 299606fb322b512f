import type { Test } from 'tap';
import { foundKubectls, type Kubectl } from '../../kubectl/kubectls.js';
import { deployment, hostPathClass, inPool, template } from '../manifests.js';
import type { Place } from '../place.js';
import { areServing, nameOf } from '../pod-views.js';
import { pools } from '../pools.js';
import type { Scenario } from '../scenario.js';

/** What each kubectl does, old and new, and what they tell of what has happened. */
export const kubectlScenarios: readonly Scenario[] = [
  {
    name: 'kubectls',
    title: 'every kubectl rolls out, cordons, taints and drains',
    run: everyKubectl,
  },
  {
    name: 'events',
    title: 'describe tells what controllers, the scheduler and nodes have done',
    run: tellsEvents,
  },
];

async function everyKubectl(t: Test, place: Place): Promise<void> {
  for (const kubectl of foundKubectls()) {
    await t.test(kubectl.version, (t) => oneKubectl(t, place.with(kubectl), kubectl));
  }
}

async function oneKubectl(t: Test, place: Place, { version }: Kubectl): Promise<void> {
  const name = `web-${version.replace('.', '-')}`;
  const [node] = pools.kubectls;
  await place.apply(deployment(name, 2, { spec: inPool('kubectls') }));
  const status = `rollout status deployment/${name} --timeout=180s`;
  t.match(await place.kubectl(status), `deployment "${name}" successfully rolled out`);
  t.equal(
    await place.kubectl(`set image deployment/${name} main=main:2`),
    `deployment.apps/${name} image updated`,
  );
  await place.kubectl(status);
  t.match(await place.kubectl(`rollout history deployment/${name}`), /1 +<none>\n2 +<none>/);
  await place.kubectl(`rollout undo deployment/${name}`);
  await place.kubectl(status);
  t.match(await place.kubectl(`scale deployment ${name} --replicas=1`), 'scaled');
  const [pod] = await place.untilPods('one pod', areServing(1), `app=${name}`);

  t.equal(await place.kubectl(`cordon ${node}`), `node/${node} cordoned`);
  t.equal(await place.kubectl(`uncordon ${node}`), `node/${node} uncordoned`);
  await place.kubectl(`taint node ${node} example.com/busy=yes:PreferNoSchedule`);
  t.match(await place.kubectl(`describe node ${node}`), /example\.com\/busy=yes:PreferNoSchedule/);
  t.equal(await place.kubectl(`taint node ${node} example.com/busy-`), `node/${node} untainted`);
  const drained = await place.kubectl(`drain ${node} --ignore-daemonsets --timeout=180s`);
  t.match(drained, `pod/${nameOf(pod ?? {})} evicted`);
  t.match(drained, `node/${node} drained`);
  await place.kubectl(`uncordon ${node}`);
  await place.untilPods('another pod', areServing(1), `app=${name}`);
  t.match(await place.kubectl(`delete deployment ${name}`), `deployment.apps "${name}" deleted`);
}

/** What is described, and lines of its events: reason, who says so, and what. */
const told: readonly (readonly [what: string, from: string, events: readonly string[]])[] = [
  [
    'deployment web',
    'deployment-controller',
    ['ScalingReplicaSet +.* +Scaled up replica set web-[a-z0-9]+ from 0 to 1'],
  ],
  ['replicaset -l app=web', 'replicaset-controller', ['SuccessfulCreate +.* +Created pod: web-']],
  [
    'pod -l app=web',
    'default-scheduler',
    ['Scheduled +.* +Successfully assigned events/web-[a-z0-9-]+ to node-\\d+'],
  ],
  [
    'pod -l app=web',
    'kubelet',
    [
      'Pulled +.* +(spec\\.containers\\{main\\}: )?Container image "main:1" already present on machine',
      'Started +.* +(spec\\.containers\\{main\\}: )?Container started',
    ],
  ],
  [
    'statefulset db',
    'statefulset-controller',
    [
      'SuccessfulCreate +.* +create Claim data-db-0 Pod db-0 in StatefulSet db success',
      'SuccessfulCreate +.* +create Pod db-0 in StatefulSet db successful',
    ],
  ],
  [
    'pvc unused',
    'persistentvolume-controller',
    ['WaitForFirstConsumer +.* +waiting for first consumer to be created before binding'],
  ],
  ['daemonset agent', 'daemonset-controller', ['SuccessfulCreate +.* +Created pod: agent-']],
  [
    'job once',
    'job-controller',
    ['SuccessfulCreate +.* +Created pod: once-', 'Completed +.* +Job completed'],
  ],
  [
    'node node-1',
    'node-controller',
    ['RegisteredNode +.* +Node node-1 event: Registered Node node-1 in Controller'],
  ],
  ['pdb nobody', 'controllermanager', ['NoPods +.* +No matching pods found']],
];

async function tellsEvents(t: Test, place: Place): Promise<void> {
  const storageClassName = 'host-path-events';
  const claim = {
    ...{ accessModes: ['ReadWriteOnce'], storageClassName },
    resources: { requests: { storage: '1Gi' } },
  };
  await place.apply(
    hostPathClass(storageClassName),
    deployment('web', 1),
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db' },
      spec: {
        ...{ serviceName: 'db', replicas: 1 },
        selector: { matchLabels: { app: 'db' } },
        template: template('db'),
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: claim,
          },
        ],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'agent' },
      spec: { selector: { matchLabels: { app: 'agent' } }, template: template('agent') },
    },
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'once' },
      spec: { template: template('once', { spec: { restartPolicy: 'Never' } }) },
    },
    {
      // No pod takes it: of one that has a pod at once, nobody need have seen it wait.
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'unused' },
      spec: claim,
    },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'nobody' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'nobody' } } },
    },
  );
  await place.kubectl('wait --for=condition=complete job/once --timeout=180s');
  await place.kubectl('rollout status statefulset/db --timeout=180s');
  for (const [what, from, events] of told) {
    for (const event of events) {
      const [before = '', after = ''] = event.split('.*');
      const line = new RegExp(`(Normal|Warning) +${before}\\S+( \\(.*\\))? +${from}${after}`);
      t.match(await place.untilPrinted(`describe ${what}`, line), line, `${what}: ${event}`);
    }
  }
}

import t, { type Test } from 'tap';
import type { TestEnv } from '../../../../src/cmd/testenv/start-test-env.js';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { resources } from '../../../../src/control/client/index.js';
import { attachmentName } from '../../../../src/control/controllers/attach-detach/attachment.js';
import { attachDetachDefinition } from '../../../../src/control/controllers/attach-detach/definition.js';
import { resourceClaimDefinition } from '../../../../src/control/controllers/resource-claim/definition.js';
import { eventually, startControllers, testEnv } from '../cluster-env.js';

const namespace = 'default';

t.test('attach-detach and resource claims: against an API server', async (t) => {
  const env = await testEnv(t);
  startControllers(t, env, [attachDetachDefinition, resourceClaimDefinition]);
  const accounts = env.client.objects(resources.serviceAccounts);
  const look = async () => (await accounts.list({ namespace })).items.length;
  await eventually('pods can be made', look, (count) => count > 0);
  await t.test('a volume is attached to the node of its pod, then to another', (t) => {
    return attaches(t, env);
  });
  await t.test('a pod gets a claim of its template, which goes with it', (t) => claims(t, env));
});

function podOf(name: string, spec: Partial<NonNullable<Pod['spec']>>): Pod {
  const containers = [{ name: 'main', image: 'web' }];
  return { metadata: { name, namespace }, spec: { containers, ...spec } };
}

async function attaches(t: Test, { client }: TestEnv): Promise<void> {
  const pods = client.objects(resources.pods);
  const nodes = client.objects(resources.nodes);
  const attachments = client.objects(resources.volumeAttachments);
  for (const name of ['node-0', 'node-1']) await nodes.create({ metadata: { name } });
  const volume = await client.objects(resources.persistentVolumes).create({
    metadata: { name: 'disk' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      csi: { driver: 'csi.test', volumeHandle: 'h-1' },
      claimRef: { namespace, name: 'data' },
    },
  });
  await client.objects(resources.persistentVolumeClaims).create({
    metadata: { name: 'data', namespace },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName: '',
      volumeName: volume.metadata.name ?? '',
    },
  });
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
  await pods.create(podOf('first', { nodeName: 'node-0', volumes }));
  const list = async () => (await attachments.list()).items;
  const [made] = await eventually('it is to be attached', list, ({ length }) => length === 1);
  const name = attachmentName('h-1', 'csi.test', 'node-0');
  t.match(made, {
    metadata: { name },
    spec: {
      attacher: 'csi.test',
      nodeName: 'node-0',
      source: { persistentVolumeName: 'disk' },
    },
  });
  const attached = async (node: string) =>
    ((await nodes.get({ name: node })).status?.volumesAttached ?? []).map((each) => each.name);
  t.same(await attached('node-0'), [], 'not before the driver has done it');
  // As the driver does.
  const done = { status: { attached: true } };
  await attachments.patch({ name }, 'merge', done, { subresource: 'status' });
  const onFirst = () => attached('node-0');
  await eventually('the node says so', onFirst, (names) => names.length === 1);
  t.same(await onFirst(), ['kubernetes.io/csi/csi.test^h-1']);
  await pods.create(podOf('second', { nodeName: 'node-1', volumes }));
  const events = client.objects(resources.events);
  const told = async () => (await events.list({ namespace })).items.map(({ reason }) => reason);
  await eventually('the other node cannot have it', told, (reasons) => {
    return reasons.includes('FailedAttachVolume') && reasons.includes('SuccessfulAttachVolume');
  });
  const inUse = { status: { volumesInUse: ['kubernetes.io/csi/csi.test^h-1'] } };
  await nodes.patch({ name: 'node-0' }, 'merge', inUse, { subresource: 'status' });
  await pods.delete({ namespace, name: 'first' }, { gracePeriodSeconds: 0 });
  t.equal((await list()).length, 1, 'the node has it mounted still');
  const free = { status: { volumesInUse: null } };
  await nodes.patch({ name: 'node-0' }, 'merge', free, { subresource: 'status' });
  const names = async () => (await list()).map((each) => each.spec?.nodeName);
  await eventually('the other node gets it', names, (each) => each.join() === 'node-1');
  t.same(await onFirst(), [], 'the first does not say that it has it any more');
}

async function claims(t: Test, { client }: TestEnv): Promise<void> {
  const pods = client.objects(resources.pods);
  const objects = client.objects(resources.resourceClaims);
  const resourceClaims = [{ name: 'gpu', resourceClaimTemplateName: 'one-gpu' }];
  const spec = { nodeName: 'node-0', resourceClaims, restartPolicy: 'Never' };
  const pod = await pods.create(podOf('worker', spec));
  const events = client.objects(resources.events);
  const told = async () => (await events.list({ namespace })).items.map(({ reason }) => reason);
  await eventually('there is no template', told, (reasons) => {
    return reasons.includes('FailedResourceClaimCreation');
  });
  const requests = [{ name: 'r', exactly: { deviceClassName: 'gpu.test' } }];
  await client.objects(resources.resourceClaimTemplates).create({
    metadata: { name: 'one-gpu', namespace },
    spec: { metadata: { labels: { app: 'web' } }, spec: { devices: { requests } } },
  });
  const look = () => pods.get({ namespace, name: 'worker' });
  const { status } = await eventually('the pod has its claim', look, (found) => {
    return found.status?.resourceClaimStatuses?.length === 1;
  });
  const name = status?.resourceClaimStatuses?.[0]?.resourceClaimName ?? '';
  const claim = await objects.get({ namespace, name });
  t.match(name, /^worker-gpu-/);
  t.match(claim.metadata, {
    labels: { app: 'web' },
    annotations: { 'resource.kubernetes.io/pod-claim-name': 'gpu' },
    ownerReferences: [{ kind: 'Pod', uid: pod.metadata.uid }],
  });
  // As the scheduler does.
  const finalizers = ['resource.kubernetes.io/delete-protection'];
  await objects.patch({ namespace, name }, 'merge', { metadata: { finalizers } });
  const results = [{ request: 'r', driver: 'gpu.test', pool: 'p', device: 'd' }];
  const allocation = { devices: { results } };
  await objects.patch(
    { namespace, name },
    'merge',
    { status: { allocation } },
    { subresource: 'status' },
  );
  const get = () => objects.get({ namespace, name });
  await eventually('it is the pod’s, who runs already', get, (found) => {
    return found.status?.reservedFor?.[0]?.uid === pod.metadata.uid;
  });
  const over = { status: { phase: 'Succeeded' } };
  await pods.patch({ namespace, name: 'worker' }, 'merge', over, { subresource: 'status' });
  const left = async () => (await objects.list({ namespace })).items.length;
  await eventually('it goes when the pod is done', left, (count) => count === 0);
}

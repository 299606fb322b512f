import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { silentLogger } from '../../../../src/base/logger.js';
import { resources } from '../../../../src/control/client/index.js';
import { hostPathCleanerDefinition } from '../../../../src/control/controllers/host-path-cleaner/definition.js';
import { volumeBinderDefinition } from '../../../../src/control/controllers/persistent-volume-binder/definition.js';
import { isNotFound } from '../../../../src/control/controllers/runtime/write-failures.js';
import {
  claimProtectionDefinition,
  volumeProtectionDefinition,
} from '../../../../src/control/controllers/storage-protection/definition.js';
import { HostPathFolders } from '../../../../src/control/kubelet/upkeep/host-path-folders.js';
import { hostNodeFiles } from '../../../../src/host/node-files.js';
import { eventually, startControllers, testEnv } from '../cluster-env.js';

const namespace = 'default';

t.test('a deleted claim takes its folder with it, and nothing else', async (t) => {
  const env = await testEnv(t);
  const top = t.testdir({ volumes: {}, precious: { 'file.txt': 'kept' } });
  const path = join(top, 'volumes');
  const flags = new Map([['enable-hostpath-provisioner', true]]);
  const protections = [claimProtectionDefinition, volumeProtectionDefinition];
  startControllers(
    t,
    env,
    [volumeBinderDefinition, hostPathCleanerDefinition, ...protections],
    flags,
  );
  const nodes = env.client.objects(resources.nodes);
  const volumes = env.client.objects(resources.persistentVolumes);
  const claims = env.client.objects(resources.persistentVolumeClaims);
  await nodes.create({ metadata: { name: 'node', labels: { 'kubernetes.io/hostname': 'node' } } });
  const kubelet = new HostPathFolders({
    ...{ client: env.client, files: hostNodeFiles, logger: silentLogger, folders: [path] },
  });
  const tend = async () => {
    const node = await nodes.get({ name: 'node' });
    kubelet.look(node);
    await kubelet.idle();
    return node;
  };
  await tend();
  await env.client.objects(resources.storageClasses).create({
    metadata: { name: 'host-path' },
    ...{ provisioner: 'flotilla.dev/host-path', parameters: { path } },
  });
  await claims.create({
    metadata: { name: 'data', namespace },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName: 'host-path',
    },
  });
  const bound = await eventually(
    'the claim is bound',
    () => claims.get({ namespace, name: 'data' }),
    ({ status }) => status?.phase === 'Bound',
  );
  const name = bound.spec?.volumeName ?? '';
  const held = await eventually(
    'the volume is held',
    () => volumes.get({ name }),
    ({ metadata }) => metadata.finalizers?.includes('flotilla.dev/host-path') === true,
  );
  const folder = held.spec?.hostPath?.path ?? '';
  mkdirSync(join(folder, 'deep'), { recursive: true });
  writeFileSync(join(folder, 'deep', 'file.txt'), 'of the claim');

  await claims.delete({ namespace, name: 'data' });
  await eventually(
    'the node is asked',
    () => nodes.get({ name: 'node' }),
    ({ metadata }) =>
      Object.keys(metadata.annotations ?? {}).some((key) => key.endsWith(`/${name}`)),
  );
  t.ok(existsSync(folder), 'the kubelet has not looked yet');
  t.ok((await volumes.get({ name })).metadata.deletionTimestamp, 'and the volume waits for it');
  await tend();
  t.notOk(existsSync(folder));
  t.ok(existsSync(path));
  // It may be asked again, when what was written of the volume came too late; a kubelet looks at each change of its node.
  const gone = async () => {
    await tend();
    return volumes.get({ name }).then(
      () => false,
      (error: unknown) => isNotFound(error),
    );
  };
  await eventually('the volume is gone', gone, (isGone) => isGone);

  await nodes.patch({ name: 'node' }, 'merge', {
    metadata: {
      annotations: {
        'remove.host-path.flotilla.dev/precious': join(top, 'precious'),
        [`remove.host-path.flotilla.dev/${name}`]: join(top, 'precious'),
      },
    },
  });
  await tend();
  const { metadata } = await nodes.get({ name: 'node' });
  t.same(metadata.annotations, { 'flotilla.dev/host-path-folders': path }, 'asked in vain');
  t.ok(existsSync(join(top, 'precious', 'file.txt')));
});

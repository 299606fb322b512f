import t from 'tap';
import { baseImageName } from '../../../../../src/control/kubelet/runtime/images/build/index.js';
import { skipBecause } from '../../../../e2e/project.js';
import { runtimeContract } from '../contract.js';
import { Containerd, lacksContainerd } from './containerd.js';
import { openCriRuntime } from './open-cri-runtime.js';

const needsContainerd = skipBecause(lacksContainerd() ?? false);

t.test('CriRuntime on containerd', needsContainerd, async (t) => {
  const containerd = await Containerd.start();
  t.teardown(() => containerd.close());
  const runtime = openCriRuntime(containerd.socket);
  await runtimeContract(t, 'containerd', async () => ({
    runtime,
    image: baseImageName,
    listen: (port) => `nc -l -p ${port}`,
    reopen: async () => openCriRuntime(containerd.socket),
    close: () => runtime.close(),
  }));
});

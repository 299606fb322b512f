import t from 'tap';
import { CriRuntime } from '../../../../../src/control/kubelet/runtime/cri/index.js';
import { baseImageName } from '../../../../../src/control/kubelet/runtime/images/build/index.js';
import { hostClock } from '../../../../../src/host/clock.js';
import { createGrpcJsChannel } from '../../../../../src/rpc/grpc-js/index.js';
import { skipBecause } from '../../../../e2e/project.js';
import { runtimeContract } from '../contract.js';
import { Containerd, lacksContainerd } from './containerd.js';

const needsContainerd = skipBecause(lacksContainerd() ?? false);

t.test('CriRuntime on containerd', needsContainerd, async (t) => {
  const containerd = await Containerd.start();
  t.teardown(() => containerd.close());
  const open = async () => openRuntime(containerd.socket);
  const runtime = await open();
  await runtimeContract(t, 'containerd', async () => ({
    ...{ runtime, image: baseImageName, reopen: open },
    listen: (port) => `nc -l -p ${port}`,
    close: () => runtime.close(),
  }));
});

function openRuntime(socket: string): CriRuntime {
  const channel = createGrpcJsChannel(`unix://${socket}`, { clock: hostClock });
  return new CriRuntime({ clock: hostClock, runtime: channel, images: channel });
}

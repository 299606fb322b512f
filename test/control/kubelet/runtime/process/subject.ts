import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { silentLogger } from '../../../../../src/base/logger.js';
import { ProcessRuntime } from '../../../../../src/control/kubelet/runtime/process/index.js';
import { hostClock } from '../../../../../src/host/clock.js';
import { flotillaBin } from '../../../../e2e/project.js';
import type { Subject } from '../contract.js';
import { HostOnlyImages } from './host-only-images.js';
import { LoopbackNetwork } from './loopback-network.js';

/** A process runtime in a directory, whose log keeper is the real one. */
export async function openProcessRuntime(
  directory: string,
  isolation: 'when-possible' | 'never',
): Promise<Subject> {
  const open = () =>
    ProcessRuntime.open(
      {
        root: join(directory, 'run'),
        clock: hostClock,
        logger: silentLogger,
        version: 'test',
        newId: () => randomBytes(8).toString('hex'),
        logKeeperCommand: [process.execPath, flotillaBin, 'container-logs'],
        isolation,
      },
      { images: new HostOnlyImages(), network: new LoopbackNetwork('no network in this test') },
    );
  const runtime = await open();
  return { runtime, image: 'host', listen, reopen: open, close: () => runtime.close() };
}

function listen(port: number): string {
  return `busybox nc -l -p ${port}`;
}

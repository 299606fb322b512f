import { LogKeeper } from '../control/kubelet/runtime/process/log-keeper/log-keeper.js';
import { hostClock } from '../host/clock.js';

/**
 * `flotilla container-logs DIR`: writes the logs of the containers that the process runtime runs in DIR. The kubelet starts
 * it, and it ends by itself when there is nothing to do; it takes no part in containers' lives.
 */
export async function main(argv: readonly string[]): Promise<void> {
  const [root] = argv;
  if (root === undefined) throw new Error('container-logs needs the directory of a runtime');
  // It outlives terminals and kubelets alike.
  process.on('SIGHUP', () => undefined);
  try {
    await new LogKeeper(root, hostClock).run();
  } catch (error) {
    // Another was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
  }
  process.exit();
}

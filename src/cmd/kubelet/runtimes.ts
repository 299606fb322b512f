import { join, resolve } from 'node:path';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import type { ContainerRuntime } from '../../control/kubelet/runtime/container-runtime.js';
import { ImageStore, NodeImages } from '../../control/kubelet/runtime/images/index.js';
import { openPodNetwork, ProcessRuntime } from '../../control/kubelet/runtime/process/index.js';
import { imageArchitecture } from '../../host/architecture.js';
import type { ParsedFlags } from '../program/flags.js';
import { UsageError } from '../usage-error.js';
import { flotillaVersion } from '../version.js';

/** The bridge that pods hang on where no CNI configuration is. */
const podBridge = 'flotilla0';

/** What runs the containers of a node, as the flags say. Rejects with UsageError or RuntimeError. */
export async function openRuntime(
  flags: ParsedFlags,
  { clock, prng, logger }: { readonly clock: Clock; readonly prng: Prng; readonly logger: Logger },
): Promise<ContainerRuntime> {
  const name = flags.text('runtime');
  if (name !== 'process')
    throw new UsageError(`--runtime=${name} is not there: give process or simulated`);
  const missing = flags.text('process-missing-images');
  if (missing !== 'pull' && missing !== 'host') {
    throw new UsageError(
      `--process-missing-images: ${JSON.stringify(missing)} is neither pull nor host`,
    );
  }
  const program = process.argv[1] ?? '';
  const root = resolve(flags.text('process-runtime-dir'));
  const cniConfDir = flags.text('cni-conf-dir');
  const cniBinDirs = flags.list('cni-bin-dir');
  return ProcessRuntime.open(
    {
      root,
      ...{ clock, logger, version: flotillaVersion },
      newId: () => prng.uint64().toString(16).padStart(16, '0'),
      logKeeperCommand: [process.execPath, program, 'container-logs'],
      isolation: flags.isTrue('process-isolation') ? 'when-possible' : 'never',
    },
    {
      images: new NodeImages(new ImageStore(join(root, 'images'), imageArchitecture()), missing),
      network: openPodNetwork({
        root,
        cniConfDir,
        cniBinDirs,
        bridge: podBridge,
        flatNetworks: flags.list('non-masquerade-cidr'),
      }),
    },
  );
}

import type { Logger } from '../../base/logger.js';
import { type IpFamily, NftablesBackend, type ProxyBackend } from '../../control/proxy/index.js';
import { runCommand } from '../../host/command.js';
import type { ProxyCommandSettings } from './settings.js';

/** Families that the kernel has a data plane of. */
const families: readonly IpFamily[] = [4, 6];

/** The data planes of a mode, one a family. Rejects with UsageError when this machine has what none of them needs. */
export async function makeBackends(
  { mode }: ProxyCommandSettings,
  { logger }: { readonly logger: Logger },
): Promise<ReadonlyMap<IpFamily, ProxyBackend>> {
  logger.info('sending connections on', { mode });
  return new Map(
    families.map((family) => [family, new NftablesBackend({ run: runCommand, family })]),
  );
}

/** Takes the rules of every mode back. */
export async function cleanUpAll(logger: Logger): Promise<void> {
  for (const family of families) {
    await new NftablesBackend({ run: runCommand, family }).cleanUp();
  }
  logger.info('all rules are taken back');
}

import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { ReloadMetrics } from '../../control/apiserver/configuration/reload-metrics.js';
import { CurrentEncryption } from '../../control/apiserver/encryption/current-encryption.js';
import {
  EncryptionConfigError,
  parseEncryptionConfig,
  type ResourceEncryption,
} from '../../control/apiserver/encryption/encryption-config.js';
import { KmsError } from '../../control/apiserver/encryption/kms/kms-plugin.js';
import type { ValueTransformer } from '../../control/apiserver/storage/index.js';
import type { GroupResource } from '../../control/machinery/object.js';
import { readTextFile } from '../../host/text-file.js';
import { UsageError } from '../usage-error.js';
import { followFile } from './followed-file.js';
import { KeyServices } from './key-services.js';
import type { ParsedFlags } from './parse.js';

/** How the values of each resource are kept. */
export type Transformers = (resource: GroupResource) => ValueTransformer;

/** Encryption at rest, and the services that it needs. */
export interface Encryption {
  readonly transformerOf: Transformers;
  /** Whether there are services, or may come to be. */
  readonly isExternal: boolean;
  /** Null: the file is read once. */
  readonly reloads: ReloadMetrics | null;
  /** What is wrong with the services; null when all is well. */
  problem(): string | null;
  /** Follows the file, when the flags say so, until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** As `--encryption-provider-config` says; without it values are kept as they are. Throws UsageError, also when a service does not help. */
export async function openEncryption(
  flags: ParsedFlags,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<Encryption> {
  const path = flags.text('encryption-provider-config');
  const isFollowed = flags.isTrue('encryption-provider-config-automatic-reload');
  if (isFollowed && path === '')
    throw new UsageError(
      '--encryption-provider-config-automatic-reload must be set with --encryption-provider-config',
    );
  const services = new KeyServices(clock, logger);
  const current = new CurrentEncryption([], randomBytes);
  const apply = async (text: string) => current.replace(await openConfig(text, services));
  const text = path === '' ? '' : await readTextFile(path);
  if (path !== '') await apply(text).catch((error) => refuse(error, path));
  const followed = isFollowed
    ? followFile({ config: 'encryption', path, text, apply, clock, logger })
    : null;
  return {
    transformerOf: (resource) => current.transformerOf(resource),
    isExternal: isFollowed || !services.isEmpty,
    reloads: followed?.metrics ?? null,
    problem: () => services.problem(),
    run: async (signal) => followed?.run(signal),
    close: () => services.close(),
  };
}

/** A configuration whose services all help. Rejects with EncryptionConfigError or KmsError; the one in use is as it was then. */
async function openConfig(
  text: string,
  services: KeyServices,
): Promise<readonly ResourceEncryption[]> {
  services.begin();
  try {
    const config = parseEncryptionConfig(text, (settings) => services.open(settings));
    await services.start();
    services.take();
    return config;
  } catch (error) {
    await services.drop();
    throw error;
  }
}

function refuse(error: unknown, path: string): never {
  if (!(error instanceof EncryptionConfigError) && !(error instanceof KmsError)) throw error;
  throw new UsageError(`--encryption-provider-config ${path}: ${error.message}`, { cause: error });
}

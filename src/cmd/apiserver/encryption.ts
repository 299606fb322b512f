import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { EncryptingTransformer } from '../../control/apiserver/encryption/encrypting-transformer.js';
import {
  EncryptionConfigError,
  encryptionOf,
  type KmsSettings,
  type OpenKms,
  parseEncryptionConfig,
} from '../../control/apiserver/encryption/encryption-config.js';
import { KmsCipher } from '../../control/apiserver/encryption/kms/kms-cipher.js';
import { KmsError, KmsPlugin } from '../../control/apiserver/encryption/kms/kms-plugin.js';
import {
  identityTransformer,
  type ValueTransformer,
} from '../../control/apiserver/storage/index.js';
import type { GroupResource } from '../../control/machinery/object.js';
import { readTextFile } from '../../host/text-file.js';
import { createHttp2Channel } from '../../rpc/http2/index.js';
import type { Channel } from '../../rpc/index.js';
import { UsageError } from '../usage-error.js';
import type { ParsedFlags } from './parse.js';

/** How the values of each resource are kept. */
export type Transformers = (resource: GroupResource) => ValueTransformer;

/** Encryption at rest, and the services that it needs. */
export interface Encryption {
  readonly transformerOf: Transformers;
  /** Whether there are services. */
  readonly isExternal: boolean;
  /** What is wrong with the services; null when all is well. */
  problem(): string | null;
  close(): Promise<void>;
}

/** As `--encryption-provider-config` says; without it values are kept as they are. Throws UsageError, also when a service does not help. */
export async function openEncryption(
  flags: ParsedFlags,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<Encryption> {
  const path = flags.text('encryption-provider-config');
  const services = new Map<string, { readonly cipher: KmsCipher; readonly channel: Channel }>();
  const openKms = ({ name, endpoint, timeoutMs }: KmsSettings) => {
    const known = services.get(name);
    if (known !== undefined) return known.cipher;
    const channel = createHttp2Channel(endpoint, { clock });
    const plugin = new KmsPlugin({ name, channel, timeoutMs, newUid: randomUUID });
    const cipher = new KmsCipher({ plugin, clock, logger, random: randomBytes });
    services.set(name, { cipher, channel });
    return cipher;
  };
  const close = async () => {
    for (const { cipher } of services.values()) cipher.close();
    await Promise.all([...services.values()].map(({ channel }) => channel.close()));
  };
  const config = path === '' ? [] : parse(await readTextFile(path), path, openKms);
  try {
    await Promise.all([...services.values()].map(({ cipher }) => cipher.start()));
  } catch (error) {
    await close();
    if (!(error instanceof KmsError)) throw error;
    throw new UsageError(`--encryption-provider-config ${path}: ${error.message}`, {
      cause: error,
    });
  }
  return {
    transformerOf: (resource) => {
      const encryption = encryptionOf(config, resource);
      if (encryption === undefined) return identityTransformer;
      return new EncryptingTransformer(encryption, randomBytes);
    },
    isExternal: services.size > 0,
    problem: () =>
      [...services.values()].map(({ cipher }) => cipher.problem).find((text) => text !== null) ??
      null,
    close,
  };
}

function parse(
  text: string,
  path: string,
  openKms: OpenKms,
): ReturnType<typeof parseEncryptionConfig> {
  try {
    return parseEncryptionConfig(text, openKms);
  } catch (error) {
    if (!(error instanceof EncryptionConfigError)) throw error;
    throw new UsageError(`--encryption-provider-config ${path}: ${error.message}`, {
      cause: error,
    });
  }
}

import { randomBytes } from 'node:crypto';
import { EncryptingTransformer } from '../../control/apiserver/encryption/encrypting-transformer.js';
import {
  EncryptionConfigError,
  encryptionOf,
  parseEncryptionConfig,
} from '../../control/apiserver/encryption/encryption-config.js';
import {
  identityTransformer,
  type ValueTransformer,
} from '../../control/apiserver/storage/index.js';
import type { GroupResource } from '../../control/machinery/object.js';
import { readTextFile } from '../../host/text-file.js';
import { UsageError } from '../usage-error.js';
import type { ParsedFlags } from './parse.js';

/** How the values of each resource are kept. */
export type Transformers = (resource: GroupResource) => ValueTransformer;

/** As `--encryption-provider-config` says; without it values are kept as they are. Throws UsageError. */
export async function openTransformers(flags: ParsedFlags): Promise<Transformers> {
  const path = flags.text('encryption-provider-config');
  if (path === '') return () => identityTransformer;
  const config = parse(await readTextFile(path), path);
  return (resource) => {
    const encryption = encryptionOf(config, resource);
    if (encryption === undefined) return identityTransformer;
    return new EncryptingTransformer(encryption, (size) => randomBytes(size));
  };
}

function parse(text: string, path: string): ReturnType<typeof parseEncryptionConfig> {
  try {
    return parseEncryptionConfig(text);
  } catch (error) {
    if (!(error instanceof EncryptionConfigError)) throw error;
    throw new UsageError(`--encryption-provider-config ${path}: ${error.message}`, {
      cause: error,
    });
  }
}

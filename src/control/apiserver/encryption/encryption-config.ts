import { parse } from 'yaml';
import { parseGoDuration } from '../../../base/go-duration.js';
import type { GroupResource } from '../../machinery/object.js';
import { aesCbc, aesGcm, secretbox, type ValueCipher } from './ciphers.js';

/** An encryption configuration that cannot be used. */
export class EncryptionConfigError extends Error {
  override readonly name = 'EncryptionConfigError';
}

/** A key management service, as the configuration names it. */
export interface KmsSettings {
  readonly name: string;
  /** A socket: `unix:///run/kms.sock`. */
  readonly endpoint: string;
  readonly timeoutMs: number;
}

/** Makes the cipher of a service; the same for the same name. */
export type OpenKms = (settings: KmsSettings) => ValueCipher;

/** One key of one provider; `cipher` is null for the provider that does nothing. */
export interface ValueKey {
  /** What stored values begin with: `k8s:enc:aesgcm:v1:key1:`; '' for plain values. */
  readonly prefix: string;
  readonly cipher: ValueCipher | null;
}

/** How values of some resources are kept. The first key writes, all read. */
export interface ResourceEncryption {
  /** As `secrets`, `deployments.apps`, `*.apps`, `*.` for the core group, `*.*`. */
  readonly resources: readonly string[];
  readonly keys: readonly ValueKey[];
}

type Fields = Readonly<Record<string, unknown>>;

const ciphers: Readonly<
  Record<string, { sizes: readonly number[]; make(key: Uint8Array): ValueCipher }>
> = {
  aesgcm: { sizes: [16, 24, 32], make: aesGcm },
  aescbc: { sizes: [16, 24, 32], make: aesCbc },
  secretbox: { sizes: [32], make: secretbox },
};

/** Reads an --encryption-provider-config (EncryptionConfiguration). Throws {@link EncryptionConfigError}. */
export function parseEncryptionConfig(
  text: string,
  openKms: OpenKms,
): readonly ResourceEncryption[] {
  let config: Fields;
  try {
    config = fieldsOf(parse(text), 'the file');
  } catch (error) {
    if (error instanceof EncryptionConfigError) throw error;
    throw new EncryptionConfigError('the file is no YAML', { cause: error });
  }
  if (config.kind !== 'EncryptionConfiguration' && config.kind !== 'EncryptionConfig')
    throw new EncryptionConfigError('the file is no EncryptionConfiguration: give its kind');
  return listOf(config.resources, 'resources').map((entry, index) => {
    const path = `resources[${index}]`;
    const fields = fieldsOf(entry, path);
    const resources = listOf(fields.resources, `${path}.resources`).map(String);
    const providers = listOf(fields.providers, `${path}.providers`);
    if (providers.length === 0)
      throw new EncryptionConfigError(`${path}.providers: at least one provider is required`);
    const keys = providers.flatMap((provider, at) =>
      keysOf(provider, `${path}.providers[${at}]`, openKms),
    );
    return { resources, keys };
  });
}

/** How the values of a resource are kept: the first entry that names it; undefined when none does. */
export function encryptionOf(
  config: readonly ResourceEncryption[],
  { group, resource }: GroupResource,
): ResourceEncryption | undefined {
  const names = new Set([
    group === '' ? resource : `${resource}.${group}`,
    `*.${group}`,
    '*.*',
    ...(group === '' ? [`${resource}.`] : []),
  ]);
  return config.find(({ resources }) => resources.some((name) => names.has(name)));
}

function keysOf(provider: unknown, path: string, openKms: OpenKms): readonly ValueKey[] {
  const entries = Object.entries(fieldsOf(provider, path));
  const [name = '', options] = entries[0] ?? [];
  if (entries.length !== 1)
    throw new EncryptionConfigError(`${path}: name exactly one provider, not ${entries.length}`);
  if (name === 'identity') return [{ prefix: '', cipher: null }];
  if (name === 'kms') return [kmsKeyOf(fieldsOf(options, `${path}.kms`), `${path}.kms`, openKms)];
  const kind = ciphers[name];
  if (kind === undefined) {
    throw new EncryptionConfigError(
      `${path}: the provider ${JSON.stringify(name)} is not served; use aesgcm, secretbox, aescbc, kms or identity`,
    );
  }
  const keys = listOf(fieldsOf(options, `${path}.${name}`).keys, `${path}.${name}.keys`);
  if (keys.length === 0)
    throw new EncryptionConfigError(`${path}.${name}.keys: at least one key is required`);
  return keys.map((key, index) => {
    const at = `${path}.${name}.keys[${index}]`;
    const { name: keyName, secret } = fieldsOf(key, at);
    if (typeof keyName !== 'string' || keyName === '' || keyName.includes(':'))
      throw new EncryptionConfigError(`${at}.name: a name without ':' is required`);
    return {
      prefix: `k8s:enc:${name}:v1:${keyName}:`,
      cipher: kind.make(secretOf(secret, kind.sizes, `${at}.secret`)),
    };
  });
}

const timeoutMsDefault = 3000;

function kmsKeyOf(fields: Fields, path: string, openKms: OpenKms): ValueKey {
  const { apiVersion, name, endpoint, timeout } = fields;
  if (apiVersion !== 'v2')
    throw new EncryptionConfigError(`${path}.apiVersion: v2 is the only version that is served`);
  if (typeof name !== 'string' || name === '' || name.includes(':'))
    throw new EncryptionConfigError(`${path}.name: a name without ':' is required`);
  if (typeof endpoint !== 'string' || !endpoint.startsWith('unix:///'))
    throw new EncryptionConfigError(`${path}.endpoint: write it as unix:///path/to/socket`);
  const timeoutMs = timeout === undefined ? timeoutMsDefault : parseGoDuration(String(timeout));
  if (timeoutMs === null || timeoutMs <= 0)
    throw new EncryptionConfigError(`${path}.timeout: a positive duration is required, as 3s`);
  const cipher = openKms({ name, endpoint, timeoutMs });
  return { prefix: `k8s:enc:kms:v2:${name}:`, cipher };
}

function secretOf(secret: unknown, sizes: readonly number[], path: string): Uint8Array {
  const text = typeof secret === 'string' ? secret.trim() : '';
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, ''))
    throw new EncryptionConfigError(`${path}: secrets must be base64 encoded`);
  if (!sizes.includes(bytes.length)) {
    throw new EncryptionConfigError(
      `${path}: a key has ${sizes.join(', ')} bytes, not ${bytes.length}`,
    );
  }
  return bytes;
}

function fieldsOf(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new EncryptionConfigError(`${path}: an object is required`);
}

function listOf(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new EncryptionConfigError(`${path}: a list is required`);
}

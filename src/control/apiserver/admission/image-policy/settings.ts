/** How ImagePolicyWebhook is configured, in milliseconds. */
export interface ImagePolicySettings {
  /** A kubeconfig that says where the backend is, and as whom it is asked. */
  readonly kubeConfigFile: string;
  /** How long answers are remembered; 0: not at all. */
  readonly allowTtlMs: number;
  readonly denyTtlMs: number;
  /** The first pause between tries; 0: it is tried again at once. */
  readonly retryBackoffMs: number;
  /** Whether pods come in while the backend does not answer. */
  readonly defaultAllow: boolean;
}

/** A length of time of the configuration. Those that are 0 or absent are `whenAbsentMs`, -1 turns what it is of off. */
interface TimeField {
  readonly name: 'allowTTL' | 'denyTTL' | 'retryBackoff';
  readonly unitMs: number;
  readonly whenAbsentMs: number;
  /** It has to be more than this. */
  readonly overMs: number;
  readonly msMax: number;
  /** The bounds as they are told. */
  readonly bounds: string;
}

const minuteMs = 60_000;
const halfHour = { unitMs: 1000, overMs: 1000, msMax: 30 * minuteMs, bounds: '1s and 30m0s' };
const allowTtl: TimeField = { name: 'allowTTL', whenAbsentMs: 5 * minuteMs, ...halfHour };
const denyTtl: TimeField = { name: 'denyTTL', whenAbsentMs: 30_000, ...halfHour };
const retryBackoff: TimeField = {
  ...{ name: 'retryBackoff', unitMs: 1, whenAbsentMs: 500 },
  ...{ overMs: 0, msMax: 5 * minuteMs, bounds: '1ns and 5m0s' },
};

/** Reads the `imagePolicy` of the plugin's configuration. `refuse` throws what tells of a mistake. */
export function imagePolicySettings(
  config: Readonly<Record<string, unknown>>,
  refuse: (why: string) => never,
): ImagePolicySettings {
  const { imagePolicy } = config;
  if (typeof imagePolicy !== 'object' || imagePolicy === null || Array.isArray(imagePolicy))
    return refuse('imagePolicy: an object is required');
  const fields = imagePolicy as Readonly<Record<string, unknown>>;
  const { kubeConfigFile, defaultAllow = false } = fields;
  if (typeof kubeConfigFile !== 'string' || kubeConfigFile === '')
    return refuse(
      'imagePolicy.kubeConfigFile: name the kubeconfig by which the backend is reached',
    );
  if (typeof defaultAllow !== 'boolean')
    return refuse('imagePolicy.defaultAllow: true or false is required');
  const time = (field: TimeField) => msOf(fields[field.name], field, refuse);
  return {
    kubeConfigFile,
    allowTtlMs: time(allowTtl),
    denyTtlMs: time(denyTtl),
    retryBackoffMs: time(retryBackoff),
    defaultAllow,
  };
}

function msOf(value: unknown, field: TimeField, refuse: (why: string) => never): number {
  if (value === undefined || value === null || value === 0) return field.whenAbsentMs;
  if (value === -1) return 0;
  const path = `imagePolicy.${field.name}`;
  if (typeof value !== 'number' || !Number.isInteger(value))
    return refuse(`${path}: a whole number is required`);
  const ms = value * field.unitMs;
  if (ms <= field.overMs || ms > field.msMax)
    return refuse(`${path}: valid value is between ${field.bounds}, got ${value}`);
  return ms;
}

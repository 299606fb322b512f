import { randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import type { Client } from '../../client/index.js';
import { builtInKinds } from '../../control/api/kinds.js';
import { parseRuntimeConfig } from '../../control/api/runtime-config.js';
import { Scheme } from '../../control/api/scheme.js';
import type { TokenAuthenticator } from '../../control/apiserver/authentication/token-authenticator.js';
import { expressionChecker } from '../../control/apiserver/cel/admission-environment.js';
import { EndpointTable } from '../../control/apiserver/registry/endpoint-table.js';
import { FieldManagers } from '../../control/apiserver/registry/field-managers.js';
import { objectReader } from '../../control/apiserver/registry/object-reader.js';
import { ServerWrites } from '../../control/apiserver/registry/server-writes.js';
import { StepMetrics } from '../../control/apiserver/server/step-metrics.js';
import { StoreConnection } from '../../control/apiserver/storage/index.js';
import type { Transformers } from './encryption.js';
import type { ParsedFlags } from './parse.js';

/** What an API server lives on. */
export interface ComposeInputs {
  readonly flags: ParsedFlags;
  /** Stays the caller's, who closes it last. */
  readonly client: Client;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  /** The address of this replica that others reach. */
  readonly address: string;
  /** A further kind of tokens, such as a test environment's administrator. */
  readonly extraTokens?: TokenAuthenticator;
}

/** The objects in the store, and the ways to read and write them. */
export type OpenedObjects = ReturnType<typeof openObjects>;

/** Opens them; nothing is read yet. */
export function openObjects(
  { flags, client, clock, prng, logger }: ComposeInputs,
  transformerOf: Transformers,
) {
  const scheme = new Scheme({
    runtimeConfig: parseRuntimeConfig(flags.text('runtime-config')),
    kinds: builtInKinds({ checkExpression: expressionChecker }),
  });
  const compactionIntervalMs = flags.durationMs('etcd-compaction-interval');
  const steps = new StepMetrics();
  const parts = { client, clock, logger, prng: prng.fork(), compactionIntervalMs };
  const store = new StoreConnection({ ...parts, observe: steps.onStore });
  const storePrefix = flags.text('etcd-prefix').replace(/\/$/, '');
  const endpoints = new EndpointTable({
    ...{ scheme, store, storePrefix, transformerOf },
    fieldManagement: new FieldManagers(scheme),
    eventTtlSeconds: Math.ceil(flags.durationMs('event-ttl') / 1000),
    newUid: randomUUID,
    prng: prng.fork(),
  });
  const writes = new ServerWrites(endpoints, () => clock.wallTime());
  const objects = objectReader(endpoints);
  const latest = objectReader(endpoints, 'latest');
  return { scheme, store, storePrefix, endpoints, writes, objects, latest, steps };
}

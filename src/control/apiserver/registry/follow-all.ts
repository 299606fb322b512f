import { defined } from '../../../base/assert.js';
import type { Clock } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { GroupResource } from '../../machinery/object.js';
import type { EndpointTable } from './endpoint-table.js';
import { type Follower, follow } from './follow.js';

/** A resource, and who is told of its objects. */
export interface Followed {
  readonly resource: GroupResource;
  readonly follower: Omit<Follower, 'onSynced'>;
}

/** Follows several resources until `signal` aborts. Resolves once all that is stored was told. */
export async function followAll(
  endpoints: EndpointTable,
  all: readonly Followed[],
  options: { readonly clock: Clock; readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const { signal } = options;
  await Promise.all(
    all.map(
      ({ resource: { group, resource }, follower }) =>
        new Promise<void>((onSynced) => {
          const { storage } = defined(endpoints.registry(group, resource), resource);
          void follow(storage, { ...follower, onSynced }, options);
          signal.addEventListener('abort', () => onSynced(), { once: true });
        }),
    ),
  );
}

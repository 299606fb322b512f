import type { Plugin } from '../../framework/plugin.js';
import { unresolvable, unschedulable } from '../statuses.js';

const unsupported = unresolvable('pod has resource claims, which this scheduler does not allocate');
const noClaims = unschedulable('no new claims to deallocate');
const claimsStay = unschedulable('resource claims are not deallocated');

/** Refuses pods with resource claims: devices are not allocated. */
export function dynamicResources(): Plugin {
  const hasClaims = (claims: readonly unknown[] | undefined) => (claims?.length ?? 0) > 0;
  return {
    name: 'DynamicResources',
    eventsToRegister: () => [],
    preFilter: (_, { pod }) => (hasClaims(pod.spec?.resourceClaims) ? unsupported : 'skip'),
    postFilter: (_, { pod }) => (hasClaims(pod.spec?.resourceClaims) ? claimsStay : noClaims),
  };
}

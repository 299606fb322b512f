import { wellKnown } from '../../authentication/user-info.js';
import type { UserInfo } from '../../contracts.js';

/** The node whose kubelet the user is; '' for a member of the nodes that does not say which; null for everybody else. */
export function nodeOfUser({ name, groups }: UserInfo): string | null {
  const isNode = name.startsWith(wellKnown.nodeUserPrefix) && groups.includes(wellKnown.nodesGroup);
  return isNode ? name.slice(wellKnown.nodeUserPrefix.length) : null;
}

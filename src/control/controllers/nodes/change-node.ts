import type { Node, Taint } from '../../api/gen/core-v1.js';
import type { ResourceClient } from '../../client/index.js';
import type { JsonObject } from '../../machinery/json.js';
import { ignoreNotFound, isConflict } from '../runtime/write-failures.js';

const triesMax = 5;

/**
 * Changes a node by a patch that is made of its present state: `node` first, and the server's as often as somebody else was faster.
 * `patchOf` gives null when nothing is to be done. Null: that, or the node is gone. Rejects with StatusError and UnreachableError.
 */
export async function changeNode(
  nodes: ResourceClient<Node>,
  node: Node,
  patchOf: (node: Node) => JsonObject | null,
  { signal }: { readonly signal: AbortSignal },
): Promise<Node | null> {
  const name = node.metadata.name ?? '';
  let current: Node | null = node;
  for (let tries = 1; current !== null; tries++) {
    const patch = patchOf(current);
    if (patch === null || current.metadata.uid !== node.metadata.uid) return null;
    try {
      return await nodes.patch({ name }, 'merge', guarded(patch, current), { signal });
    } catch (error) {
      if (!isConflict(error) || tries === triesMax) return ignoreNotFound(error);
      current = await nodes.get({ name }, { signal }).catch(ignoreNotFound);
    }
  }
  return null;
}

/** The patch that makes `taints` the node's; null when they are already. */
export function taintsPatch(taints: readonly Taint[] | null): JsonObject | null {
  if (taints === null) return null;
  return { spec: { taints: taints.length === 0 ? null : taints.map((taint) => ({ ...taint })) } };
}

function guarded(patch: JsonObject, { metadata }: Node): JsonObject {
  const { resourceVersion } = metadata;
  const own = (patch.metadata ?? {}) as JsonObject;
  const guard = resourceVersion === undefined ? {} : { resourceVersion };
  return { ...patch, metadata: { ...own, ...guard } };
}

import type { NftTable } from '../../dataplane/nft-table.js';
import type { NodeFacts } from '../model/node-facts.js';
import type { ServicePortView } from '../model/service-port.js';
import { ServiceTable } from './service-table.js';

/** The table for a node: a function of its services alone. Of two that claim one address, the first by name gets it. */
export function planTable(ports: readonly ServicePortView[], facts: NodeFacts): NftTable {
  const table = new ServiceTable(facts);
  table.update(ports);
  return table.whole();
}

import type { IpFamily } from './service-port.js';

/** How packets of pods are told from others: by where they come from, or by the interface that they come in by. */
export type PodSource =
  | { readonly by: 'cidr'; readonly cidr: string }
  /** `isPrefix`: of all interfaces whose names start so. */
  | { readonly by: 'interface'; readonly name: string; readonly isPrefix: boolean };

/** What rules depend on besides services: of this node, in one family. */
export interface NodeFacts {
  readonly family: IpFamily;
  /** Addresses on which node ports are served; `all`: every one of this node but those of its loopback. */
  readonly nodePortAddresses: readonly string[] | 'all';
  /** Node ports are served on 127.0.0.0/8 too, where the mode can. */
  readonly servesLoopbackNodePorts: boolean;
  /** What comes from elsewhere to a cluster IP leaves with the node's address. Null: nobody can say. */
  readonly podSource: PodSource | null;
  /** Everything to cluster IPs leaves with the node's address. */
  readonly masqueradesAll: boolean;
  /** The bit of the packet mark that asks for that: 0 to 31. */
  readonly masqueradeBit: number;
  /** How an endpoint is chosen. */
  readonly balance: 'random' | 'round-robin';
}

/** The bit as rules write it: `0x4000`. */
export function masqueradeMark({ masqueradeBit }: NodeFacts): string {
  return `0x${(2 ** masqueradeBit).toString(16)}`;
}

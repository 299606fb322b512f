import type { NodeFacts } from './model/node-facts.js';
import type { ServicePortView } from './model/service-port.js';

/** Everything that a node is to serve in one family. */
export interface FamilyView {
  readonly facts: NodeFacts;
  /** Sorted by service, then port. The same object stands for a port for as long as nothing about it changes. */
  readonly ports: readonly ServicePortView[];
}

/** A data plane in one family: brings the node's rules to what a view says. */
export interface ProxyBackend {
  /**
   * One at a time. Rejects when the rules could not be changed; the next call then starts from nothing. `isPeriodic`: looks also whether
   * somebody else took rules away.
   */
  sync(view: FamilyView, options?: { readonly isPeriodic: boolean }): Promise<void>;
  /** Takes back all that was ever done on this node, by this process or another; there may be nothing. */
  cleanUp(): Promise<void>;
}

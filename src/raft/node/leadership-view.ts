import { formatId, noMember } from '../../base/ids.js';
import type { Logger } from '../../base/logger.js';
import type { RaftCore } from '../core/index.js';
import type { LeadershipStatus } from './raft-node-options.js';

/** Who leads, as last seen; whoever is interested is told of changes. */
export class LeadershipView {
  readonly #core: RaftCore;
  readonly #logger: Logger;
  readonly #onChange: (status: LeadershipStatus) => void;
  #status: LeadershipStatus;

  constructor(core: RaftCore, logger: Logger, onChange: (status: LeadershipStatus) => void) {
    this.#core = core;
    this.#logger = logger;
    this.#onChange = onChange;
    this.#status = { leader: noMember, isLeader: false, term: core.term };
  }

  get status(): LeadershipStatus {
    return this.#status;
  }

  /** Something has changed since. */
  get isStale(): boolean {
    const { leader, term, role } = this.#core;
    const { status } = this;
    return (
      status.leader !== leader || status.term !== term || status.isLeader !== (role === 'leader')
    );
  }

  /** Looks again. */
  refresh(): void {
    if (!this.isStale) return;
    const { leader, term, role } = this.#core;
    const isLeader = role === 'leader';
    const before = this.#status;
    this.#status = { leader, isLeader, term };
    if (before.leader !== leader || before.isLeader !== isLeader) {
      const what = leader === noMember ? 'no leader' : 'leader changed';
      this.#logger.info(what, { leader: formatId(leader), term, role });
    }
    this.#onChange(this.#status);
  }
}

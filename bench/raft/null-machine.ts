import type { MemberId } from '../../src/base/ids.js';
import type { ConfState } from '../../src/raft/core/index.js';
import type { AppliedEntry, StateMachine } from '../../src/raft/node/index.js';

/** What all members begin with, as if by a snapshot that they have. */
const firstIndex = 1;

/** A state machine that does nothing: an entry's result is its index. It claims to be durable, so that the log is released. */
export class NullMachine implements StateMachine<number> {
  appliedIndex = firstIndex;
  appliedTerm = firstIndex;
  conf: ConfState;

  constructor(voters: readonly MemberId[]) {
    this.conf = { voters, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  }

  get durableIndex(): number {
    return this.appliedIndex;
  }

  apply(entries: readonly AppliedEntry[]): readonly (number | undefined)[] {
    return entries.map(({ index, term, conf, local }) => {
      this.appliedIndex = index;
      this.appliedTerm = term;
      if (conf !== null) this.conf = conf;
      return local ? index : undefined;
    });
  }

  prepare(): undefined {
    return undefined;
  }

  async sync(): Promise<number> {
    return this.appliedIndex;
  }

  openSnapshot(): never {
    throw new Error('nobody lags so far behind in a benchmark');
  }

  restoreSnapshot(): never {
    throw new Error('nobody lags so far behind in a benchmark');
  }
}

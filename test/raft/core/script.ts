import { emptyBytes, fromLatin1, toLatin1 } from '../../../src/base/bytes.js';
import { formatId, type MemberId, memberId } from '../../../src/base/ids.js';
import {
  type ConfChange,
  type ConfChangeStep,
  type ConfState,
  type CoreConfig,
  decodeConfChange,
  type Entry,
  type Message,
  type Ready,
} from '../../../src/raft/core/index.js';
import { Cluster, type Member } from './cluster.js';

/**
 * Runs conversations between cores. A script is a text: `#` starts a comment, `> ` a command, and the lines from there to
 * the next blank line, comment or command are what the command is expected to print. See scripts/README.md.
 */
export function runScript(text: string): string {
  const runner = new ScriptRunner();
  const output: string[] = [];
  let inExpected = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('> ')) {
      output.push(line, ...runner.run(line.slice(2)));
      inExpected = true;
    } else if (line === '' || line.startsWith('#')) {
      output.push(line);
      inExpected = false;
    } else if (!inExpected) {
      throw new Error(`script line is neither a command nor a comment: ${line}`);
    }
  }
  return output.join('\n');
}

class ScriptRunner {
  #cluster: Cluster | null = null;
  #output: string[] = [];

  /** Carries out one command; returns what it printed. `quietly` before a command discards that. */
  run(command: string): string[] {
    const words = command.trim().split(/\s+/);
    const isQuiet = words[0] === 'quietly';
    if (isQuiet) words.shift();
    this.#output = [];
    try {
      this.#dispatch(words[0] ?? '', words.slice(1));
    } catch (error) {
      this.#print(`error: ${(error as Error).message}`);
    }
    return isQuiet ? this.#output.filter((line) => line.startsWith('error')) : this.#output;
  }

  #dispatch(name: string, args: string[]): void {
    const commands: Record<string, (args: string[]) => void> = {
      create: (a) => this.#create(a),
      add: ([id]) => void this.cluster.add(Number(id)),
      campaign: ([id]) => this.#feed(id, (member) => member.core.campaign()),
      tick: ([id, count]) => this.#tick(id, Number(count ?? 1)),
      propose: ([id, ...data]) => this.#propose(id, data),
      conf: ([id, ...steps]) => this.#proposeConf(id, steps),
      transfer: ([id, to]) => this.#feed(id, (member) => member.core.transferLeadership(idOf(to))),
      read: ([id, request]) => this.#feed(id, (member) => member.core.readIndex(Number(request))),
      gone: ([id]) => this.#feed(id, (member) => member.core.onLeaderUnreachable()),
      unreachable: ([id, to]) => this.#feed(id, (member) => member.core.onUnreachable(idOf(to))),
      deliver: (a) => this.#deliver(a),
      drop: (a) => this.#drop(a),
      stabilize: (a) => this.#stabilize(a),
      network: () => this.#network(),
      'hold-writes': ([id]) => this.#hold(id, { writes: true }),
      'hold-apply': ([id]) => this.#hold(id, { apply: true }),
      'release-writes': ([id]) => this.#hold(id, { writes: false }),
      'release-apply': ([id]) => this.#hold(id, { apply: false }),
      durable: ([id, count]) => this.#durable(id, Number(count ?? 1)),
      apply: ([id, count]) => this.#apply(id, count),
      snapshot: ([id, keep]) => this.cluster.snapshot(this.#member(id), Number(keep ?? 0)),
      compact: ([id, index]) => this.cluster.compact(this.#member(id), Number(index)),
      sync: ([id]) => this.cluster.sync(this.#member(id)),
      crash: ([id, kept]) => this.cluster.crash(this.#member(id), Number(kept ?? 0)),
      restart: ([id]) => this.#restart(id),
      status: (a) => this.#status(a),
      progress: ([id]) => this.#progress(id),
      'raft-log': (a) => this.#raftLog(a),
      membership: ([id]) => this.#print(showConf(this.#member(id).core.status().conf)),
    };
    const run = commands[name];
    if (run === undefined) throw new Error(`unknown command ${name}`);
    run(args);
  }

  get cluster(): Cluster {
    if (this.#cluster === null) throw new Error('create a cluster first');
    return this.#cluster;
  }

  #print(line: string): void {
    this.#output.push(line);
  }

  #member(id: string | undefined): Member {
    return this.cluster.member(Number(id));
  }

  /** `create 1 2 3 learner=4 preVote=false electionTicks=5`. */
  #create(args: string[]): void {
    const options = args.filter((arg) => arg.includes('=')).map((arg) => arg.split('='));
    const learners = options.filter(([key]) => key === 'learner').map(([, id]) => Number(id));
    const settings = options
      .filter(([key]) => key !== 'learner')
      .map(([key, value]) => [key, parseSetting(value ?? '')]);
    this.#cluster = new Cluster({
      voters: args.filter((arg) => !arg.includes('=')).map(Number),
      learners,
      config: Object.fromEntries(settings) as Partial<CoreConfig>,
      onReady: (member, ready) => this.#showReady(member, ready),
    });
  }

  #feed(id: string | undefined, input: (member: Member) => void): void {
    const member = this.#member(id);
    const reads = member.reads.length;
    this.cluster.run(member, () => input(member));
    for (const read of member.reads.slice(reads)) {
      this.#print(`${member.id}: read ${read.requestId} at ${read.index ?? 'refused'}`);
    }
  }

  #tick(id: string | undefined, count: number): void {
    for (let i = 0; i < count; i++) this.#feed(id, (member) => member.core.tick());
  }

  #propose(id: string | undefined, data: string[]): void {
    this.#feed(id, (member) => {
      const proposed = member.core.propose(data.map(fromLatin1));
      if (!proposed.ok) this.#print(`refused: ${proposed.reason}`);
    });
  }

  #proposeConf(id: string | undefined, words: string[]): void {
    this.#feed(id, (member) => {
      const proposed = member.core.proposeConfChange(parseConfChange(words));
      if (!proposed.ok) this.#print(`refused: ${proposed.reason}`);
    });
  }

  #deliver(filters: string[]): void {
    for (const message of this.cluster.take(matcher(filters))) this.#deliverOne(message);
  }

  #deliverOne(message: Message): void {
    const member = this.cluster.members.get(Number(message.to));
    if (!member?.isRunning) {
      this.#print(`lost ${showMessage(message)}`);
      return;
    }
    const reads = member.reads.length;
    this.#print(`${message.to} gets ${showMessage(message)}`);
    this.cluster.deliver(message);
    for (const read of member.reads.slice(reads)) {
      this.#print(`${member.id}: read ${read.requestId} at ${read.index ?? 'refused'}`);
    }
  }

  #drop(filters: string[]): void {
    for (const message of this.cluster.take(matcher(filters))) {
      this.#print(`lost ${showMessage(message)}`);
    }
  }

  #stabilize(filters: string[]): void {
    for (let round = 0; round < 200; round++) {
      const messages = this.cluster.take(matcher(filters));
      if (messages.length === 0) return;
      for (const message of messages) this.#deliverOne(message);
    }
    throw new Error('does not come to rest');
  }

  #network(): void {
    for (const message of this.cluster.network) this.#print(showMessage(message));
    if (this.cluster.network.length === 0) this.#print('nothing');
  }

  #hold(id: string | undefined, holds: { writes?: boolean; apply?: boolean }): void {
    const member = this.#member(id);
    if (holds.writes !== undefined) member.holdsWrites = holds.writes;
    if (holds.apply !== undefined) member.holdsApply = holds.apply;
    if (holds.writes === false) this.#durable(id, member.writes.length);
    if (holds.apply === false) this.#apply(id, undefined);
  }

  #durable(id: string | undefined, count: number): void {
    const member = this.#member(id);
    const sequences = member.writes.slice(0, count).map((write) => write.sequence);
    if (sequences.length === 0) return;
    this.#print(`${member.id}: durable ${sequences.join(' ')}`);
    for (const write of member.writes.slice(0, count)) {
      for (const message of write.messages) this.#print(`  sends ${showMessage(message)}`);
    }
    this.cluster.completeWrites(member, count);
    this.cluster.settle(member);
  }

  #apply(id: string | undefined, count: string | undefined): void {
    const member = this.#member(id);
    this.cluster.apply(member, count === undefined ? undefined : Number(count));
    this.#print(`${member.id}: applied ${member.machine.index}`);
    this.cluster.settle(member);
  }

  #restart(id: string | undefined): void {
    this.cluster.restart(this.#member(id));
    this.#status([id ?? '']);
  }

  #status(ids: string[]): void {
    const all = ids.length > 0 ? ids : [...this.cluster.members.keys()].map(String);
    for (const id of all) {
      const member = this.#member(id);
      this.#print(member.isRunning ? showStatus(member) : `${id}: down`);
    }
  }

  #progress(id: string | undefined): void {
    for (const [peer, progress] of this.#member(id).core.status().progress) {
      const { state, match, next, recentlyActive, isLearner } = progress;
      const notes = `${recentlyActive ? '' : ' silent'}${isLearner ? ' learner' : ''}`;
      this.#print(`${formatId(peer)}: ${state} match ${match} next ${next}${notes}`);
    }
  }

  #raftLog(ids: string[]): void {
    const all = ids.length > 0 ? ids : [...this.cluster.members.keys()].map(String);
    for (const id of all) {
      const { log } = this.#member(id);
      this.#print(`${id}: after ${log.base.index}/${log.base.term} ${showEntries(log.entries)}`);
    }
  }

  #showReady(member: Member, ready: Ready): void {
    const { write } = ready;
    for (const message of ready.messages) {
      this.#print(`  ${member.id} sends ${showMessage(message)}`);
    }
    if (write !== null) {
      const { hardState, snapshot, entries } = write;
      const parts: string[] = [];
      if (hardState !== null) {
        const { term, vote, commit } = hardState;
        parts.push(`term ${term} vote ${formatId(vote)} commit ${commit}`);
      }
      if (snapshot !== null) parts.push(`snapshot ${snapshot.index}/${snapshot.term}`);
      if (entries.length > 0) parts.push(`entries ${showEntries(entries)}`);
      if (parts.length === 0) parts.push('nothing');
      this.#print(`  ${member.id} writes #${write.sequence}: ${parts.join(', ')}`);
      for (const message of write.messages) this.#print(`    then sends ${showMessage(message)}`);
    }
    if (ready.committed.length > 0) {
      this.#print(`  ${member.id} commits ${showEntries(ready.committed)}`);
    }
    if (ready.snapshotWanted) this.#print(`  ${member.id} wants a snapshot`);
  }
}

function idOf(word: string | undefined): MemberId {
  return memberId(BigInt(word ?? '0'));
}

function parseSetting(value: string): unknown {
  if (value === 'true' || value === 'false') return value === 'true';
  return Number.isNaN(Number(value)) ? value : Number(value);
}

/** `add-voter=4 remove=1 joint`, or `leave`. */
function parseConfChange(words: string[]): ConfChange {
  const steps = words
    .filter((word) => word.includes('='))
    .map((word) => word.split('='))
    .map(([kind, id]) => ({ kind: kind as ConfChangeStep['kind'], id: idOf(id) }));
  return { steps, joint: words.includes('joint') ? 'always' : 'auto', context: emptyBytes };
}

/** Filters are `1->2`, `1->`, `->2` and kinds of messages; a message must match one of each sort given. */
function matcher(filters: string[]): (message: Message) => boolean {
  const routes = filters
    .filter((filter) => filter.includes('->'))
    .map((route) => route.split('->'));
  const kinds = filters.filter((filter) => !filter.includes('->'));
  return (message) => {
    const onRoute = routes.some(
      ([from, to]) =>
        (from === '' || from === formatId(message.from)) &&
        (to === '' || to === formatId(message.to)),
    );
    return (routes.length === 0 || onRoute) && (kinds.length === 0 || kinds.includes(message.kind));
  };
}

function showStatus(member: Member): string {
  const {
    role,
    term,
    vote,
    leader,
    commit,
    applied,
    firstIndex,
    lastIndex,
    transferee,
    durableIndex,
  } = member.core.status();
  const durable = durableIndex === lastIndex ? '' : ` durable ${durableIndex}`;
  const transfer = transferee === 0n ? '' : ` to ${formatId(transferee)}`;
  return (
    `${member.id}: ${role}${transfer} term ${term} vote ${formatId(vote)} leader ${formatId(leader)} ` +
    `commit ${commit} applied ${applied} log ${firstIndex}..${lastIndex}${durable}`
  );
}

function showConf(conf: ConfState): string {
  const ids = (list: readonly MemberId[]) => list.map(formatId).join(' ');
  const outgoing = conf.votersOutgoing.length > 0 ? ` outgoing (${ids(conf.votersOutgoing)})` : '';
  const learners = conf.learners.length > 0 ? ` learners (${ids(conf.learners)})` : '';
  const next = conf.learnersNext.length > 0 ? ` next (${ids(conf.learnersNext)})` : '';
  return `voters (${ids(conf.voters)})${outgoing}${learners}${next}${conf.autoLeave ? ' auto-leave' : ''}`;
}

/** An entry is index/term and its data, a membership change its steps. */
function showEntries(entries: readonly Entry[]): string {
  return `[${entries.map(showEntry).join(' ')}]`;
}

function showEntry(entry: Entry): string {
  const at = `${entry.index}/${entry.term}`;
  if (entry.kind === 'normal')
    return entry.data.length === 0 ? at : `${at}:${toLatin1(entry.data)}`;
  const steps = decodeConfChange(entry.data).steps.map(
    (step) => `${step.kind}=${formatId(step.id)}`,
  );
  return `${at}:<${steps.join(' ') || 'leave'}>`;
}

function showMessage(message: Message): string {
  const head = `${formatId(message.from)}->${formatId(message.to)} ${message.kind} t${message.term}`;
  return `${head}${showBody(message)}`;
}

function showBody(message: Message): string {
  switch (message.kind) {
    case 'vote': {
      const notes = `${message.pre ? ' pre' : ''}${message.transfer ? ' transfer' : ''}`;
      return `${notes} last ${message.lastIndex}/${message.lastTerm} commit ${message.commit}/${message.commitTerm}`;
    }
    case 'vote-reply':
      return `${message.pre ? ' pre' : ''} ${message.granted ? 'granted' : 'refused'} commit ${message.commit}/${message.commitTerm}`;
    case 'append':
      return ` prev ${message.prevIndex}/${message.prevTerm} commit ${message.commit} ${showEntries(message.entries)}${showWish(message)}`;
    case 'append-reply':
      return message.rejected
        ? ` refused ${message.index} hint ${message.hintIndex}/${message.hintTerm}`
        : ` has ${message.index}`;
    case 'heartbeat':
      return ` commit ${message.commit} round ${message.readRound}${showWish(message)}`;
    case 'heartbeat-reply':
      return ` round ${message.readRound}`;
    case 'snapshot':
      return ` ${message.snapshot.index}/${message.snapshot.term} ${showConf(message.snapshot.conf)}`;
    case 'timeout-now':
      return '';
    case 'read-index':
      return '';
    case 'read-index-reply':
      return message.ok ? ` index ${message.index}` : ' refused';
  }
}

function showWish({ wantsReply }: { readonly wantsReply: boolean }): string {
  return wantsReply ? '' : ' no-reply';
}

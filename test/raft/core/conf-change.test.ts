import t from 'tap';
import { emptyBytes, fromLatin1 } from '../../../src/base/bytes.js';
import { memberId } from '../../../src/base/ids.js';
import { Prng } from '../../../src/base/prng.js';
import { isValidConfState } from '../../../src/raft/core/conf-state.js';
import {
  applyConfChange,
  CodecError,
  type ConfChange,
  type ConfChangeStep,
  type ConfState,
  decodeConfChange,
  decodeConfState,
  emptyConfState,
  encodeConfChange,
  encodeConfState,
  membersOf,
} from '../../../src/raft/core/index.js';
import { ids } from './cluster.js';

function conf(lists: {
  voters: number[];
  outgoing?: number[];
  learners?: number[];
  next?: number[];
  autoLeave?: boolean;
}): ConfState {
  return {
    voters: ids(lists.voters),
    votersOutgoing: ids(lists.outgoing ?? []),
    learners: ids(lists.learners ?? []),
    learnersNext: ids(lists.next ?? []),
    autoLeave: lists.autoLeave ?? false,
  };
}

/** `+4` adds a voter, `~4` a learner, `-4` removes. */
function change(steps: string, joint: ConfChange['joint'] = 'auto'): ConfChange {
  const kinds: Record<string, ConfChangeStep['kind']> = {
    '+': 'add-voter',
    '~': 'add-learner',
    '-': 'remove',
  };
  const words = steps.split(' ').filter((word) => word !== '');
  return {
    steps: words.map((word) => ({
      kind: kinds[word[0] ?? '']!,
      id: memberId(BigInt(word.slice(1))),
    })),
    joint,
    context: emptyBytes,
  };
}

t.test('applyConfChange: what each change makes of a membership', (t) => {
  const three = conf({ voters: [1, 2, 3] });
  const joint = conf({ voters: [1, 2, 4], outgoing: [1, 2, 3], learners: [5], next: [3] });
  const rows: [ConfState, ConfChange, ConfState | string][] = [
    [three, change('+4'), conf({ voters: [1, 2, 3, 4] })],
    [three, change('~4'), conf({ voters: [1, 2, 3], learners: [4] })],
    [three, change('-2'), conf({ voters: [1, 3] })],
    [three, change('~3'), conf({ voters: [1, 2], learners: [3] })],
    [conf({ voters: [1], learners: [2] }), change('+2'), conf({ voters: [1, 2] })],
    [conf({ voters: [1], learners: [2] }), change('-2'), conf({ voters: [1] })],
    [three, change('+4 -3'), conf({ voters: [1, 2, 4], outgoing: [1, 2, 3], autoLeave: true })],
    [
      three,
      change('+4 ~3'),
      conf({ voters: [1, 2, 4], outgoing: [1, 2, 3], next: [3], autoLeave: true }),
    ],
    [three, change('+4', 'always'), conf({ voters: [1, 2, 3, 4], outgoing: [1, 2, 3] })],
    [joint, change(''), conf({ voters: [1, 2, 4], learners: [3, 5] })],
    [joint, change('+6'), 'joint'],
    [three, change(''), 'not-joint'],
    [three, change('-1 -2 -3'), 'no-voters'],
    [conf({ voters: [1] }), change('-1'), 'no-voters'],
    [conf({ voters: [1] }), change('~1'), 'no-voters'],
    [three, change('+1'), 'no-effect'],
    [three, change('-9'), 'no-effect'],
    [three, change('+4 +1'), 'no-effect'],
    [three, change('+4 -4'), 'duplicate-step'],
    [three, change('+0'), 'no-member'],
  ];
  for (const [before, confChange, after] of rows) {
    const steps = confChange.steps.map((step) => `${step.kind} ${step.id}`).join(', ');
    t.same(applyConfChange(before, confChange), after, steps || 'leave');
  }
  t.end();
});

t.test('applyConfChange: random changes keep every promise of a membership', (t) => {
  const prng = new Prng(1);
  let present = conf({ voters: [1] });
  let applied = 0;
  for (let run = 0; run < 5000; run++) {
    const confChange = randomChange(prng);
    const next = applyConfChange(present, confChange);
    if (typeof next === 'string') continue;
    applied++;
    const isSimple = next.votersOutgoing.length === 0 && present.votersOutgoing.length === 0;
    const moved = [
      ...next.voters.filter((id) => !present.voters.includes(id)),
      ...present.voters.filter((id) => !next.voters.includes(id)),
    ];
    if (!isValidConfState(next)) t.fail(`run ${run}: ${JSON.stringify(next, String)}`);
    if (isSimple && moved.length > 1) t.fail(`run ${run}: simple change moved ${moved}`);
    if (next.votersOutgoing.length > 0) t.same(next.votersOutgoing, present.voters);
    present = next;
  }
  t.ok(applied > 500);
  t.end();
});

function randomChange(prng: Prng): ConfChange {
  const steps = Array.from({ length: prng.int(0, 4) }, (): ConfChangeStep => {
    return {
      kind: prng.pick(['add-voter', 'add-learner', 'remove']),
      id: memberId(BigInt(prng.int(0, 7))),
    };
  });
  return { steps, joint: prng.pick(['auto', 'always']), context: prng.bytes(prng.int(0, 9)) };
}

t.test('encodeConfChange: round trips, and its layout is fixed', (t) => {
  const prng = new Prng(2);
  for (let run = 0; run < 300; run++) {
    const confChange = randomChange(prng);
    t.same(decodeConfChange(encodeConfChange(confChange)), confChange);
  }
  const bytes = encodeConfChange({ ...change('-258', 'always'), context: fromLatin1('x') });
  t.same([...bytes], [1, 1, 1, 0, 0, 0, 2, 2, 1, 0, 0, 0, 0, 0, 0, 120]);
  t.end();
});

t.test('encodeConfState: round trips, and its layout is fixed', (t) => {
  const states = [
    emptyConfState,
    conf({ voters: [1] }),
    conf({ voters: [1, 2, 4], outgoing: [1, 2, 3], learners: [5], next: [3], autoLeave: true }),
    { ...emptyConfState, voters: [memberId(0xffff_ffff_ffff_ffffn)] },
  ];
  for (const state of states) t.same(decodeConfState(encodeConfState(state)), state);
  const bytes = encodeConfState(conf({ voters: [2], outgoing: [3], autoLeave: true }));
  const id = (first: number) => [first, 0, 0, 0, 0, 0, 0, 0];
  const none = [0, 0, 0, 0];
  t.same([...bytes], [1, 1, 1, 0, 0, 0, ...id(2), 1, 0, 0, 0, ...id(3), ...none, ...none]);
  t.end();
});

t.test('decode: damaged bytes are a typed error, never another', (t) => {
  const prng = new Prng(3);
  const codecs = [
    [
      'malformed-conf-state',
      decodeConfState,
      encodeConfState(conf({ voters: [1, 2], learners: [3] })),
    ],
    ['malformed-conf-change', decodeConfChange, encodeConfChange(change('+1 -2 ~3'))],
  ] as const;
  for (const [code, decode, good] of codecs) {
    for (let length = 0; length < good.length; length++) {
      t.throws(() => decode(good.slice(0, length)), { code }, `cut to ${length} bytes`);
    }
    for (let run = 0; run < 2000; run++) {
      const bytes = good.slice();
      bytes[prng.int(0, bytes.length)] = prng.int(0, 256);
      try {
        decode(bytes);
      } catch (error) {
        if (!(error instanceof CodecError) || error.code !== code) t.fail(`run ${run}: ${error}`);
      }
    }
  }
  t.end();
});

t.test('membersOf: everybody, once, sorted', (t) => {
  const joint = conf({ voters: [1, 4], outgoing: [1, 3], learners: [2], next: [3] });
  t.same(membersOf(joint), ids([1, 2, 3, 4]));
  t.end();
});

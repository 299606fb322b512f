import t from 'tap';
import {
  enoughCandidates,
  preemptionArgs,
} from '../../../../src/control/scheduler/preemption/preemption-args.js';

t.test(
  'enoughCandidates: a share of the nodes, but not too few and not more than there are',
  async (t) => {
    for (const [percentage, absolute, nodes, expected] of [
      [10, 100, 5000, 500],
      [10, 100, 500, 100],
      [10, 100, 50, 50],
      [0, 100, 5000, 100],
      [100, 0, 5000, 5000],
      [1, 0, 50, 0],
    ] as const) {
      const args = { minCandidateNodesPercentage: percentage, minCandidateNodesAbsolute: absolute };
      t.equal(enoughCandidates(args, nodes), expected);
    }
  },
);

t.test('preemptionArgs: what is wrong is refused in the words of Kubernetes', async (t) => {
  t.same(preemptionArgs(undefined), {
    minCandidateNodesPercentage: 10,
    minCandidateNodesAbsolute: 100,
  });
  for (const [args, text] of [
    [
      { minCandidateNodesPercentage: -1 },
      'minCandidateNodesPercentage: Invalid value: -1: not in valid range [0, 100]',
    ],
    [
      { minCandidateNodesPercentage: 900 },
      'minCandidateNodesPercentage: Invalid value: 900: not in valid range [0, 100]',
    ],
    [
      { minCandidateNodesAbsolute: -1 },
      'minCandidateNodesAbsolute: Invalid value: -1: not in valid range [0, inf)',
    ],
    [
      { minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 0 },
      '[minCandidateNodesPercentage: Invalid value: 0: cannot be zero at the same time as minCandidateNodesAbsolute, ' +
        'minCandidateNodesAbsolute: Invalid value: 0: cannot be zero at the same time as minCandidateNodesPercentage]',
    ],
    [{ minNodes: 1 }, 'strict decoding error: unknown field "minNodes"'],
  ] as const)
    t.throws(() => preemptionArgs(args), { name: 'ConfigurationError', message: text });
});
